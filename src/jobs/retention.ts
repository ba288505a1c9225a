import { readIfReadable } from "../domain/readable.ts";
import { RETENTION } from "../domain/retention.ts";
import type { Clock } from "../ports/clock.ts";
import type { Archive, ClosedFiles, Ending, EventsEnding, Exported } from "../ports/keeping.ts";

/** Kinds that end by their age. Runs before their incidents, so that an incident that is gone has no run left. */
const KINDS = [
  ...(["runs", "incidents", "alerts", "cards", "seen", "throttle", "stepTimes", "discovered", "putAside"] as const),
] as const;
export type EndingKind = (typeof KINDS)[number];

export interface RetentionDeps {
  readonly endings: Readonly<Record<EndingKind, Ending>>;
  /**
   * Cuts the oldest events off the stream, at most `limit`; hands over first what stands nowhere else. True: there may be
   * more.
   */
  trimEvents(ending: EventsEnding): Promise<boolean>;
  /** What came in and is done with; true: there may be more. */
  endSignals(beforeMs: number, limit: number): Promise<boolean>;
  forgetInbound(beforeMs: number): Promise<void>;
  readonly archive: Archive;
  readonly closedFiles: ClosedFiles;
  readonly clock: Clock;
}

/** Things of one kind, and events, that end in one sweep: what else the store does never waits long for it. */
const BATCH = 20;
const EVENTS_BATCH = 500;
/** World time between two looks while nothing is left to do. */
const LOOK_EVERY_MS = 600_000;

/**
 * Ends what is older than the table of retentions says. What it writes down comes first: after a crash in between something
 * stands in the archive twice, and nothing is lost.
 */
export function createRetention(deps: RetentionDeps): { apply(): Promise<void> } {
  let nextAtMs = 0;
  return {
    async apply() {
      const nowMs = deps.clock.now();
      if (nowMs < nextAtMs) return;
      nextAtMs = nowMs + LOOK_EVERY_MS;
      let isMore = await deps.trimEvents({
        beforeMs: nowMs - RETENTION.events.keepMs,
        limit: EVENTS_BATCH,
        handOver: (events) => archive(events, deps),
      });
      isMore = (await deps.endSignals(nowMs - RETENTION.signals.keepMs, BATCH)) || isMore;
      for (const kind of KINDS) isMore = (await endSome(kind, nowMs, deps)) || isMore;
      await deps.forgetInbound(nowMs - RETENTION.inboundIds.keepMs);
      await deps.closedFiles.removeBefore(nowMs - RETENTION.closedFiles.keepMs);
      await deps.closedFiles.removeUnusedSince(nowMs - RETENTION.unusedProcess.keepMs);
      if (isMore) nextAtMs = 0;
    },
  };
}

async function endSome(kind: EndingKind, nowMs: number, deps: RetentionDeps): Promise<boolean> {
  const ending = deps.endings[kind];
  const ids = await ending.settledBefore(nowMs - RETENTION[kind].keepMs, BATCH);
  const last = await Promise.all(
    ids.map(async (id) => {
      const words = await readIfReadable(ending.last(id));
      return words === undefined ? [] : [{ kind, id, ...words }];
    }),
  );
  const going = last.flat();
  await archive(
    going.flatMap(({ id, content }) => (content === undefined ? [] : [{ kind, id, content }])),
    deps,
  );
  for (const { remove } of going) await remove();
  return ids.length === BATCH;
}

async function archive(items: readonly Exported[], deps: RetentionDeps): Promise<void> {
  if (items.length > 0) await deps.archive.write(items);
}
