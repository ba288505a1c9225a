import { chainOf } from "../../domain/errors.ts";
import {
  ALARM_READS_ID,
  type AlarmReads,
  isLongUnread,
  isReadDue,
  type RegionRead,
} from "../../domain/incident/alarm-reads.ts";
import { regionOfTopic } from "../../domain/incident/alert.ts";
import type { Region } from "../../domain/service/region.ts";
import { type ReadingAgain, readAgain } from "../../flows/incident/intake/read-again.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import { sayReadAgain, sayUnread } from "../../views/alarm-reads.ts";

export interface AlarmReaderDeps extends ReadingAgain {
  readonly reads: Documents<AlarmReads>;
  readonly logger: Logger;
  /** Says it in the alerts channel; what several processes say within an hour is said once. */
  announce(says: string): Promise<void>;
  /** Machine time between two looks at what is due; absent: 1 s. */
  readonly turnEveryMs?: number;
  /** Machine time; absent: this process's own. */
  readonly machineNow?: () => number;
}

/** Machine times. A process that did not get its turn for so long was asleep, or its machine was. */
const TURN_MS = 1_000;
const AWAY_MS = 30_000;

/**
 * A message of an alarm may be lost, or come when nobody hears it. So the states themselves are read: at the start, when this
 * process or the store was away and is back, and every five minutes. What is found goes into the queue of what SNS delivers.
 */
export function startAlarmReader(deps: AlarmReaderDeps): { stop(): void } {
  const { logger, turnEveryMs = TURN_MS, machineNow = Date.now } = deps;
  const reader: Reader = { owed: new Set(), reading: new Set(), said: new Set() };
  let lastTurnMs: number | undefined;
  let wasAway = true;
  const turn = async (): Promise<void> => {
    const nowMs = machineNow();
    if (lastTurnMs !== undefined && nowMs - lastTurnMs > AWAY_MS) wasAway = true;
    lastTurnMs = nowMs;
    const regions = [...new Set(deps.policy().topics.map(regionOfTopic))];
    if (wasAway) for (const region of regions) reader.owed.add(region);
    await deps.reads.get(ALARM_READS_ID).catch((error: unknown) => {
      wasAway = true;
      throw error;
    });
    wasAway = false;
    for (const region of regions.filter((each) => !reader.reading.has(each))) {
      const sinceMs = await claim(region, reader.owed.has(region), deps);
      reader.owed.delete(region);
      if (sinceMs !== undefined) void readNow({ region, sinceMs }, reader, deps);
    }
  };
  const safely = () =>
    void turn().catch((error: unknown) => logger.warn({ why: chainOf(error) }, "It is not known which alarms are due"));
  const timer = setInterval(safely, turnEveryMs);
  safely();
  return { stop: () => clearInterval(timer) };
}

/** What this process knows of its regions. */
interface Reader {
  readonly owed: Set<Region>;
  readonly reading: Set<Region>;
  /** People were told that it is unknown. */
  readonly said: Set<Region>;
}

interface Due {
  readonly region: Region;
  readonly sinceMs: number;
}

async function readNow({ region, sinceMs }: Due, reader: Reader, deps: AlarmReaderDeps): Promise<void> {
  const { logger } = deps;
  reader.reading.add(region);
  try {
    const answer = await readAgain(region, sinceMs, deps);
    if (!answer.known) logger.warn({ region, why: answer.why }, "The states of the alarms could not be read");
    await say(region, reader, { deps, reads: await settle(region, answer, deps) });
  } catch (error) {
    // It was not read: as soon as that is possible, and not in five minutes.
    reader.owed.add(region);
    logger.warn({ region, why: chainOf(error) }, "The states of the alarms could not be taken in");
  } finally {
    reader.reading.delete(region);
  }
}

async function say(
  region: Region,
  { said }: Reader,
  { deps, reads }: { readonly deps: AlarmReaderDeps; readonly reads: AlarmReads | undefined },
): Promise<void> {
  const read = reads?.regions[region];
  if (!reads || !read) return;
  const nowMs = deps.nowMs();
  // An answer that was long under way is old, but an answer: the next turn asks again.
  if (!said.has(region) && read.unread !== undefined && isLongUnread(reads, read, nowMs)) {
    await deps.announce(sayUnread(region, read, nowMs));
    said.add(region);
  } else if (said.has(region) && read.unread === undefined) {
    await deps.announce(sayReadAgain(region));
    said.delete(region);
  }
}

/** One process reads. Resolves to when the installation began; undefined: it is not due, or another one reads. */
async function claim(region: Region, wasAway: boolean, deps: AlarmReaderDeps): Promise<number | undefined> {
  const nowMs = deps.nowMs();
  const before = (await deps.reads.get(ALARM_READS_ID))?.value;
  if (!isReadDue(before?.regions[region], { nowMs, wasAway })) return undefined;
  let sinceMs: number | undefined;
  await deps.reads.change(ALARM_READS_ID, (current = { sinceMs: nowMs, regions: {} }) => {
    const read = current.regions[region];
    sinceMs = isReadDue(read, { nowMs, wasAway }) ? current.sinceMs : undefined;
    if (sinceMs === undefined) return undefined;
    return {
      value: { ...current, regions: { ...current.regions, [region]: { ...read, askedAtMs: nowMs } } },
      events: [],
    };
  });
  return sinceMs;
}

async function settle(region: Region, answer: Awaited<ReturnType<typeof readAgain>>, { reads }: AlarmReaderDeps) {
  const stored = await reads.change(ALARM_READS_ID, (current) => {
    const { unread: _before, ...read } = current?.regions[region] ?? { askedAtMs: answer.atMs };
    const after: RegionRead = answer.known ? { ...read, readAtMs: answer.atMs } : { ...read, unread: answer.cause };
    return current && { value: { ...current, regions: { ...current.regions, [region]: after } }, events: [] };
  });
  return stored;
}
