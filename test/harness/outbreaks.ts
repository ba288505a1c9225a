import type { CardDue } from "../../src/domain/card/card-due.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { newsOf } from "../../src/domain/plan-run/run-news.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import type { Calls } from "../../src/flows/reach/calls.ts";
import { callPeople } from "../../src/flows/reach/run-calls.ts";
import type { Asked, PagerAnswer } from "../../src/ports/pager.ts";
import { example } from "./example.ts";
import {
  ACCEPTED,
  ASKED,
  clockAt,
  memoryDocuments,
  pagersWith,
  RecordedChat,
  recordedMail,
  silent,
} from "./fakes/index.ts";
import { fenced } from "./keys.ts";
import { AT } from "./observed.ts";
import { proposed } from "./plans.ts";

const inventory = example("inventory");
export const MINUTE = 60_000;
export const LOOK_EVERY_MS = 15_000;
const nothing = async () => undefined;
const wake = {
  ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
  card: nothing,
};

/** An entry at a world time. */
export type At = (atMs: number) => RunEntry;
const at = (atMs: number) => ({ atMs, epoch: 1 });
export const OPENED: At = (atMs) => ({
  ...{ kind: "seen-open", ...at(atMs), step: "fence", fromMs: atMs - LOOK_EVERY_MS, resources: ["stores.stock"] },
});
export const CLOSED: At = (atMs) => ({ kind: "seen-closed", ...at(atMs), step: "fence", seenMs: atMs });
export const LOST: At = (atMs) => ({
  ...{ kind: "fence-lost", ...at(atMs), step: "fence", why: "it takes writes", seenClosedMs: atMs - LOOK_EVERY_MS },
});
export const FENCING: At = (atMs) => ({ kind: "watch-intent", ...at(atMs), step: "fence" });
export const FENCED: At = (atMs) => ({ kind: "fenced-later", ...at(atMs), step: "fence", says: "a write fails" });
export const BLIND: At = (atMs) => ({
  ...{ kind: "watch-blind", ...at(atMs), step: "fence", why: "AccessDenied", seenClosedMs: atMs - LOOK_EVERY_MS },
});
export const SEES: At = (atMs) => ({ kind: "watch-sees", ...at(atMs), step: "fence" });
export const SHIFT = "shift-traffic";
export const refused =
  (step: string): At =>
  (atMs) => ({ kind: "held-up", ...at(atMs), step, sinceMs: atMs - 2 * MINUTE, why: "Throttling" });
export const taken =
  (step: string): At =>
  (atMs) => ({ kind: "asked", ...at(atMs), step, requestIds: ["r"], data: {} });
export const UNDOING: At = (atMs) => ({ kind: "undo-intent", ...at(atMs), step: "fence" });
export const STUCK: At = (atMs) => ({ kind: "undo-failed", ...at(atMs), step: "fence", why: "it is denied" });
export const unwind =
  (by: string): At =>
  (atMs) => ({ kind: "vote", atMs, by, door: "slack", decision: "unwind", step: "fence", position: 2 });
export const PAUSED: At = (atMs) => ({ kind: "paused", atMs, by: "ana", door: "slack", why: "we look" });
export const HALTED: At = (atMs) => ({
  kind: "paused",
  atMs,
  door: "engine",
  why: "the ledger takes no line",
  halted: true,
});
export const RESUMED: At = (atMs) => ({ kind: "resumed", atMs, by: "ana", door: "slack" });
export const ABORTED: At = (atMs) => ({ kind: "aborted", atMs, by: "ana", door: "slack" });
export const PROMOTING: At = (atMs) => ({ kind: "intent", ...at(atMs), step: "promote", attempt: 1 });
export const fails =
  (step: string): At =>
  (atMs) => ({ kind: "failed", ...at(atMs), step, code: "x", why: "it broke", mustAsk: true });
export const asks =
  (step: string): At =>
  (atMs) => ({ kind: "intent", ...at(atMs), step, attempt: 1 });

/** A run whose old side is fenced, with more, and what is called for it at each look. */
export function called(...begins: readonly At[]) {
  let run: RunState = fenced(
    proposed(inventory),
    "fenced",
    begins.map((entry) => entry(AT)),
  );
  let nowMs = AT;
  const asked: string[] = [];
  const atMinutes: number[] = [];
  const said: string[] = [];
  /** How often the pager that rings was asked to. */
  let tries = 0;
  /** What it answers, and after how long. */
  const pager: { now: PagerAnswer; takesMs: number } = { now: ACCEPTED, takesMs: 0 };
  const answer = async (): Promise<PagerAnswer> => {
    nowMs += pager.takesMs;
    return pager.now;
  };
  /** World time of each mail that was sent, by its reader. */
  const mailedMs: [person: string, atMs: number][] = [];
  /** Their keys. */
  const mailed: string[] = [];
  const mail = recordedMail();
  const calls = memoryDocuments<Calls>();
  const cards = memoryDocuments<CardDue>();
  const deps = {
    ...{ calls, cards, inventory: () => inventory, logger: silent, wake },
    ...{ chat: new RecordedChat(clockAt()), channelOf: async () => undefined, clock: clockAt(() => nowMs) },
    pagers: pagersWith(
      {
        resolve: answer,
        trigger: () => {
          tries += 1;
          return answer();
        },
        call: async ({ pageKey, message }): Promise<PagerAnswer<Asked>> => {
          asked.push(pageKey);
          atMinutes.push((nowMs - AT) / MINUTE);
          said.push(message);
          return ASKED;
        },
      },
      [mail.pager],
    ),
  };
  let longestLookMs = 0;
  const look = async () => {
    for (const _time of [1, 2]) {
      const fromMs = nowMs;
      const before = mail.calls.length;
      await callPeople(run, deps);
      longestLookMs = Math.max(longestLookMs, nowMs - fromMs);
      if (mail.answer.now.kind === "accepted")
        for (const { users, pageKey } of mail.calls.slice(before)) {
          mailedMs.push([users.join(), nowMs]);
          mailed.push(pageKey);
        }
    }
  };
  /** What happens, after this world time since the run began, and the looks until then. */
  const then = async (afterMs: number, ...entries: readonly At[]) => {
    for (; nowMs + LOOK_EVERY_MS <= AT + afterMs; nowMs += LOOK_EVERY_MS) await look();
    nowMs = Math.max(nowMs, AT + afterMs);
    for (const entry of entries) {
      run = transition(run, entry(nowMs));
      await look();
    }
    return asked.length;
  };
  /** The clock of the store goes back. */
  const back = (ms: number) => {
    nowMs -= ms;
  };
  /** Direct messages in Slack, each by its reader. */
  const direct = () => cards.all().flatMap(({ kind, to }) => (kind === "call" && "person" in to ? [to.person] : []));
  return {
    ...{ then, back, asked, atMinutes, said, pager, mail, mailedMs, mailed, direct },
    ...{ tries: () => tries, longestLookMs: () => longestLookMs },
    opened: () => newsOf(run, nowMs).find(({ kind }) => kind === "opened")?.key,
  };
}

export interface Course {
  readonly begins: readonly At[];
  readonly outbreak: readonly At[];
  readonly end: readonly At[];
}
