import { VERBS } from "../../src/commands/index.ts";
import { formOf } from "../../src/commands/plan.ts";
import { VERBS_THAT_MOVE } from "../../src/commands/run-deps.ts";
import { type Card, type Form, sentenceCard } from "../../src/domain/card/card.ts";
import { whoIsLeft } from "../../src/domain/plan-run/key.ts";
import type { Act, Recovery } from "../../src/domain/plan-run/recovery.ts";
import type { Wait } from "../../src/domain/plan-run/wait.ts";
import { responseTargets } from "../../src/flows/incident/comms/response.ts";
import { nextLevel } from "../../src/flows/incident/paging/ask-for.ts";
import { nextPage } from "../../src/flows/incident/paging/next-page.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import { slackAccounts } from "../../src/integrations/slack/accounts.ts";
import { messageOf } from "../../src/integrations/slack/blocks.ts";
import { modalOf } from "../../src/integrations/slack/modal.ts";
import { alertCard, alertChangesCard } from "../../src/views/alert.ts";
import { byHandCard } from "../../src/views/by-hand.ts";
import { declareForm, freezeForm, rejectForm, severityForm, takeOverForm } from "../../src/views/forms.ts";
import { helpCard, verbCard } from "../../src/views/help.ts";
import { incidentCard } from "../../src/views/incident.ts";
import { keyForm } from "../../src/views/key-form.ts";
import { onCallCard } from "../../src/views/on-call.ts";
import { pageCard } from "../../src/views/page.ts";
import { planCard, planDetailsCard, planInFull } from "../../src/views/plan.ts";
import { recoveryCard } from "../../src/views/recovery.ts";
import { resolutionAddedCard, resolutionCard, resolutionLeftCard, resolveForm } from "../../src/views/resolution.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { endedWithout, sightCard } from "../../src/views/sight.ts";
import { seenLines, serviceCard, statusCard } from "../../src/views/status.ts";
import { timelineCard } from "../../src/views/timeline.ts";
import { initialCard, updateCard, updateDraftCard, updateForm } from "../../src/views/update.ts";
import { waitAnswer, waitCard, waitForm, waitLine, waitOverCard } from "../../src/views/wait.ts";
import { AT, seenOn } from "../harness/observed.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";
import { BOARDS, IN_DEPTH } from "./board-states.ts";
import type { Drawn, Names } from "./html.ts";
import {
  alarm,
  alarmMessage,
  answeredIncident,
  openedIncident,
  resolvedIncident,
  shortlyResolved,
  troubledIncident,
} from "./incident-states.ts";
import {
  DARK_AT,
  darkHome,
  darkPlan,
  healthyPrimaryPlan,
  INVENTORY,
  learnedPlan,
  MINUTE,
  plannedPlan,
  runStates,
  SERVICE,
} from "./run-states.ts";
import { statesOf } from "./runbook-states.ts";
import { callCards, newsCards, replacedCards } from "./sent.ts";

/** Every card that people can be shown, in the states that matter, with data as it is on a bad night. */
export function cards(): Readonly<Record<string, Card>> {
  return {
    ...planCards(),
    ...runbookCards(),
    ...progressCards(),
    ...incidentCards(),
    ...boardCards(),
    ...otherCards(),
    ...newsCards(),
    ...callCards(),
    ...replacedCards(),
  };
}

export function forms(): Readonly<Record<string, Form>> {
  return {
    "key-form-dark": keyForm(darkPlan(), INVENTORY),
    "key-form-planned": keyForm(plannedPlan(), INVENTORY),
    "key-form-last": keyForm(runStates()["one-key"] ?? darkPlan(), INVENTORY),
    "wait-form": waitForm(SERVICE.name, "F-AAA111"),
    "update-form": updateForm(openedIncident(), UPDATE),
    "resolve-form": resolveForm(openedIncident()),
    "declare-form": declareForm([SERVICE.name], {
      severity: "sev2",
      service: undefined,
      example: "declare sev1 inventory is slow",
    }),
    "severity-form": severityForm(openedIncident()),
    "freeze-form": freezeForm(),
    "reject-form": rejectForm(darkPlan()),
    "take-over-form": takeOverForm(darkPlan(), "F-AAA111:fence:3", "Fence eu-west-1"),
    ...Object.fromEntries(
      RUNBOOKS.map((runbook) => [
        `form-${runbook.name}`,
        formOf(runbook, INVENTORY, { channel: "C0INC4MZQ8T", refused: [] }),
      ]),
    ),
  };
}

