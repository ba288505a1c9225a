import { TransientError } from "../../../../domain/errors.ts";
import type { Marker } from "../../../../domain/plan-run/fence.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { DatabaseLogin, OwnSession } from "../../../../ports/database-sessions.ts";
import type { Hold, StepContext } from "../../../../ports/step.ts";
import type { Closed } from "../../fence.ts";
import { endOthers } from "./end-over-connection.ts";

type Context = Pick<StepContext, "cloud" | "signal"> & { readonly marks?: Hold };

interface Behind {
  readonly login: DatabaseLogin;
  /** Absent: it takes no marker row. */
  readonly table: string | undefined;
  readonly isOpen: boolean;
  close(): Promise<string[]>;
}

/**
 * Signs in first, closes, and ends all that came in before. The marker row of a planned move comes last, when nobody else can write
 * any more. Closing may cut TwoKey's own session too: what it wrote before is as good as the fence is then, which says that nobody
 * saw the other sessions end.
 */
export async function closeBehind(behind: Behind, context: Context): Promise<Closed> {
  const own = await context.cloud.sessions.enter(behind.login, context.signal);
  const before = behind.isOpen ? await marked(own, behind, context) : undefined;
  const requestIds = await behind.close();
  const sessions = await endOthers(own, context);
  const after = await markedLast(own, behind, context);
  const marker = after ?? (sessions.isProven ? undefined : before);
  return { requestIds, sessions, ...(marker && { marker }) };
}

/** Undefined: none is asked for. */
async function marked(
  own: Known<OwnSession>,
  { login, table }: Behind,
  { cloud, signal, marks }: Context,
): Promise<Marker | undefined> {
  if (!marks || table === undefined) return undefined;
  if (!own.known)
    throw new TransientError("marker-unwritten", `the marker row of ${login.instance} cannot be written: ${own.why}`);
  const marker = { run: marks.run, epoch: marks.epoch, number: Math.floor(cloud.clock.now()) };
  await own.value.mark(table, marker, signal);
  return marker;
}

async function markedLast(own: Known<OwnSession>, behind: Behind, context: Context): Promise<Marker | undefined> {
  try {
    return await marked(own, behind, context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    return undefined;
  }
}
