import { type ConnectionOptions, type Job, WaitingError, Worker } from "bullmq";
import { z } from "zod";
import { sendingCard } from "../domain/card/sending-card.ts";
import type { Doing } from "../domain/doing.ts";
import {
  Bug,
  chainOf,
  NotAuthorised,
  OutcomeUnknown,
  Superseded,
  TransientError,
  UserError,
} from "../domain/errors.ts";
import { Signal } from "../domain/incident/alert.ts";
import { STORE_LOST } from "../engine/runs/journal.ts";
import type { Logger } from "../ports/logger.ts";
import { forLooks } from "../ports/signals.ts";
import type { InVain } from "./in-vain.ts";
import { QUEUE_PREFIX, signalPauseMs, WAKE_QUEUES, type WakeQueue } from "./queues.ts";

/**
 * Short locks: a worker that died is replaced within seconds (`npm run bench -- --only resume` measures it). A worker that was only
 * slow may be replaced too; that is harmless, because a late one is superseded where it would write. Stalls are not failures: no limit on them.
 */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_000;
const UNLIMITED_STALLS = 1_000_000;

/** A driven run keeps its place for as long as it takes, hours for DNS by hand: there is one for every service of a region. */
const CONCURRENCY: Readonly<Record<WakeQueue | "signals" | "sweep", number>> = {
  runs: 100,
  calls: 8,
  evidence: 8,
  pages: 16,
  chat: 16,
  cards: 16,
  // Those that join an incident wait together for its next write, at most some 15 times a second. With 128 a storm ends in half the time, and webhooks wait twice as long.
  signals: 48,
  sweep: 1,
};

export interface Handlers {
  /** Each looks at one stored thing and does what is due; re-entrant; ends at once when the signal is aborted. */
  readonly wakeUps: Readonly<Record<WakeQueue, (id: string, signal: AbortSignal) => Promise<void>>>;
  readonly signal: (signal: Signal) => Promise<void>;
  readonly sweep: () => Promise<void>;
  /** Hears of every job that failed: people are told of what fails again and again. */
  readonly inVain: Pick<InVain, "failed" | "succeeded" | "broken">;
}

export interface Workers {
  ready(): Promise<void>;
  /** Hands over at once: what is under way is put back for another process, without using up an attempt. */
  close(): Promise<void>;
}

const WakeUp = z.object({ id: z.string() });

interface Work {
  readonly handle: Handle;
  readonly inVain: Handlers["inVain"];
}

type Handle = (job: Job, signal: AbortSignal) => Promise<void>;

export function createWorkers(connection: ConnectionOptions, handlers: Handlers, logger: Logger): Workers {
  const work = (name: WakeQueue | "signals" | "sweep", handle: Handle): Worker =>
    openWorker(name, { handle, inVain: handlers.inVain }, { connection, logger });
  const workers = [
    ...WAKE_QUEUES.map((queue) =>
      work(queue, (job, signal) => handlers.wakeUps[queue](WakeUp.parse(job.data).id, signal)),
    ),
    work("signals", (job) => handlers.signal(Signal.parse(job.data))),
    work("sweep", () => handlers.sweep()),
  ];
  return {
    async ready() {
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    },
    async close() {
      for (const worker of workers) worker.cancelAllJobs(SHUTDOWN);
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

function openWorker(
  name: keyof typeof CONCURRENCY,
  work: Work,
  { connection, logger }: { readonly connection: ConnectionOptions; readonly logger: Logger },
): Worker {
  const worker = new Worker(
    name,
    // Three parameters: only then does BullMQ give an AbortSignal.
    async (job, token, signal) =>
      process(job, { token, signal: forLooks(signal ?? new AbortController().signal) }, work),
    {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: CONCURRENCY[name],
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: UNLIMITED_STALLS,
      settings: { backoffStrategy: signalPauseMs },
    },
  );
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id, "lock lost");
  });
  worker.on("error", (error) => logger.warn({ queue: name, why: error.message }, "A worker lost its Redis connection"));
  worker.on("failed", (job, error) => {
    if (!(error instanceof Superseded))
      logger.error({ queue: name, job: job?.id, why: chainOf(error) }, "A job failed; the sweep will look again");
  });
  return worker;
}

/** What is not expected to pass by itself, and is said nowhere else. An alert that is not taken in is always news. */
const isNews = ({ queueName }: Job, error: unknown): boolean => queueName === "signals" || isUnexpected(error);

const isUnexpected = (error: unknown): boolean =>
  ![Superseded, TransientError, OutcomeUnknown, NotAuthorised, UserError].some((kind) => error instanceof kind) &&
  !(error instanceof Bug && error.code === STORE_LOST);

const WORK: Readonly<Record<string, string>> = {
  ...{ runs: "driving run", calls: "calling people for run", evidence: "reading the pager's answers for incident" },
  ...{ pages: "paging for incident", chat: "the Slack messages of incident" },
  ...{ signals: "taking in an alert", sweep: "looking at what is due" },
};

/** An alert is shown by its name, and told from others of that name by its job. */
function doingOf({ id: job, queueName, data }: Job): Doing {
  const { id, name, region } = Named.safeParse(data).data ?? {};
  if (queueName === "cards" && id !== undefined) return { ...sendingCard(id), key: `cards ${id}` };
  const of = region === undefined ? [] : [`of ${region}`];
  const what = [WORK[queueName] ?? queueName, ...((name ?? id) ? [`“${name ?? id}”`] : []), ...of].join(" ");
  const key = `${queueName} ${queueName === "signals" ? job : id}`;
  const run = RUNS.includes(queueName) ? id : undefined;
  const incident = INCIDENTS.includes(queueName) ? id : undefined;
  const about = { ...(run !== undefined && { run }), ...(incident !== undefined && { incident }) };
  return { what, key, ...about, wakes: true, ...(queueName === "sweep" && { isForAll: true }) };
}

/** Queues whose jobs are about one. */
const RUNS = ["runs", "calls"];
const INCIDENTS = ["pages", "chat", "evidence"];

const Named = z.object({ id: z.string().optional(), name: z.string().optional(), region: z.string().optional() });

const SHUTDOWN = "shutdown";

async function process(
  job: Job,
  { token, signal }: { readonly token: string | undefined; readonly signal: AbortSignal },
  { handle, inVain }: Work,
): Promise<void> {
  const doing = doingOf(job);
  try {
    await handle(job, signal);
    inVain.succeeded(doing);
  } catch (error) {
    if (!signal.aborted && isNews(job, error)) await inVain.failed(doing, error);
    if (!signal.aborted || signal.reason !== SHUTDOWN || token === undefined) throw error;
    await job.moveToWait(token);
    throw new WaitingError();
  }
}
