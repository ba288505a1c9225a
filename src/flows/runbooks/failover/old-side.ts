import { fenceOf } from "../../../domain/plan-run/fence.ts";
import type { StepRole } from "../../../domain/plan-run/plan.ts";
import { isSettled, type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import { isUnanswered } from "../../../domain/service/observed.ts";
import { handedOnBy } from "../../../ports/handed-on.ts";
import type { OldSide, OldSideLooking } from "../../../ports/old-side.ts";
import { within } from "../../../ports/signals.ts";
import type { CloudReads } from "../../../ports/step.ts";
import { kindNamed } from "../../resources/index.ts";
import { LedElsewhere } from "../../steps/schemas.ts";
import { FenceInput } from "./fence-input.ts";
import { lookOf, partOf, seenInTime } from "./fence-part.ts";

interface Context {
  readonly cloud: CloudReads;
  readonly signal: AbortSignal;
}

/**
 * Reads only, each part by itself and with its own time. Its answer is a fact about this moment: the fence looks again, and proves
 * its hold, before each call.
 */
export async function lookAtOldSide(
  run: RunState,
  cloud: CloudReads,
  { signal, partWithinMs }: OldSideLooking,
): Promise<OldSide> {
  const fence = fenceOf(run);
  if (!fence) return { kind: "silent" };
  const context = { cloud, signal };
  const parts = FenceInput.parse(fence.input).parts.map(partOf);
  const seen = await Promise.all(
    parts.map(async (part) => ({ part, now: await seenInTime(part, context, partWithinMs) })),
  );
  const silent = seen.flatMap(({ part, now }) => (isUnanswered(now) ? [part.resource] : []));
  if (silent.length === seen.length) return { kind: "silent" };
  // With time of its own: what the parts took is spent.
  const moved = await within(partWithinMs, signal, (own) => movedBack(run, { cloud, signal: own }));
  // Nothing is taken from users while nobody can tell in time whether they are there.
  if (!moved) return { kind: "silent" };
  if (moved.answer !== undefined) return { kind: "moved-back", why: moved.answer };
  const known = seen.flatMap(({ part, now }) => (now.known ? [{ part, value: now.value }] : []));
  // Denied is not dark: the fence itself is tried, and says what it was refused.
  const closed = known.filter(({ part, value }) => part.fence.isClosed(value)).map(({ part }) => part.resource);
  if (known.length + silent.length < seen.length)
    return { ...{ kind: "back", silent, closed }, captured: undefined, isClosed: false };
  return {
    ...{ kind: "back", silent, closed },
    captured: Object.fromEntries(known.map(({ part, value }) => [part.resource, { ...value }])),
    isClosed: closed.length === known.length,
  };
}

/**
 * Why fencing the old side would take the service away from its users. Asked only after the promotion has ended: until
 * then the new side is a replica and users are led to the old one, and neither says that anybody moved back.
 */
async function movedBack(run: RunState, context: Context): Promise<string | undefined> {
  const { steps } = run.plan;
  const commits = steps.filter(({ role }) => role === "commits");
  if (!commits.every(({ id }) => isSettled(stateOf(run, id)))) return undefined;
  const { newSide } = FenceInput.parse(fenceOf(run)?.input);
  const moved = steps.filter(({ role, id }) => MOVES.includes(role) && saysWhereUsersAre(run, id));
  const told = newSide.flatMap(({ role, kind, copy, roles }) => {
    const { store, entrance } = kindNamed(role, kind);
    const theirs = lookOf({ roles }, context);
    return [store?.move?.promotedCopy.lostBy(copy, theirs), ...moved.map((step) => entrance?.ledBack(step, theirs))];
  });
  return (await Promise.all(told)).find((why) => why !== undefined);
}

/** What was refused never changed its records: that they stand as before does not say that anybody moved back. */
function saysWhereUsersAre(run: RunState, id: string): boolean {
  const led = handedOnBy(run, id, { roles: MOVES, output: LedElsewhere });
  return led !== undefined && led.elsewhere !== true;
}

/** Steps after which users are on the new side, moved by TwoKey or by people. */
const MOVES: readonly StepRole[] = ["moves-users", "waits-for-people"];
