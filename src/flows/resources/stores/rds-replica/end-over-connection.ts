import { messageOf, TransientError } from "../../../../domain/errors.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { DatabaseSession, OwnSession, Refused } from "../../../../ports/database-sessions.ts";
import type { StepContext } from "../../../../ports/step.ts";
import type { SessionsEnded } from "../../fence.ts";

type Context = Pick<StepContext, "cloud" | "signal">;

/** World time between two looks, and how often is looked: a session that rolls back takes its time. */
const LOOK_EVERY_MS = 2_000;
const LOOKS = 30;
/** Looks in a row that show nobody: who was let in and is still signing in stands in no list yet. */
const EMPTY_LOOKS = 3;
/** Users of sessions that people read by name. */
const NAMED = 3;

/**
 * Ends every other session, and looks until none is left, some times in a row. What was let in before the groups were closed is
 * seen then, and nobody comes in afterwards. It says what it could not do, and never throws for it: what was closed stays closed.
 */
export async function endOthers(own: Known<OwnSession>, { cloud, signal }: Context): Promise<SessionsEnded> {
  if (!own.known) return { isProven: false, says: `TwoKey could not sign in (${own.why})` };
  const ended = new Set<number>();
  let left: readonly DatabaseSession[] = [];
  let empty = 0;
  try {
    for (let looks = 1; looks <= LOOKS; looks += 1) {
      left = await own.value.others(signal);
      empty = left.length === 0 ? empty + 1 : 0;
      if (empty === EMPTY_LOOKS) return { isProven: true, says: `${sayCount(ended.size)}, and none is open` };
      const refused = await own.value.end(left, signal);
      for (const { id } of left) if (!refused.some(({ session }) => session.id === id)) ended.add(id);
      // Whom the engine does not let TwoKey end will not be gone at the next look either.
      if (refused.length > 0 && refused.length === left.length) return { isProven: false, says: sayRefused(refused) };
      await cloud.clock.sleep(LOOK_EVERY_MS, signal);
    }
    return { isProven: false, says: `TwoKey was to end ${sayThose(left)}, open still` };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    return { isProven: false, says: messageOf(error) };
  }
}

const sayCount = (count: number): string => `${count} other ${count === 1 ? "session was" : "sessions were"} ended`;

function sayRefused(refused: readonly Refused[]): string {
  const [first] = refused;
  return `TwoKey may not end ${sayThose(refused.map(({ session }) => session))} (${first?.why ?? ""})`;
}

/** "the sessions of application (4), reports from 10.0.0.77" */
function sayThose(sessions: readonly DatabaseSession[]): string {
  const users = [...new Set(sessions.map(({ user }) => user))].map((user) => {
    const theirs = sessions.filter((each) => each.user === user);
    const from = theirs[0]?.from ?? "";
    if (theirs.length > 1) return `${user} (${theirs.length})`;
    return from === "" ? user : `${user} from ${from}`;
  });
  const more = users.length > NAMED ? ` and ${users.length - NAMED} more` : "";
  return `${sessions.length === 1 ? "the session" : "the sessions"} of ${users.slice(0, NAMED).join(", ")}${more}`;
}
