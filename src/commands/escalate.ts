import { UserError } from "../domain/errors.ts";
import { isOpen } from "../domain/incident/incident.ts";
import type { PageTarget } from "../domain/incident/page.ts";
import type { Person } from "../domain/people/person.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { didYouMean } from "../domain/similar.ts";

import { askFor, escalateNow } from "../flows/incident/paging/ask-for.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";

/** `/dr escalate [who]`: pages the next level now, or one person or audience. */
export async function escalate(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  const actor = actorOf(ask, deps.inventory());
  const who = args.length === 0 ? undefined : args.join(" ");
  const targets = who === undefined ? undefined : targetsNamed(who, deps.inventory());
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

function targetsNamed(word: string, inventory: Inventory): PageTarget[] {
  const channels: PageTarget["channels"] = ["phone", "push", "slack"];
  const name = word.replace(/^@/, "");
  const person = findPerson(inventory, name) ?? personCalled(name, inventory);
  if (person) return [{ kind: "person", id: person.id, channels }];
  const { audiences } = inventory.file;
  const audience = Object.hasOwn(audiences, name) ? audiences[name] : undefined;
  if (audience?.kind === "pager") return [{ kind: "policy", pager: audience.pager, id: audience.policy, channels }];
  if (audience) return audience.people.map((id) => ({ kind: "person", id, channels }));
  const known = [...inventory.people.map(({ id }) => id), ...Object.keys(audiences)];
  throw new UserError(
    "target-unknown",
    `Nobody is called ${word}.${didYouMean(name, known)} There are: ${known.join(", ")}.`,
  );
}

/** By id in any case, by the whole name, or by the part of a name that only one person has. */
function personCalled(word: string, { people }: Inventory): Person | undefined {
  const said = word.toLowerCase();
  const whole = people.find(({ id, name }) => [id, name].some((each) => each.toLowerCase() === said));
  const [only, ...others] = people.filter(({ name }) => name.toLowerCase().split(/\s+/).includes(said));
  return whole ?? (others.length === 0 ? only : undefined);
}
