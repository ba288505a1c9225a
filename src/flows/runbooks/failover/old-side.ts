import { fenceOf } from "../../../domain/plan-run/fence.ts";
import { isSettled, type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import { MOVES_USERS } from "../../../domain/plan-run/users.ts";
import { isUnanswered } from "../../../domain/service/observed.ts";
import { handedOnBy } from "../../../ports/handed-on.ts";
import type { OldSide, OldSideLooking } from "../../../ports/old-side.ts";
import { within } from "../../../ports/signals.ts";
import type { CloudReads } from "../../../ports/step.ts";
import type { Left } from "../../resources/abilities.ts";
import { kindNamed } from "../../resources/index.ts";
import { LedElsewhere } from "../../steps/schemas.ts";
import { FenceInput } from "./fence-input.ts";
import { isStore, lookOf, type Part, partOf, seenInTime } from "./fence-part.ts";

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
  { signal, partWithinMs, later = [] }: OldSideLooking,
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
  const moved = await within(partWithinMs, signal, (own) => movedBack([run, ...later], { cloud, signal: own }));
  // Nothing is taken from users while nobody can tell in time whether they are there.
  if (!moved) return { kind: "silent" };
  if (moved.answer !== undefined) return { kind: "moved-back", why: moved.answer };
  const known = seen.flatMap(({ part, now }) => (now.known ? [{ part, value: now.value }] : []));
  const unseen = seen.flatMap(({ part, now }) => (now.known ? [] : [{ part, why: now.why }]));
  return {
    kind: "back",
    captured: Object.fromEntries(known.map(({ part, value }) => [part.resource, { ...value }])),
    open: namesOf(known.filter(({ part, value }) => !part.fence.isClosed(value))),
    closed: namesOf(known.filter(({ part, value }) => part.fence.isClosed(value))),
    silent,
    // Denied is not dark: the fence itself is tried, and says what it was refused.
    refused: namesOf(unseen).filter((resource) => !silent.includes(resource)),
    unseen: Object.fromEntries(unseen.flatMap(({ part, why }) => (isStore(part) ? [[part.resource, why]] : []))),
  };
}

const namesOf = (all: readonly { readonly part: Part }[]): string[] => all.map(({ part }) => part.resource);

/**
 * Why fencing the old side of the first of these runs would take the service away from its users. A run of ours that moved the service on
 * left the new side itself, so that its own new side has to be left as well; that names lead to the old side again says it at once.
 */
async function movedBack(runs: readonly [RunState, ...RunState[]], context: Context): Promise<string | undefined> {
  const all = await Promise.all(runs.map((run) => leftAs(run, context)));
  const led = all[0]?.find(({ isToOldSide }) => isToOldSide);
  if (led) return led.why;
  return all.every((left) => left.length > 0) ? all.at(-1)?.[0]?.why : undefined;
}

/**
 * How its new side is left now. Known only after the promotion has ended: until then that side is a replica and users are led to the
 * old one, and neither says that anybody moved back.
 */
async function leftAs(run: RunState, context: Context): Promise<readonly Left[]> {
  const { steps } = run.plan;
  const fence = fenceOf(run);
  const commits = steps.filter(({ role }) => role === "commits");
  if (!fence || !commits.every(({ id }) => isSettled(stateOf(run, id)))) return [];
  const moved = steps.filter(({ role, id }) => MOVES_USERS.includes(role) && saysWhereUsersAre(run, id));
  const told = FenceInput.parse(fence.input).newSide.flatMap(({ role, kind, copy, roles }) => {
    const { store, entrance } = kindNamed(role, kind);
    const theirs = lookOf({ roles }, context);
    const lost = store?.move?.promotedCopy.lostBy(copy, theirs);
    return [lost?.then(lostIn), ...moved.map((step) => entrance?.ledBack(step, theirs))];
  });
  return (await Promise.all(told)).flatMap((left) => left ?? []);
}

const lostIn = (why: string | undefined): Left | undefined =>
  why === undefined ? undefined : { why, isToOldSide: false };

/** What was refused never changed its records: that they stand as before does not say that anybody moved back. */
function saysWhereUsersAre(run: RunState, id: string): boolean {
  const led = handedOnBy(run, id, { roles: MOVES_USERS, output: LedElsewhere });
  return led !== undefined && led.elsewhere !== true;
}
