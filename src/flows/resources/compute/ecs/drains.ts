import { sayDuration } from "../../../../domain/duration.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { Move } from "../../place.ts";
import type { EcsAt } from "./look.ts";
import { compute } from "./parts.ts";

/**
 * A planned move takes no writes from when the tasks are told to stop until the last one is gone. Who waits longer than this
 * has set a delay for something else.
 */
const MOST_DRAIN_MS = 30 * 60_000;

type Side = Pick<EcsAt, "seen" | "resource">;

/** How long its tasks may go on there after they were told to stop; undefined: nobody could see that. */
export function drainsMs(at: Pick<EcsAt, "seen">, region: Region): number | undefined {
  if (isIdle(at, region)) return 0;
  const ground = at.seen.ground?.[region];
  const drain = ground?.known ? ground.value.drain : undefined;
  return drain && 1_000 * (drain.deregistrationSeconds + drain.stopSeconds);
}

/** Why nobody could wait for the old side's tasks to end. */
export function drainRefusals(at: Side, { from, mode }: Pick<Move, "from" | "mode">): string[] {
  const ground = at.seen.ground?.[from];
  const longMs = drainsMs(at, from) ?? 0;
  if (mode !== "planned" || longMs <= MOST_DRAIN_MS || !ground?.known || !ground.value.drain) return [];
  const { deregistrationSeconds, stopSeconds } = ground.value.drain;
  const { service, target_group: group = "" } = compute(at.resource, from);
  return [
    `The tasks of ${service} in ${from} may go on for ${sayDuration(longMs)} after they are told to stop. First target group ${group.split("/")[1] ?? group} waits ${deregistrationSeconds} s (deregistration delay), then the containers have ${stopSeconds} s (stopTimeout of the task definition). A planned failover takes no writes for as long. Bring both together below ${sayDuration(MOST_DRAIN_MS)}, or use mode unplanned.`,
  ];
}

/** What a planned move could not see of that. */
export function drainUnchecked(at: Side, { from, mode }: Pick<Move, "from" | "mode">): string[] {
  const ground = at.seen.ground?.[from];
  if (mode !== "planned" || isIdle(at, from) || !ground?.known || ground.value.unseenDrain === undefined) return [];
  const { service } = compute(at.resource, from);
  return [`how long the tasks of ${service} in ${from} go on after they are told to stop: ${ground.value.unseenDrain}`];
}

/** No task runs there, none starts and none is wanted: nothing has to end. */
function isIdle({ seen }: Pick<EcsAt, "seen">, region: Region): boolean {
  const now = seen.in[region];
  return now?.known === true && now.value.desired === 0 && now.value.running === 0 && now.value.pending === 0;
}
