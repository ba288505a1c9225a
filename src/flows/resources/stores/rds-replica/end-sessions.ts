import { TransientError } from "../../../../domain/errors.ts";
import type { StepContext } from "../../../../ports/step.ts";

interface Rebooted {
  readonly region: string;
  readonly instance: string;
  readonly writeCheck: string;
}

type Context = Pick<StepContext, "cloud" | "signal" | "tries">;

/** What RDS says of a reboot that has ended (RDS-EVENT-0006). */
const RESTARTED = /restarted/i;
/** World times: within which a reboot that was taken shows, between two looks for it, and for which one may take. */
const SHOWS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const RECENT_MS = 15 * 60_000;

/**
 * Ends every open session by a reboot, and resolves to the request ids. One that somebody else began is not ours: it may have let
 * new sessions in before the group was closed. An attempt after the first one looks whether the first was taken.
 */
export async function endSessions(what: Rebooted, context: Context): Promise<readonly string[]> {
  if (context.tries > 1 && (await wasTaken(what, context))) return [];
  const { region, instance } = what;
  const answer = await context.cloud.databases.reboot({ region, instance, forceFailover: false }, context.signal);
  if (answer.kind === "busy")
    throw new TransientError("database-busy", `${instance} cannot be rebooted yet: ${answer.why}`);
  return answer.requestIds;
}

/** It has restarted lately, and the session that the write check had open right before the group was closed is gone with it. */
async function wasTaken({ region, instance, writeCheck }: Rebooted, { cloud, signal }: Context): Promise<boolean> {
  const untilMs = cloud.clock.now() + RECENT_MS;
  for (let waitedMs = 0; waitedMs <= SHOWS_WITHIN_MS && cloud.clock.now() < untilMs; ) {
    const sinceMs = cloud.clock.now() - RECENT_MS;
    const [now, events, kept] = await Promise.all([
      cloud.databases.describe(region, instance, signal),
      cloud.databases.events({ region, instance, sinceMs }, signal),
      cloud.probe.writeOverKept(writeCheck, signal),
    ]);
    const hasRestarted = events.known && events.value.some(({ says }) => RESTARTED.test(says));
    if (hasRestarted && kept.kind === "refused") return true;
    // What is under way, whoever asked for it, is waited for: only its end says what it ended.
    if (!now.known || now.value.status !== "rebooting") waitedMs += LOOK_EVERY_MS;
    await cloud.clock.sleep(LOOK_EVERY_MS, signal);
  }
  return false;
}
