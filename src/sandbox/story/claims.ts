import type { LogEntry } from "../../simulators/world/log.ts";
import type { Verdict } from "../world-client.ts";
import { duplicateEffects } from "./judge.ts";

/** Everything the claims are judged by. All of it is the world's, but for `run`, which is the figure of the bot's own clock. */
export interface StoryFacts {
  readonly entries: readonly LogEntry[];
  readonly verdict: Verdict;
  readonly service: string;
  readonly home: string;
  readonly standby: string;
  readonly requesterSlackId: string;
  readonly keyHolderSlackIds: readonly string[];
  readonly approverSlackIds: readonly string[];
  readonly refusedRequester: boolean;
  readonly firstPageMs: number | undefined;
  readonly channelOpenMs: number | undefined;
  readonly firstGoodWriteMs: number | undefined;
  readonly workerKills: number;
  readonly resumedAfterMs: number | undefined;
  readonly progressMessages: number;
  readonly lastProgress: string;
  readonly updatePosted: boolean;
  readonly resolvedSaid: string | undefined;
  readonly pointsToStandby: boolean;
  readonly leaks: readonly string[];
}

interface Claim {
  readonly says: string;
  /** Undefined: it held. Otherwise why not. */
  readonly broken: (facts: StoryFacts) => string | undefined;
}

const PAGE_WITHIN_MS = 2_000;
const RESUME_WITHIN_MS = 10_000;
const unless = (holds: boolean, why: string): string | undefined => (holds ? undefined : why);
const count = ({ entries }: StoryFacts, kind: string, fits: (entry: LogEntry) => boolean = () => true) =>
  entries.filter((entry) => entry.kind === kind && fits(entry)).length;
const isIncidentKey = ({ facts }: LogEntry) => !String(facts["incidentKey"]).includes(":run:");

export const CLAIMS: readonly Claim[] = [
  {
    says: "one cause made one incident at PagerDuty and one channel",
    broken: (facts) => {
      const [pager, channels] = [
        count(facts, "pagerduty.incident-created", isIncidentKey),
        count(facts, "slack.channel-created"),
      ];
      return unless(pager === 1 && channels === 1, `${pager} incidents, ${channels} channels`);
    },
  },
  {
    says: "the first page was accepted within 2 s of the alarm",
    broken: ({ firstPageMs }) =>
      unless(firstPageMs !== undefined && firstPageMs <= PAGE_WITHIN_MS, `${firstPageMs ?? "never"} ms`),
  },
  {
    says: "somebody acknowledged, and the pager knows",
    broken: (facts) => unless(count(facts, "pagerduty.acknowledged") > 0, "no acknowledgement reached PagerDuty"),
  },
  {
    says: "no page of the incident started later than 1 s after the acknowledgement",
    broken: ({ entries }) => {
      const acked = entries.find((entry) => entry.kind === "pagerduty.acknowledged" && isIncidentKey(entry));
      const late = entries.find(
        (entry) =>
          entry.kind === "pagerduty.notified" &&
          isIncidentKey(entry) &&
          acked !== undefined &&
          entry.machineMs > acked.machineMs + 1_000,
      );
      return unless(late === undefined, `${String(late?.facts["user"])} was rung later`);
    },
  },
  {
    says: "the requester's own key was refused",
    broken: ({ refusedRequester }) => unless(refusedRequester, "nobody told the requester so"),
  },
  {
    says: "two other people, both approvers, turned their keys",
    broken: ({ keyHolderSlackIds, requesterSlackId, approverSlackIds }) => {
      const distinct = new Set(keyHolderSlackIds);
      const eligible = keyHolderSlackIds.every((id) => approverSlackIds.includes(id) && id !== requesterSlackId);
      return unless(distinct.size === 2 && eligible, `keys of ${[...distinct].join(", ")}`);
    },
  },
  {
    says: "the promotion was accepted exactly once",
    broken: (facts) => {
      const times = count(facts, "aws.mutation", ({ facts: call }) => call["operation"] === "PromoteReadReplica");
      return unless(times === 1, `${times} times`);
    },
  },
  {
    says: "nothing in the cloud was changed before the second key",
    broken: (facts) => {
      const keyed =
        facts.entries.findLast(
          ({ kind, facts: did }) => kind === "slack.person-acted" && did["callbackId"] === "intent:approve",
        )?.seq ?? 0;
      const early = facts.entries.find(({ kind, seq }) => kind === "aws.mutation" && seq < keyed);
      return unless(early === undefined, `${String(early?.facts["operation"])} came first`);
    },
  },
  {
    says: "a killed worker was replaced within 10 s",
    broken: ({ workerKills, resumedAfterMs }) =>
      unless(
        workerKills > 0 && resumedAfterMs !== undefined && resumedAfterMs <= RESUME_WITHIN_MS,
        `${workerKills} kills, taken over after ${resumedAfterMs ?? "never"} ms`,
      ),
  },
  {
    says: "nothing happened twice",
    broken: ({ entries, verdict }) => {
      const twice = duplicateEffects(entries);
      return unless(
        twice.length === 0 && verdict.doubledWrites === 0,
        [...twice, `${verdict.doubledWrites} doubled writes`].join("; "),
      );
    },
  },
  {
    says: "never did both sides take writes at once",
    broken: ({ verdict }) => unless(verdict.splitBrain.length === 0, JSON.stringify(verdict.splitBrain[0])),
  },
  {
    says: "users write again, under the same name, in the standby region",
    broken: ({ firstGoodWriteMs, verdict, standby }) =>
      unless(
        firstGoodWriteMs !== undefined && (verdict.primary ?? "").startsWith(standby),
        `the writer is ${verdict.primary ?? "nobody"}`,
      ),
  },
  {
    says: "every resolver points to the standby region",
    broken: ({ pointsToStandby }) => unless(pointsToStandby, "at least one still answers the old side"),
  },
  {
    says: "the run is verified, told in one message that was edited",
    broken: ({ progressMessages, lastProgress }) =>
      unless(
        progressMessages === 1 && lastProgress.includes("verified"),
        `${progressMessages} messages, the last says: ${lastProgress}`,
      ),
  },
  {
    says: "the 30-minute status update went out by itself",
    broken: ({ updatePosted }) => unless(updatePosted, "none was posted"),
  },
  {
    says: "the incident is resolved, with its measured RTO",
    broken: ({ resolvedSaid }) => unless(resolvedSaid !== undefined, "no resolution was posted"),
  },
  { says: "no secret is in any log or message", broken: ({ leaks }) => unless(leaks.length === 0, leaks.join(", ")) },
];
