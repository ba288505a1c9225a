import type { Card } from "../domain/card/card.ts";
import type { Person } from "../domain/people/person.ts";
import type { JournalDecision } from "../domain/plan-run/decision.ts";
import type { KeyDeps } from "../engine/approvals/keys.ts";
import { RUNBOOKS } from "../flows/runbooks/index.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { helpCard, type VerbWords, verbCard } from "../views/help.ts";
import { type AcceptStoreDeps, acceptStore } from "./accept-store.ts";
import { ack } from "./ack.ts";
import { approve } from "./approve.ts";
import { byHand } from "./by-hand.ts";
import { declare, EXAMPLE } from "./declare.ts";
import { escalate } from "./escalate.ts";
import { type FreezeDeps, freeze, unfreeze } from "./freeze.ts";
import type { IncidentCommandDeps } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";
import { onCall } from "./oncall.ts";
import { plan, usageOf } from "./plan.ts";
import { replan } from "./replan.ts";
import { resolve } from "./resolve.ts";
import { decideOnRun } from "./run-decisions.ts";
import type { RunCommandDeps } from "./run-deps.ts";
import { severity } from "./severity.ts";
import { type StatusDeps, status } from "./status.ts";
import { timeline } from "./timeline.ts";
import { update } from "./update.ts";
import { type WaitCommandDeps, wait } from "./wait.ts";

export interface CommandDeps {
  readonly run: RunCommandDeps & StatusDeps & KeyDeps & FreezeDeps;
  readonly recovery: AcceptStoreDeps;
  readonly incident: IncidentCommandDeps;
  readonly waiting: WaitCommandDeps;
}

type Role = Person["roles"][number];

export interface Verb extends VerbWords {
  /** Any one of these roles; empty: anyone. What a decision on a run needs stands in its own table. */
  readonly who: readonly Role[];
  /**
   * Also for a member of our team whom `people` does not list. What raises the alarm, or shows nothing of ours, is answered also where a
   * door cannot prove that they are one: a false alarm costs less than a late one.
   */
  readonly guests?: "proven" | "unproven";
  /** Changes what happens to a service: refused while the store cannot be trusted (G17). */
  readonly moves?: true;
  readonly handle: (ask: Ask, deps: CommandDeps) => Promise<Answer>;
}

const ACTS: readonly Role[] = ["responder", "commander", "approver"];

const decision = (name: JournalDecision, usage: string, says: string): Verb => ({
  usage,
  says,
  who: [],
  moment: "deciding",
  moves: true,
  handle: (ask, { run }) => decideOnRun(name, ask, run),
});

const NEEDS = {
  "two keys": "look, plan, and ask two approvers for their keys",
  responder: "it only adds something, so it starts at once",
} as const satisfies Record<StoredRunbook["needs"], string>;

const verbOf = (runbook: StoredRunbook): Verb => ({
  usage: usageOf(runbook),
  says: `${runbook.about}: ${NEEDS[runbook.needs]}`,
  who: ACTS,
  moment: "right now",
  ...(runbook.example === undefined ? {} : { example: `${runbook.name} ${runbook.example}` }),
  moves: true,
  handle: (ask, { run }) => plan(runbook, ask, run),
});