const LOOK = AT + 5 * MINUTE;

const WAIT: Wait = {
  ...{
    service: SERVICE.name,
    number: 1,
    state: "standing",
    atMs: AT,
    untilMs: AT + 10 * MINUTE,
    by: "ana",
    door: "slack",
  },
  ...{ reason: "AWS says that eu-west-1 comes back within the hour.", channel: "C0INC4MZQ8T", isTold: true },
};

const WAITS = { wait: WAIT, inventory: INVENTORY, asks: VERBS_THAT_MOVE };

function waitCards(): Record<string, Card> {
  const [run, long] = [darkPlan(), { ...WAIT, untilMs: AT + 60 * MINUTE }];
  return {
    "wait-with-plan": waitCard({ ...WAITS, run }, AT),
    "wait-without-plan": waitCard({ ...WAITS, run: undefined }, AT),
    "wait-longer-than-plan": waitAnswer({ wait: long, run }, AT),
    "wait-over-with-plan": waitOverCard({ ...WAITS, run }, AT + 10 * MINUTE),
    "wait-over-under-way": waitOverCard({ ...WAITS, run: undefined, moving: run }, AT + 10 * MINUTE),
    "wait-over-without-plan": waitOverCard({ ...WAITS, run: undefined }, AT + 10 * MINUTE),
  };
}

const NO_PLAN =
  "No plan for inventory: stock-replica in eu-central-1 follows another database than stock in eu-west-1. Point it at stock, or build a new replica first. Nothing was changed.";

function sightCards(): Record<string, Card> {
  const of = (region: string, what: string, says?: string) => ({
    ...{ key: `${what} ${region}`, region, what },
    ...(says === undefined ? {} : { says }),
  });
  const glimpses = [
    of("eu-west-1", "stock"),
    of("eu-west-1", "api", "silent"),
    of("eu-west-1", "application", "gives no answer (connection refused)"),
    of("eu-central-1", "stock", "database available, lag 2 s"),
    of("eu-central-1", "api", "tasks 0 of 4 running"),
    { key: "6", what: "users", says: "get errors (HTTP 502)" },
  ];
  const about = { service: SERVICE.name, asker: "Farid Haddad", glimpses };
  const outcome = endedWithout({ asker: about.asker, isTold: true, mayBeKept: false, forRoom: NO_PLAN });
  return { "sight-going-on": sightCard(about), "sight-refused": sightCard({ ...about, outcome }) };
}

const CALLED = {
  ...{ label: "PagerDuty", atMs: DARK_AT, againMs: 5 * MINUTE },
  people: whoIsLeft(darkPlan(), INVENTORY).map(({ id }) => id),
};

function planCards(): Record<string, Card> {
  const runs = runStates();
  const [oneKey, refused, running] = [runs["one-key"], runs["refused"], runs["running"]];
  if (!oneKey || !refused || !running) throw new Error("the gallery has these runs");
  return {
    "plan-dark": planCard(darkPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT }),
    "plan-learned": planCard(learnedPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT }),
    "plan-planned": planCard(plannedPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT }),
    "plan-healthy-primary": planCard(healthyPrimaryPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT }),
    "plan-one-key": planCard(oneKey, INVENTORY, { nowMs: AT + 2 * MINUTE, downSinceMs: DARK_AT }),
    "plan-called": planCard(darkPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT, called: CALLED }),
    "plan-called-of-many": planCard(darkPlan(), INVENTORY, {
      ...{ nowMs: AT, downSinceMs: DARK_AT },
      called: { ...CALLED, people: CALLED.people.slice(1) },
    }),
    "plan-waiting": planCard(darkPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT, wait: WAIT }),
    ...waitCards(),
    ...sightCards(),
    "plan-refused": planCard(refused, INVENTORY, { nowMs: AT + 2 * MINUTE, downSinceMs: DARK_AT }),
    "plan-keys-turned": planCard(running, INVENTORY, { nowMs: AT + 2 * MINUTE, downSinceMs: DARK_AT }),
    "plan-details": planDetailsCard(darkPlan(), INVENTORY),
    "plan-in-full": planInFull(darkPlan(), INVENTORY, { nowMs: AT, downSinceMs: DARK_AT }),
    "by-hand": byHandCard(darkPlan().plan, 1, ["arn:aws:iam::123456789012:role/twokey-execute"]),
  };
}

