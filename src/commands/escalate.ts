import { UserError } from "../domain/errors.ts";
import type { Audience } from "../domain/incident/escalation.ts";
import { type Incident, isOpen } from "../domain/incident/incident.ts";
import type { PageTarget } from "../domain/incident/page.ts";
import type { Person } from "../domain/people/person.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { didYouMean } from "../domain/similar.ts";
import { asItLooks } from "../domain/typed-words.ts";

import { askFor, escalateNow } from "../flows/incident/paging/ask-for.ts";
import { ESCALATE_WORDS } from "../views/store-answers.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { toldOf } from "./told.ts";

/** `/dr escalate [who]`: pages the next level now, or one person or audience. */
export function escalate(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  return toldOf(ESCALATE_WORDS, () => asking(ask, deps));
}

async function asking(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  const actor = actorOf(ask, deps.inventory());
  const who = args.length === 0 ? undefined : args.join(" ");
  const targets = who === undefined ? undefined : targetsNamed(who, { ...deps, incident });
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    targets === undefined
      ? escalateNow(current, actor, nowMs)
      : askFor(current, { targets, why: `${actor.name} asked for ${who}` }, { actor, nowMs }),
  );
  if (!hasChanged)
    return whisper("Nobody was paged: this severity pages nobody, or the incident was closed meanwhile.");
  const asked = who === undefined ? "The next level is asked for." : `${who} is asked for.`;
  return whisper(`${asked} The incident's card shows whom a pager has taken, and who answers.`);
}

interface Reaching extends Pick<IncidentCommandDeps, "inventory" | "pagers"> {
  readonly incident: Incident;
}

function targetsNamed(word: string, reaching: Reaching): PageTarget[] {
  const inventory = reaching.inventory();
  const name = word.replace(/^@/, "");
  const person = findPerson(inventory, name) ?? personCalled(name, inventory);
  if (person) return [personTarget(person, reaching)];
  const { audiences } = inventory.file;
  const audience = Object.hasOwn(audiences, name) ? audiences[name] : undefined;
  if (audience?.kind === "pager") return [policyTarget(name, audience, reaching)];
  if (audience) {
    const people = audience.people.flatMap((id) => findPerson(inventory, id) ?? []);
    return people.map((each) => personTarget(each, reaching));
  }
  const known = [...inventory.people.map(({ id }) => id), ...Object.keys(audiences)];
  throw new UserError(
    "target-unknown",
    `Nobody is called ${word}.${didYouMean(name, known)} There are: ${known.join(", ")}.`,
  );
}

const RINGS: PageTarget["channels"] = ["phone", "push", "slack"];

/** Whom the pager that rings does not know is told by whatever else knows them. */
function personTarget(person: Person, { incident, pagers: { keeper, others } }: Reaching): PageTarget {
  const tellers = keeper.addressOf(person) === undefined ? others : [];
  const knowing = tellers.filter((pager) => pager.addressOf(person) !== undefined);
  const told = knowing.flatMap(({ name }) => incident.escalation.pagers[name]?.sends ?? []);
  return { kind: "person", id: person.id, channels: [...RINGS, ...told] };
}

/** A policy is known to its own pager alone, so it is reached by the ways of that one. */
function policyTarget(
  name: string,
  { pager, policy }: Extract<Audience, { kind: "pager" }>,
  { incident, inventory }: Reaching,
): PageTarget {
  const traits = incident.escalation.pagers[pager];
  if (traits === undefined) {
    const label = inventory().escalation.pagers[pager]?.label ?? pager;
    throw new UserError(
      "target-unreachable",
      `${name} is reached by ${label}, which this incident does not use: it was opened before that stood in twokey.yaml. Nobody was paged.`,
    );
  }
  return { kind: "policy", pager, id: policy, channels: traits.keepsIncidents ? RINGS : traits.sends };
}

/** By id in any case, by the whole name, or by the part of a name that only one person has. */
function personCalled(word: string, { people }: Inventory): Person | undefined {
  const said = word.toLowerCase();
  // A name may have a letter that typed words never have, such as the i without a dot.
  const named = (name: string) => asItLooks(name).toLowerCase();
  const whole = people.find(({ id, name }) => [id.toLowerCase(), named(name)].includes(said));
  const [only, ...others] = people.filter(({ name }) => named(name).split(/\s+/).includes(said));
  return whole ?? (others.length === 0 ? only : undefined);
}