/** Every intent, whatever door it comes through. Routing, permission and `/dr help` are this table. */
export const VERBS: Readonly<Record<string, Verb>> = {
  status: {
    usage: "status [service]",
    says: "every service at a glance, or one in depth",
    who: [],
    guests: "proven",
    moment: "right now",
    example: "status",
    handle: (ask, { run }) => status(ask, run),
  },
  ...Object.fromEntries(RUNBOOKS.map((runbook) => [runbook.name, verbOf(runbook)])),
  approve: {
    usage: "approve",
    says: "turn your key (use the button on the plan card)",
    who: [],
    moment: "deciding",
    moves: true,
    handle: (ask, { run }) => approve(ask, run),
  },
  reject: decision("reject", "reject <plan> [why]", "refuse a plan, for everybody (Refuse on its card)"),
  withdraw: decision("withdraw", "withdraw <plan>", "take back the plan you asked for"),
  wait: {
    usage: "wait [service] <03:40 or 20m> because <reason>",
    says: "wait with a move until a time (UTC); the room is reminded then, and nothing is blocked",
    who: ACTS,
    moment: "deciding",
    handle: (ask, { waiting }) => wait(ask, waiting),
  },
  abort: decision("abort", "abort [run]", "end a run before its point of no return, and undo its steps"),
  pause: decision("pause", "pause [run] [why]", "start no new step"),
  resume: decision("resume", "resume [run]", "go on after a pause"),
  retry: decision("retry", "retry [run]", "try the failed step of a stopped run again"),
  "take-over": decision(
    "take-over",
    "take-over <run> <what was done>",
    "say what you did by hand: TwoKey looks whether it is there",
  ),
  skip: decision("skip", "skip [run]", "go on without the failed step (two approvers)"),
  unwind: decision(
    "unwind",
    "unwind [run]",
    "undo the steps of a stopped run, if nothing irreversible happened (two approvers)",
  ),
  replan: {
    usage: "replan [run] [planned|unplanned] [because <reason>]",
    says: "make a new plan for the remaining steps of a run that waits",
    who: ACTS,
    moment: "deciding",
    moves: true,
    handle: (ask, { run }) => replan(ask, run),
  },
  "stop-watch": decision(
    "stop-watch",
    "stop-watch [run]",
    "stop watching for the old region; it is not fenced on return (two approvers)",
  ),
  extend: decision("extend", "extend [run]", "let TwoKey act on a run for as long again (two approvers)"),
  "by-hand": {
    usage: "by-hand [plan] [forward|back] [part]",
    says: "the steps of a plan as commands to paste, or how to give back what a run took",
    who: [],
    guests: "proven",
    moment: "deciding",
    handle: (ask, { run }) => byHand(ask, run),
  },
  freeze: {
    usage: "freeze <why>",
    says: "stop every change at once, for all runs",
    who: ACTS,
    moment: "right now",
    handle: (ask, { run }) => freeze(ask, run),
  },
  unfreeze: {
    usage: "unfreeze",
    says: "let changes go on again (two approvers)",
    who: [],
    moment: "deciding",
    moves: true,
    handle: (ask, { run }) => unfreeze(ask, run),
  },
  "accept-store": {
    usage: "accept-store",
    says: "where Redis or a ledger was lost: show what is known and ask two approvers to go on",
    who: ACTS,
    moment: "deciding",
    handle: (ask, { recovery }) => acceptStore(ask, recovery),
  },
  declare: {
    usage: "declare [severity] [service] <what is wrong>",
    says: "open an incident",
    who: [],
    guests: "unproven",
    moment: "right now",
    example: EXAMPLE,
    handle: (ask, { incident }) => declare(ask, incident),
  },
  severity: {
    usage: "severity <sev1…sev4>",
    says: "change an incident's severity",
    who: ACTS,
    moment: "right now",
    handle: (ask, { incident }) => severity(ask, incident),
  },
  ack: {
    usage: "ack",
    says: "you are on it; paging stops",
    who: [],
    moment: "right now",
    handle: (ask, { incident }) => ack(ask, incident),
  },
  escalate: {
    usage: "escalate [@who]",
    says: "page the next level, or a person, now",
    who: ACTS,
    moment: "right now",
    handle: (ask, { incident }) => escalate(ask, incident),
  },
  update: {
    usage: "update [text]",
    says: "write or edit the next status update",
    who: ACTS,
    moment: "right now",
    handle: (ask, { incident }) => update(ask, incident),
  },
  resolve: {
    usage: "resolve",
    says: "close the incident with its resolution",
    who: ACTS,
    moment: "quiet days",
    handle: (ask, { incident }) => resolve(ask, incident),
  },
  timeline: {
    usage: "timeline",
    says: "what happened, oldest first",
    who: [],
    guests: "proven",
    moment: "quiet days",
    handle: (ask, { incident }) => timeline(ask, incident),
  },
  oncall: {
    usage: "oncall",
    says: "who is on call and who turns keys, and by which number to call them",
    who: [],
    guests: "proven",
    moment: "quiet days",
    handle: (ask, { incident }) => onCall(ask, incident),
  },
  help: {
    usage: "help [verb]",
    says: "all verbs, or one verb in full",
    who: [],
    guests: "unproven",
    moment: "quiet days",
    handle: async (ask) => ({ kind: "whisper", card: help(ask.args[0]) }),
  },
};

/** What people call it elsewhere. */
const ALSO: Readonly<Record<string, string>> = {
  ...{ incident: "declare", close: "resolve", page: "escalate", who: "oncall", "on-call": "oncall" },
  ...{ hold: "wait", postpone: "wait", refuse: "reject" },
};

/** The table's own only: what every object has by birth, such as `constructor`, is no verb. */
export function verbNamed(word: string): Verb | undefined {
  const meant = Object.hasOwn(ALSO, word) ? (ALSO[word] ?? word) : word;
  return Object.hasOwn(VERBS, meant) ? VERBS[meant] : undefined;
}

function help(wanted: string | undefined): Card {
  const verb = wanted === undefined ? undefined : verbNamed(wanted);
  return verb === undefined ? helpCard(Object.values(VERBS)) : verbCard(verb);
}
