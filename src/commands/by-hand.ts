import type { Card } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import { byHandParts, inParts } from "../domain/plan-run/by-hand-parts.ts";
import { giveBackOf } from "../domain/plan-run/give-back.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { backByHand } from "../flows/back-by-hand.ts";
import { actingRoles } from "../flows/resources/permits.ts";
import { byHandCard } from "../views/by-hand.ts";
import { giveBackCard } from "../views/give-back.ts";
import { refuseUnlessShown, shownTo } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { type RunCommandDeps, runMeant } from "./run-deps.ts";

type Deps = Pick<RunCommandDeps, "runs" | "inventory" | "clock">;

/** As typed: the way forward is that of the plan, also where the run's own way is back. */
const FORWARD = "forward";

/**
 * `/dr by-hand [plan] [forward] [part]`: the same steps as commands to paste. Of a run that gives back, or that may do no more, how
 * people give back what it took.
 */
export async function byHand(ask: Ask, deps: Deps): Promise<Answer> {
  const words = ask.args.filter((word) => word !== FORWARD);
  const run = await runMeant(words[0], { ...deps, shows: shownTo(ask, deps.inventory()) });
  refuseUnlessShown(ask, [run.plan.service], deps.inventory());
  const { length, card } = commandsOf(run, ask.args.includes(FORWARD), deps);
  const part = Number(words[1] ?? 1);
  if (!Number.isInteger(part) || part < 1 || part > length)
    throw new UserError(
      "by-hand-no-such-part",
      `The commands of plan ${run.plan.id} have ${length === 1 ? "one part" : `${length} parts`}. Part 1: /dr by-hand ${run.plan.id}`,
    );
  return { kind: "whisper", card: card(part) };
}

interface Commands {
  readonly length: number;
  /** Parts count from 1. */
  readonly card: (part: number) => Card;
}

function commandsOf(run: RunState, isForward: boolean, { clock, inventory }: Deps): Commands {
  const roles = actingRoles(inventory(), run.plan.service);
  const back = isForward ? undefined : giveBackOf(run, clock.now());
  if (!back) return { length: byHandParts(run.plan).length, card: (part) => byHandCard(run.plan, part, roles) };
  const steps = backByHand(run, back);
  return { length: inParts(steps).length, card: (part) => giveBackCard({ run, steps, roles }, part) };
}
