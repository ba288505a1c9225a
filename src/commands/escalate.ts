import { UserError } from "../domain/errors.ts";
import { isOpen } from "../domain/incident/incident.ts";
import type { PageTarget } from "../domain/incident/page.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";

import { askFor, escalateNow } from "../flows/incident/paging/ask-for.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";

/** `/dr escalate [who]`: pages the next level now, or one person or audience. */
export async function escalate(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  const actor = actorOf(ask, deps.inventory());
  const [who] = args;
  const targets = who === undefined ? undefined : targetsNamed(who, deps.inventory());
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    targets === undefined
      ? escalateNow(current, actor, nowMs)
      : askFor(current, { targets, why: `${actor.name} asked for ${who}` }, { actor, nowMs }),
  );
  if (!hasChanged)
    return whisper("Nobody was paged: this severity pages nobody, or the incident was closed meanwhile.");
  return whisper(who === undefined ? "The next level is being paged." : `${who} is being paged.`);
}

function targetsNamed(word: string, inventory: Inventory): PageTarget[] {
  const channels: PageTarget["channels"] = ["phone", "push", "slack"];
  const name = word.replace(/^@/, "");
  const person = findPerson(inventory, name);
  if (person) return [{ kind: "person", id: person.id, channels }];
  const { audiences } = inventory.file;
  const audience = Object.hasOwn(audiences, name) ? audiences[name] : undefined;
  if (audience?.kind === "pager") return [{ kind: "policy", pager: audience.pager, id: audience.policy, channels }];
  if (audience) return audience.people.map((id) => ({ kind: "person", id, channels }));
  const known = [...inventory.people.map(({ id }) => id), ...Object.keys(audiences)];
  throw new UserError("target-unknown", `Nobody is called ${word}. There are: ${known.join(", ")}.`);
}