/** The plan of every runbook on every service that can have it, and its run in every state on the first one. */
function runbookCards(): Record<string, Card> {
  const plans = PROPOSED.map(
    ({ title, inventory, run }) => [`runbook ${title}`, planCard(run, inventory, { nowMs: AT })] as const,
  );
  const details = PROPOSED.map(
    ({ title, inventory, run }) => [`details ${title}`, planDetailsCard(run, inventory)] as const,
  );
  const runs = PROPOSED.filter(({ service }) => service === SERVICE.name).flatMap(({ runbook, inventory, run }) =>
    Object.entries(statesOf(run)).map(
      ([state, each]) =>
        [`run ${runbook} ${state}`, progressCard(each, inventory, { nowMs: LOOK, downSinceMs: DARK_AT })] as const,
    ),
  );
  const started = PROPOSED.flatMap(({ title, inventory, run }) => {
    const running = statesOf(run)["running"];
    return running ? [[`started ${title}`, planCard(running, inventory, { nowMs: LOOK })] as const] : [];
  });
  return Object.fromEntries(
    [...plans, ...details, ...started, ...runs].map(([id, card]) => [id.replaceAll(" ", "-"), card]),
  );
}

function progressCards(): Record<string, Card> {
  const latest = { promote: "status modifying", "scale-out": "3 of 5 tasks run" };
  return Object.fromEntries(
    Object.entries(runStates())
      .filter(([, run]) => run.startedAtMs !== undefined)
      .map(([name, run]) => [
        `progress-${name}`,
        progressCard(run, INVENTORY, { nowMs: AT + 3 * MINUTE, downSinceMs: DARK_AT, latest }),
      ]),
  );
}

const UPDATE = {
  status: "Users cannot order. Failover F-7KQ2MX to eu-central-1 is running.",
  progress: "Fence eu-west-1: done. Promote mycomputer-inventory-db-replica: under way.",
  challenges: "eu-west-1 does not answer.",
  eta: "About 5 min.",
};

const nameOf = (id: string) => INVENTORY.people.find((person) => person.id === id)?.name ?? id;

function incidentCards(): Record<string, Card> {
  const [open, answered, resolved, troubled] = [
    openedIncident(),
    answeredIncident(),
    resolvedIncident(),
    troubledIncident(),
  ];
  const context = (incident: typeof open, nowMs: number) => ({
    nameOf,
    targets: responseTargets(incident),
    next: nextPage(incident, nowMs),
    escalates: nextLevel(incident, nowMs)?.rung,
  });
  const due = { ...answered, update: { ...answered.update, draft: UPDATE, dueAtMs: DARK_AT + 30 * MINUTE } };
  const events = [
    "alarm inventory-5xx in eu-west-1: Threshold Crossed: datapoints > 5",
    "opened as SEV1",
    "paged Ana Keller",
    "Ana Keller acknowledged",
  ].map((says, index) => ({
    ...{ kind: "x", atMs: DARK_AT + index * 20_000, door: "engine" as const, says, facts: {} },
  }));
  return {
    "incident-open": incidentCard(open, context(open, AT)),
    "incident-waiting": incidentCard(answered, { ...context(answered, AT), waits: [waitLine(WAITS)] }),
    "incident-answered": incidentCard(answered, context(answered, AT)),
    "incident-troubled": incidentCard(troubled, context(troubled, AT)),
    "incident-resolved": incidentCard(resolved, context(resolved, AT)),
    page: pageCard(open, { why: "level 1, operations team", ladder: 1 }),
    "page-answered": pageCard(answered, { why: "level 1, operations team", ladder: 1 }),
    initial: initialCard(open),
    update: updateCard(due, { number: 1, fields: UPDATE, late: false }),
    "update-draft": updateDraftCard(due, due.update.number) ?? sentenceCard("no draft"),
    resolution: resolutionCard(resolved),
    "resolution-short": resolutionCard(shortlyResolved()),
    "resolution-added": resolutionAddedCard(shortlyResolved(), 0),
    "resolution-left": resolutionLeftCard(shortlyResolved()),
    timeline: timelineCard(open, events),
    alert: alertCard(alarm(), { incidentChannel: "C0INC4MZQ8T" }),
    "alert-message": alertCard(alarmMessage(), {}),
    "alert-changes": alertChangesCard(alarm().changes),
  };
}

