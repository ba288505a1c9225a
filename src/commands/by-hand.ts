import type { Card } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { byHandParts, inParts } from "../domain/plan-run/by-hand-parts.ts";
import { giveBackOf } from "../domain/plan-run/give-back.ts";
import { type RunState, stepsNotUndone } from "../domain/plan-run/run.ts";
import { runsOfService } from "../engine/runs/runs-of-service.ts";
import { backByHand } from "../flows/back-by-hand.ts";
import { actingRoles } from "../flows/resources/permits.ts";
import { byHandCard } from "../views/by-hand.ts";
import { giveBackCard } from "../views/give-back.ts";
import { refuseUnlessShown, shownTo } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { type RunCommandDeps, runMeant } from "./run-deps.ts";

type Deps = Pick<RunCommandDeps, "runs" | "inventory" | "clock">;

/** As typed, and behind each part in the card of the one before it: the way forward is that of the plan, also where the run's own is back. */
const [FORWARD, BACK] = ["forward", "back"];

/**
 * `/dr by-hand [plan] [forward|back] [part]`: the same steps as commands to paste. Of a run that gives back, or that may do no more, how
 * people give back what it took.
 */
export async function byHand(ask: Ask, deps: Deps): Promise<Answer> {
  const words = ask.args.filter((word) => word !== FORWARD && word !== BACK);
  const run = await runMeant(words[0], { ...deps, shows: shownTo(ask, deps.inventory()) });
  refuseUnlessShown(ask, [run.plan.service], deps.inventory());
  const isForward = ask.args.includes(FORWARD);
  if (run.state === "unwound" && !isForward) await refuseBehindIt(run, deps);
  const { length, card, isBack } = commandsOf(run, isForward, deps);
  if (ask.args.includes(BACK) && !isBack)
    throw new UserError(
      "by-hand-nothing-back",
      `Nothing of ${run.plan.id} is to be given back any more. /dr status shows how it stands.`,
    );
  const part = Number(words[1] ?? 1);
  if (!Number.isInteger(part) || part < 1 || part > length)
    throw new UserError(
      "by-hand-no-such-part",
      `The commands of plan ${run.plan.id} have ${length === 1 ? "one part" : `${length} parts`}. Part 1: /dr by-hand ${run.plan.id}`,
    );
  return { kind: "whisper", card: card(part) };
}

/** A run that was rolled back is over. What it left closed may be closed on purpose by now, by people or by a later run. */
async function refuseBehindIt(run: RunState, { runs, clock }: Deps): Promise<void> {
  const { id, service, incident, from } = run.plan;
  const { endedAtMs = 0 } = run;
  const others = await runsOfService(service, incident, { runs });
  const isFollowed = others.some(({ startedAtMs = 0 }) => startedAtMs > endedAtMs);
  if (giveBackOf(run, clock.now()) && !isFollowed) return;
  const left = stepsNotUndone(run).map(({ title }) => title);
  throw new UserError(
    "by-hand-nothing-back",
    left.length === 0
      ? `Run ${id} was rolled back: all that it had begun is undone, so there is nothing to give back. /dr status shows how it stands.`
      : `Run ${id} was rolled back at ${sayTime(endedAtMs, clock.now())}, and people went on without undoing this: ${left.join("; ")}. By now somebody may have closed it on purpose, so no command that opens it is shown. Look at ${from} yourself, and agree in the channel first.`,
  );
}

interface Commands {
  readonly isBack: boolean;
  readonly length: number;
  /** Parts count from 1. */
  readonly card: (part: number) => Card;
}

function commandsOf(run: RunState, isForward: boolean, { clock, inventory }: Deps): Commands {
  const roles = actingRoles(inventory(), run.plan.service);
  const back = isForward ? undefined : giveBackOf(run, clock.now());
  if (!back)
    return {
      ...{ isBack: false, length: byHandParts(run.plan).length },
      card: (part) => byHandCard(run.plan, part, roles),
    };
  const steps = backByHand(run, back);
  return { isBack: true, length: inParts(steps).length, card: (part) => giveBackCard({ run, steps, roles }, part) };
}
