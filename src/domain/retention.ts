/** World times. */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Retention {
  readonly what: string;
  /** Its end, for people. */
  readonly until: string;
  /** World time from when it was needed last. Absent: its end is not an age, or the store itself counts it. */
  readonly keepMs?: number;
  /** Where it stands after that. */
  readonly after: string;
  readonly why: string;
}

/** How many stay in each queue, where the end of something is a number. */
export const MOST_IN_QUEUE = { failed: 100, events: 1_000 } as const;

/**
 * All that is kept, with its end and the reason. What has `keepMs` is exported and removed by `src/jobs/retention.ts`, in
 * small batches. Nothing open is ever removed. The table in docs/operations.md is made from this one.
 */
export const RETENTION = {
  incidents: {
    what: "incidents with their timelines",
    until: "90 days after the incident was closed",
    keepMs: 90 * DAY_MS,
    after: "the archive: the document and every event",
    why: "a quarter's review asks for them with /dr timeline",
  },
  runs: {
    what: "plans, runs, their journals, events and calls",
    until: "90 days after the run was over and nothing of it was watched any more",
    keepMs: 90 * DAY_MS,
    after: "the archive: plan, journal, events and calls; what executors did also stands in the ledger",
    why: "as incidents; the end date of a plan is at most weeks away",
  },
  events: {
    what: "the stream of all events",
    until: "30 days after it happened",
    keepMs: 30 * DAY_MS,
    after: "its incident's or run's list; an event of neither goes to the archive",
    why: "nothing reads it but people who look back; what is about an incident or a run has a list of its own",
  },
  alerts: {
    what: "alarms and their last 50 changes",
    until: "30 days after the last change, unless it is in alarm",
    keepMs: 30 * DAY_MS,
    after: "the archive",
    why: "it tells a repeated signal from news; signals of more than a day are refused at the door",
  },
  cards: {
    what: "where each message in Slack is and what it shows",
    until: "30 days after it was last sent, unless its incident or run is open",
    keepMs: 30 * DAY_MS,
    after: "nowhere: the message is in Slack, and what it shows is kept by what it is about",
    why: "a card that changes after that is posted again",
  },
  discovered: {
    what: "what AWS said of each service's resources",
    until: "twokey.yaml names the resource no more; of a service that left it, 30 days after it was asked for last",
    keepMs: 30 * DAY_MS,
    after: "nowhere: it is asked again every hour",
    why: "a plan is made from it while AWS is silent; `discovered-<process>.json` beside the ledger has it too",
  },
  seen: {
    what: "the newest look at each service",
    until: "30 days after the last look",
    keepMs: 30 * DAY_MS,
    after: "nowhere: it is looked at again every half minute",
    why: "a service that left twokey.yaml leaves here too",
  },
  throttle: {
    what: "who was paged how often",
    until: "30 days after the last page",
    keepMs: 30 * DAY_MS,
    after: "nowhere: every page stands in its incident's timeline",
    why: "one entry for each person or policy and each way; it counts within `throttle.per`",
  },
  stepTimes: {
    what: "how long steps took: the times of the last 20 runs, for each kind of step and region",
    until: "the 21st run replaces the oldest; all of them 2 years after the last",
    keepMs: 730 * DAY_MS,
    after: "the archive; each time also stands in the journal of its run",
    why: "failovers are rare: a plan says what such steps took. About 2 KB for each store of a service, some dozens in all",
  },
  signals: {
    what: "signals that were taken in",
    until: "72 hours after they came, done or failed",
    keepMs: 72 * HOUR_MS,
    after: "the alarm that they changed",
    why: "SNS repeats for an hour and people replay for a day: the same message is taken in once",
  },
  inboundIds: {
    what: "ids of clicks and of pagers' webhooks",
    until: "49 hours after they came",
    keepMs: 49 * HOUR_MS,
    after: "nowhere",
    why: "Slack repeats for minutes, a pager for up to 48 hours",
  },
  wakeUps: {
    what: "wake-ups in queues",
    until: `done: at once; failed: the last ${MOST_IN_QUEUE.failed} a queue; queue events: about ${MOST_IN_QUEUE.events.toLocaleString("en")} a queue`,
    after: "nowhere: a wake-up carries nothing but an id",
    why: "they only make somebody look at what is stored",
  },
  index: {
    what: "indexes, claims, who drives which run, plans that wait, cool-downs, the newest decision to wait, the newest recovery, the clock, whose store it is, when alarms were last read, what was told of proofs, and who was called about TwoKey itself",
    until:
      "replaced in its place: one a service, a kind, a process, or in all; what is of a process goes with its ledger, and an entry of an index with what it names",
    after: "nowhere",
    why: "it does not grow by itself",
  },
  freezes: {
    what: "what people said to freeze and to lift",
    until: "you empty the store",
    after: "the ledger of each process that saw it",
    why: "some hundred bytes each time; where one is gone, TwoKey puts it back, so that nobody lifts a freeze by removing it",
  },
  budget: {
    what: "how often a pager was called lately",
    until: "a minute after the last call; Redis itself counts it",
    after: "nowhere",
    why: "a vendor's limit is one for all processes",
  },
  proofs: {
    what: "what a look at the store's rights writes",
    until: "the same look removes it; where the process died, after a minute, which Redis itself counts",
    after: "nowhere",
    why: "only a write shows that a write works",
  },
  marks: {
    what: "the newest mark of each process's ledger, the newest acts of all, and what processes testified of a lost store",
    until:
      "replaced in its place, one a process, and a hundred acts; of a process name that is not used any more, its ledger is removed",
    after: "nowhere: the ledger has each mark",
    why: "a store that does not know them is one that was lost",
  },
  putAside: {
    what: "what could not be read: the old text where it was replaced, and incidents and runs that were over, whole",
    until: "90 days after people were told",
    keepMs: 90 * DAY_MS,
    after: "the archive, as it stands",
    why: "a version that reads it may come meanwhile, and a quarter's review may ask",
  },
  unreadable: {
    what: "open incidents and runs that cannot be read, and what people were told of a timeline",
    until: "a version that reads it starts, or you remove it; of a timeline, its incident is gone",
    after: "nowhere",
    why: "each still holds something: pages, a service. Only people can say what it was; each is named in the channel",
  },
  ledgerSegment: {
    what: "the ledger file that is written now, one a process",
    until: "it has 16 MB, or its first line is 92 days old; then it is closed and another one goes on from it",
    after: "a closed segment beside it",
    why: "a start reads it whole, and so does everybody who looks for a line",
  },
  closedFiles: {
    what: "closed segments of the ledger, archive files of months that are over, and pieces of lines put aside (`.torn-<time>`)",
    until: "400 days after they were closed",
    keepMs: 400 * DAY_MS,
    after: "your backup; the ledger keeps the name and hash of each (`removed`)",
    why: "an auditor asks after a year, and a disk that fills up stops every run",
  },
  unusedProcess: {
    what: "ledger, archives and `discovered-<process>.json` of a process name that is not used any more",
    until: "400 days after the newest line of its ledger",
    keepMs: 400 * DAY_MS,
    after: "your backup; the ledger of the process that removes them keeps the name and hash of each (`removed`)",
    why: "nobody else would end them; two processes may share a directory, and each ends only its own while it lives",
  },
} as const satisfies Readonly<Record<string, Retention>>;

/** As it stands in docs/operations.md. */
export function retentionTable(rows: Readonly<Record<string, Retention>> = RETENTION): string {
  const lines = Object.values(rows).map(({ what, until, after, why }) => `| ${what} | ${until} | ${after} | ${why} |`);
  return ["| what | is kept until | and then stands in | because |", "| --- | --- | --- | --- |", ...lines].join("\n");
}
