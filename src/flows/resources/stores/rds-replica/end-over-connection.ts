import { messageOf, TransientError } from "../../../../domain/errors.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { OwnSession } from "../../../../ports/database-sessions.ts";
import type { StepContext } from "../../../../ports/step.ts";
import type { SessionsEnded } from "../../fence.ts";

type Context = Pick<StepContext, "cloud" | "signal">;

/** World time between two looks, and how often is looked: a session that rolls back takes its time. */
const LOOK_EVERY_MS = 1_000;
const LOOKS = 30;

/**
 * Ends every other session, and looks until none is left. What was let in before the groups were closed is seen then, and nobody
 * comes in afterwards. It says what it could not do, and never throws for it: what was closed stays closed.
 */
export async function endOthers(own: Known<OwnSession>, { cloud, signal }: Context): Promise<SessionsEnded> {
  if (!own.known) return { isProven: false, says: `TwoKey could not sign in (${own.why})` };
  const ended = new Set<number>();
  try {
    for (let looks = 1; looks <= LOOKS; looks += 1) {
      const others = await own.value.others(signal);
      if (others.length === 0) return { isProven: true, says: `${sayCount(ended.size)}, and none is open` };
      await own.value.end(others, signal);
      for (const { id } of others) ended.add(id);
      await cloud.clock.sleep(LOOK_EVERY_MS, signal);
    }
    return { isProven: false, says: "sessions stayed open although they were to end" };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    return { isProven: false, says: messageOf(error) };
  }
}

const sayCount = (count: number): string => `${count} other ${count === 1 ? "session was" : "sessions were"} ended`;
