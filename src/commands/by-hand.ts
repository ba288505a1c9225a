import { UserError } from "../domain/errors.ts";
import { byHandParts } from "../domain/plan-run/by-hand-parts.ts";
import { actingRoles } from "../flows/resources/permits.ts";
import { byHandCard } from "../views/by-hand.ts";
import { refuseUnlessShown, shownTo } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { type RunCommandDeps, runMeant } from "./run-deps.ts";

/** `/dr by-hand [plan] [part]`: the same steps as commands to paste. */
export async function byHand(ask: Ask, deps: Pick<RunCommandDeps, "runs" | "inventory">): Promise<Answer> {
  const shows = shownTo(ask, deps.inventory());
  const run = await runMeant(ask.args[0], { ...deps, shows });
  refuseUnlessShown(ask, [run.plan.service], deps.inventory());
  const { length } = byHandParts(run.plan);
  const part = Number(ask.args[1] ?? 1);
  if (!Number.isInteger(part) || part < 1 || part > length)
    throw new UserError(
      "by-hand-no-such-part",
      `The commands of plan ${run.plan.id} have ${length === 1 ? "one part" : `${length} parts`}. Part 1: /dr by-hand ${run.plan.id}`,
    );
  return { kind: "whisper", card: byHandCard(run.plan, part, actingRoles(deps.inventory(), run.plan.service)) };
}
