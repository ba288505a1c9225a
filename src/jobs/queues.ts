import { type ConnectionOptions, type Job, Queue } from "bullmq";
import { z } from "zod";
import { chainOf } from "../domain/errors.ts";
import type { Signal } from "../domain/incident/alert.ts";
import { MOST_IN_QUEUE } from "../domain/retention.ts";
import { sha256 } from "../domain/service/inventory.ts";
import type { Logger } from "../ports/logger.ts";
import type { Wake } from "../ports/wake.ts";

/** Machine times between two tries to take an alert in. */
const FIRST_SIGNAL_PAUSE_MS = 200;
const LONGEST_SIGNAL_PAUSE_MS = 60_000;
/** `tries`: how often it failed, from 1. */
export const signalPauseMs = (tries: number): number =>
  Math.min(LONGEST_SIGNAL_PAUSE_MS, FIRST_SIGNAL_PAUSE_MS * 2 ** Math.min(tries - 1, 20));

/** Every key of a queue shares the store's hash tag. */
export const QUEUE_PREFIX = "{twokey}:queue";
export const SWEEP_EVERY_MS = 2_000;

/** Queues of wake-ups: each wakes somebody to look at one stored thing. */
export const WAKE_QUEUES = ["runs", "calls", "evidence", "pages", "chat", "cards"] as const;
export type WakeQueue = (typeof WAKE_QUEUES)[number];

export interface Queues {
  readonly wake: Wake;
  /** Durable when it resolves; the same signal again changes nothing. */
  enqueueSignal(signal: Signal): Promise<void>;
  /** Removes signals that are done or failed and came before that (world time), oldest first. True: there may be more. */
  endSignals(beforeMs: number, limit: number): Promise<boolean>;
  /** Wakes that queue again after that much machine time; a lost one is the sweep's to repair. */
  wakeLater(queue: WakeQueue, id: string, delayMs: number): Promise<void>;
  startSweep(): Promise<void>;
  /** One more, beside the regular ones: a rehearsal's clock has jumped over the time of many. */
  sweepNow(): Promise<void>;
  waiting(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

export function createQueues(connection: ConnectionOptions, logger: Logger): Queues {
  const open = (name: string): Queue => openQueue(name, connection, logger);
  const woken = {
    runs: open("runs"),
    calls: open("calls"),
    evidence: open("evidence"),
    pages: open("pages"),
    chat: open("chat"),
    cards: open("cards"),
  };
  const signals = open("signals");
  const sweep = open("sweep");
  const all = [...Object.values(woken), signals, sweep];
  return {
    wake: {
      run: (id) => wakeUp(woken.runs, id, logger),
      runCalls: (id) => wakeUp(woken.calls, id, logger),
      incidentEvidence: (id) => wakeUp(woken.evidence, id, logger),
      incidentPages: (id) => wakeUp(woken.pages, id, logger),
      incidentChat: (id) => wakeUp(woken.chat, id, logger),
      card: (id) => wakeUp(woken.cards, id, logger),
    },
    enqueueSignal: (signal) => enqueueSignal(signals, signal),
    endSignals: (beforeMs, limit) => endSignals(signals, beforeMs, limit),
    wakeLater: (queue, id, delayMs) => wakeLater(woken[queue], id, delayMs),
    async startSweep() {
      await sweep.upsertJobScheduler("sweep", { every: SWEEP_EVERY_MS }, { opts: GONE_WHEN_DONE });
    },
    async sweepNow() {
      await sweep.add("sweep", {}, GONE_WHEN_DONE);
    },
    async waiting() {
      const counts = await Promise.all(all.map(async (queue) => [queue.name, await queue.count()] as const));
      return Object.fromEntries(counts);
    },
    async close() {
      await Promise.all(all.map((queue) => queue.close()));
    },
  };
}

const GONE_WHEN_DONE = { removeOnComplete: true, removeOnFail: MOST_IN_QUEUE.failed };

function openQueue(name: string, connection: ConnectionOptions, logger: Logger): Queue {
  const queue = new Queue(name, {
    connection,
    prefix: QUEUE_PREFIX,
    streams: { events: { maxLen: MOST_IN_QUEUE.events } },
  });
  queue.on("error", (error) => logger.warn({ queue: name, why: error.message }, "A queue lost its Redis connection"));
  return queue;
}

/**
 * At most one active and one queued wake-up for a thing: the ideal level trigger. Never rejects: what it is about is stored, the sweep
 * finds it, and nobody may read that an act failed which counts.
 */
async function wakeUp(queue: Queue, id: string, logger: Logger): Promise<void> {
  const options = { ...GONE_WHEN_DONE, deduplication: { id: sha256(id), keepLastIfActive: true }, attempts: 1 };
  await queue
    .add("look", { id }, options)
    .catch((error: unknown) =>
      logger.warn({ queue: queue.name, why: chainOf(error) }, "A wake-up was lost; the sweep looks instead"),
    );
}

async function wakeLater(queue: Queue, id: string, delayMs: number): Promise<void> {
  await queue.add(
    "look",
    { id },
    {
      ...GONE_WHEN_DONE,
      delay: Math.max(0, Math.ceil(delayMs)),
      attempts: 1,
      deduplication: { id: `later-${sha256(id)}`, ttl: Math.max(50, Math.ceil(delayMs)) },
    },
  );
}

async function enqueueSignal(signals: Queue, signal: Signal): Promise<void> {
  await signals.add("signal", signal, {
    jobId: sha256(signal.id),
    // An alert is never dropped: people are told that it fails, and a version that can take it in finds it.
    attempts: Number.MAX_SAFE_INTEGER,
    backoff: { type: "custom" },
    // The job stays as the memory of its id, until its retention is over.
    removeOnComplete: false,
    removeOnFail: false,
  });
}

async function endSignals(signals: Queue, beforeMs: number, limit: number): Promise<boolean> {
  // One that another process removes meanwhile is undefined, whatever the types say.
  const ended: (Job | undefined)[] = await signals.getJobs(["completed", "failed"], 0, limit - 1, true);
  const over = ended.flatMap((job) => (job && cameAtMs(job) < beforeMs ? [job] : []));
  await Promise.all(over.map((job) => job.remove()));
  return over.length >= limit;
}

const Came = z.object({ receivedAtMs: z.number() });

/** World time; of one that cannot be read the time at which it was queued. */
function cameAtMs({ data, timestamp }: Job): number {
  return Came.safeParse(data).data?.receivedAtMs ?? timestamp;
}
