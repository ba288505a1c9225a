import { keeperOf } from "../domain/incident/pager-traits.ts";
import { onCallCard } from "../views/page.ts";
import type { IncidentCommandDeps } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";

/** `/dr oncall`: who would be paged now, for every policy of the matrix; an empty one is said loudly. */
export async function onCall(_ask: Ask, deps: Pick<IncidentCommandDeps, "pagers" | "inventory">): Promise<Answer> {
  const { file, people, escalation } = deps.inventory();
  const keeper = keeperOf(escalation.pagers) ?? "";
  const policies = new Map(
    Object.entries(file.audiences).flatMap(([name, audience]) =>
      audience.kind === "pager" && audience.pager === keeper ? [[audience.policy, name] as const] : [],
    ),
  );
  const answer = await deps.pagers.keeper.whoIsOnCall([...policies.keys()]);
  if (answer.kind !== "accepted") return { kind: "whisper", card: onCallCard([], [], answer.why) };
  const lines = answer.value
    .toSorted((a, b) => a.policy.localeCompare(b.policy) || a.level - b.level)
    .map(({ policy, policyName, level, pagerUserId, name, untilMs }) => {
      const person = people.find(({ pagers }) => pagers[keeper] === pagerUserId);
      return {
        policy: policies.get(policy) ?? policyName,
        level,
        name: person?.name ?? name,
        person: person?.id,
        untilMs,
      };
    });
  const empty = [...policies]
    .filter(([id]) => !answer.value.some(({ policy }) => policy === id))
    .map(([, name]) => name);
  return { kind: "whisper", card: onCallCard(lines, empty) };
}
