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
/** World time in which a reboot that was taken shows by itself, and between two looks for it. */
const SHOWS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
/** World time in which a reboot counts as the one of an earlier attempt. */
const RECENT_MS = 15 * 60_000;

/**
 * Ends every open session by a reboot, and resolves to the request ids. A second reboot would do no harm but take the old
 * side's minutes again, so an attempt after the first one looks whether the first was taken.
 */
export async function endSessions(what: Rebooted, context: Context): Promise<readonly string[]> {
  if (context.tries > 1 && (await wasTaken(what, context))) return [];
  const { region, instance } = what;
  const { cloud, signal } = context;
  const now = await cloud.databases.describe(region, instance, signal);
  // One that is under way, whoever asked for it, ends them as well.
  if (now.known && now.value.status === "rebooting") return [];
  const answer = await cloud.databases.reboot({ region, instance, forceFailover: false }, signal);
  if (answer.kind === "busy")
    throw new TransientError("database-busy", `${instance} cannot be rebooted yet: ${answer.why}`);
  return answer.requestIds;
}

/** It is rebooting, or was a moment ago and the session that the write check had kept is gone. */
async function wasTaken({ region, instance, writeCheck }: Rebooted, { cloud, signal }: Context): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= SHOWS_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    const now = await cloud.databases.describe(region, instance, signal);
    if (now.known && now.value.status === "rebooting") return true;
    const sinceMs = cloud.clock.now() - RECENT_MS;
    const [events, kept] = await Promise.all([
      cloud.databases.events({ region, instance, sinceMs }, signal),
      cloud.probe.writeOverKept(writeCheck, signal),
    ]);
    const hasRestarted = events.known && events.value.some(({ says }) => RESTARTED.test(says));
    if (hasRestarted && kept.kind === "refused") return true;
    // An earlier session that still writes says that nothing has restarted.
    if (kept.kind === "written" && waitedMs >= SHOWS_WITHIN_MS / 2) return false;
    await cloud.clock.sleep(LOOK_EVERY_MS, signal);
  }
  return false;
}