function boardCards(): Record<string, Card> {
  return {
    ...Object.fromEntries(
      Object.entries(BOARDS).map(([name, board]) => [
        `board-${name}`,
        statusCard(board, { names: ["Farid Haddad"], empty: ["dba"] }, seenAt(`board-${name}`)),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(IN_DEPTH).map(([name, status]) => [`service-${name}`, serviceCard(status, AT)]),
    ),
  };
}

function otherCards(): Record<string, Card> {
  return {
    help: helpCard(Object.values(VERBS)),
    ...(VERBS["failover"] ? { "help-verb": verbCard(VERBS["failover"]) } : {}),
    recovery: recoveryCard(RECOVERY, INVENTORY, AT),
    "on-call": onCallCard({
      lines: [
        { policy: "operations team", level: 1, name: "Ana Keller", person: "ana", untilMs: AT + 300 * MINUTE },
        { policy: "operations team", level: 2, name: "Elena Rossi", person: "elena", untilMs: undefined },
      ],
      empty: ["dba"],
      toCall: {
        unlisted: ["Nina Sato"],
        keeper: "PagerDuty",
        helpers: [
          { person: "ana", phone: "+15550123", email: "ana@mycomputer.com" },
          { person: "elena", phone: undefined, email: "elena@mycomputer.com" },
        ],
        approvers: [
          { person: "ana", phone: "+15550123", email: "ana@mycomputer.com", isRung: true },
          { person: "elena", phone: undefined, email: "elena@mycomputer.com", isRung: false, keysFor: ["inventory"] },
        ],
      },
    }),
  };
}

function forgottenAct(step: string, says: string, over: Pick<Act, "atMs" | "requestIds">): Act {
  return { run: "F-7KQ2MX", service: SERVICE.name, epoch: 1, kind: "intent", step, says, ...over };
}

const RECOVERY: Recovery = {
  ...{
    id: "R-4C7M1Q",
    state: "waiting",
    requester: "farid",
    askedAtMs: AT,
    signByMs: AT + 15 * MINUTE,
    keysRequired: 2,
  },
  inventoryDigest: INVENTORY.digest,
  testimonies: [
    { process: "bot-1", mark: "m1", why: "the store does not know this process's ledger", epoch: 4, acts: [] },
  ],
  forgotten: [
    forgottenAct("fence", "Fence eu-west-1: stop its service, close its database", {
      atMs: AT - 184_000,
      requestIds: ["req-1"],
    }),
    forgottenAct("promote", "Promote mycomputer-inventory-db-replica in eu-central-1", {
      atMs: AT - 173_000,
      requestIds: ["req-2"],
    }),
  ],
  seen: [seenLines(SERVICE, seenOn(SERVICE, darkHome()), AT)],
  ends: ["F-7KQ2MX"],
  signatures: [],
};

/** Everybody of the files that the gallery's plans are made from. */
const INVENTORIES = [INVENTORY, ...PROPOSED.map(({ inventory }) => inventory)];
const PEOPLE = Object.assign({}, ...INVENTORIES.map(({ file }) => file.people)) as typeof INVENTORY.file.people;
const accounts = slackAccounts(() => ({ ...INVENTORY.file, people: PEOPLE }));

const SHOWN: Readonly<Record<string, string>> = { C0INC4MZQ8T: "inc-1121-inventory-4mzq8t", C01ALERTS: "alerts" };

export const NAMES: Names = {
  nameOf: (id) => SHOWN[id] ?? PEOPLE[accounts.personOf(id) ?? ""]?.name,
  nowMs: AT,
};

const { memberOf } = accounts;

/** Cards about what comes after the plan is made are looked at then. */
function seenAt(id: string): number {
  if (id.startsWith("wait-over")) return AT + 10 * MINUTE;
  return LATER.some((start) => id.startsWith(start)) ? AT + 3 * MINUTE : AT;
}
const LATER = ["plan-one-key", "plan-refused", "plan-keys-turned", "started", "board-mixed", "call-keys"];

/** The gallery as Slack is sent it. */
export function gallery(): Drawn[] {
  const shown = Object.entries(cards()).map(([id, card]): Drawn => {
    const { text, blocks } = messageOf(card, memberOf);
    return { id, title: id, text, blocks: asNodes(blocks), nowMs: seenAt(id) };
  });
  const asked = Object.entries(forms()).map(([id, form]): Drawn => {
    const { title, submit, close, blocks } = modalOf(form, memberOf);
    const modal = { title: title.text, submit: submit?.text ?? "", close: close?.text ?? "" };
    return { id, title: id, blocks: asNodes(blocks), modal };
  });
  return [...shown, ...asked];
}

/** As they go over the wire. */
const asNodes = (blocks: readonly object[]): Drawn["blocks"] => blocks.map((block) => ({ ...block }));
