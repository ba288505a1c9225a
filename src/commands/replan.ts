import { UserError } from "../domain/errors.ts";
import { DECISIONS, refusal } from "../domain/plan-run/decision.ts";
import { Mode } from "../domain/plan-run/plan.ts";
import { findService } from "../domain/service/inventory.ts";
import { type Answer, type Ask, wordsAndReason } from "./intent.ts";
import { propose, refuseWhilePlanned } from "./propose.ts";
import { knownPerson, type RunCommandDeps, runMeant, runOf } from "./run-deps.ts";

/**
 * `/dr replan [run] [planned|unplanned] [because <reason>]`: what is left of a run that waits for people, planned anew
 * on the world as it is. The run goes on waiting until the new plan has its keys; then it ends, in the same step.
 */
export async function replan(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  const { run: named, mode, reason } = wantedFrom(ask);
  const continues = await runMeant(named, deps, DECISIONS["replan"].states);
  const why = refusal("replan", continues, requester, inventory);
  if (why !== undefined) throw new UserError("decision-refused", why);
  const service = findService(inventory, continues.plan.service);
  if (!service)
    throw new UserError(
      "service-unknown",
      `${continues.plan.service} is not in twokey.yaml any more, so its rest cannot be planned. /dr by-hand ${continues.plan.id} shows the commands.`,
    );
  await refuseWhilePlanned(service, deps);
  return propose(
    {
      ...{ service, requester, ask, continues, dryRun: false },
      to: continues.plan.to,
      mode: mode ?? continues.plan.mode,
      reason: reason || `rest of ${continues.plan.id}: ${continues.why}`,
    },
    deps,
  );
}

/** The button carries the run; typed words may add a mode, and a reason after `because`. */
function wantedFrom({ value, text }: Ask): { run: string | undefined; mode: Mode | undefined; reason: string } {
  if (value !== undefined) return { run: runOf(value), mode: undefined, reason: "" };
  const { words, reason } = wordsAndReason(text);
  const mode = words.flatMap((word) => Mode.safeParse(word).data ?? []).at(-1);
  const [run, extra] = words.filter((word) => !Mode.safeParse(word).success);
  if (extra !== undefined)
    throw new UserError(
      "replan-words",
      `“${extra}” is not understood. Use: /dr replan [run] [planned|unplanned] [because <reason>]`,
    );
  return { run, mode, reason };
}
