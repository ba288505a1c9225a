import type { AlertDocument } from "../../src/domain/incident/alert.ts";
import type { Incident } from "../../src/domain/incident/incident.ts";
import type { Page } from "../../src/domain/incident/page.ts";
import { dutiesOf } from "../../src/flows/incident/index.ts";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { addToResolution, resolveIncident, TWOKEY } from "../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../src/flows/incident/paging/acknowledge.ts";
import { AT } from "../harness/observed.ts";
import { DARK_AT, INVENTORY, MINUTE } from "./run-states.ts";

const CHANNEL = { id: "C0INC4MZQ8T", name: "inc-1121-inventory-4mzq8t" };
const REASON =
  "Threshold Crossed: 3 out of the last 3 datapoints > 5 (21/11/26 03:08:00). <Route 53> sees no healthy endpoint.";

function page(who: string, via: Page["via"], over: Partial<Page> = {}): Page {
  const kind = who === "PEPOPS01" ? "policy" : "person";
  return {
    ...{ key: `${who}:${via}`, duty: "rung:1.0", ladder: 1, level: 1, target: { kind, id: who }, via },
    ...{ channels: via === "slack" ? ["slack"] : ["push"], round: 0, state: "accepted" },
    ...{ dueAtMs: DARK_AT + MINUTE, intentAtMs: DARK_AT + MINUTE, ...over },
  };
}

/** The pager takes Elena's page for her messages only. */
const refusal = (who: string): Partial<Page> =>
  who === "elena" ? { state: "rejected", why: "the user has no phone" } : {};

const DONE = { state: "done", attempts: 1, worker: "w", intentAtMs: 0, claimedUntilMs: 0 } as const;

/** What was due by the time at which people look at the card. */
const doneUntilNow = (incident: Incident) =>
  Object.fromEntries(
    dutiesOf(incident, AT)
      .filter(({ dueAtMs }) => dueAtMs <= AT)
      .map(({ key }) => [key, DONE]),
  );

export function openedIncident(): Incident {
  const alert = {
    ...{
      fingerprint: "arn:1",
      name: "inventory-5xx",
      service: "inventory",
      region: "eu-west-1",
      severity: "sev1" as const,
    },
    ...{ reason: REASON, atMs: DARK_AT },
  };
  const opening = {
    ...{
      id: "4mzq8t",
      title: "inventory-5xx",
      description: "More than 5 % of requests fail.",
      scope: "service" as const,
    },
    ...{ services: ["inventory"], region: "eu-west-1", severity: "sev1" as const, alert },
  };
  const opened = openIncident(opening, INVENTORY, DARK_AT + 30_000).value;
  const people = ["ana", "ben", "dmitri", "elena", "PEPOPS01"];
  return {
    ...opened,
    duties: { ...opened.duties, ...doneUntilNow(opened) },
    channel: CHANNEL,
    alerts: [alert, { ...alert, fingerprint: "arn:2", name: "inventory-replica-lag", region: "eu-central-1" }],
    pager: { ...opened.pager, url: "https://mycomputer.pagerduty.com/incidents/Q1", status: "triggered" },
    pages: [
      ...people.flatMap((who) => [
        page(who, "pager", refusal(who)),
        ...(who === "PEPOPS01" ? [] : [page(who, "slack")]),
      ]),
    ],
  };
}

export function answeredIncident(): Incident {
  const open = openedIncident();
  const answered =
    acknowledge(open, { by: "ana", name: "Ana Keller", door: "slack" }, DARK_AT + 2 * MINUTE)?.value ?? open;
  return {
    ...answered,
    pager: { ...answered.pager, status: "acknowledged" as const },
    pages: answered.pages.map((each) => (each.target.id === "ana" ? each : { ...each, state: "superseded" as const })),
  };
}

export function resolvedIncident(): Incident {
  const fields = {
    details: "Users are served by eu-central-1; its database was promoted.",
    impact: "Orders could not be placed until users were moved.",
    followUps: "Build a new replica in eu-west-1, then plan the way back.",
    lessons: "Two people, one plan, no hero.",
  };
  const answered = answeredIncident();
  const open = { ...answered, pager: { ...answered.pager, status: "resolved" as const } };
  return (
    resolveIncident(open, { fields, by: "Chloe Martin" }, { actor: TWOKEY, nowMs: DARK_AT + 45 * MINUTE })?.value ??
    open
  );
}

/** Nobody knew more when it was resolved; something was added since. */
export function shortlyResolved(): Incident {
  const open = answeredIncident();
  const fields = { details: "Users are served by eu-central-1; its database was promoted." };
  const chloe = { id: "chloe", name: "Chloe Martin", door: "slack" } as const;
  const nowMs = DARK_AT + 45 * MINUTE;
  const resolved = resolveIncident(open, { fields, by: chloe.name }, { actor: chloe, nowMs })?.value ?? open;
  const later = { impact: "Orders could not be placed until users were moved." };
  return addToResolution(resolved, later, { actor: chloe, nowMs: nowMs + MINUTE })?.value ?? resolved;
}

/** A regional incident in which much went wrong, with foreign text as long as it gets. */
export function troubledIncident(): Incident {
  const open = openedIncident();
  const failed = {
    state: "failed",
    attempts: 3,
    worker: "w",
    intentAtMs: 0,
    claimedUntilMs: 0,
    why: "missing_scope",
  } as const;
  return {
    ...open,
    // Somebody pressed for the next level at once.
    pages: [...open.pages, page("chloe", "slack", { level: 2, intentAtMs: DARK_AT + 3 * MINUTE })],
    title: "A name that somebody else chose ".repeat(20),
    scope: "regional",
    services: ["inventory", "payments", "search"],
    moreAlerts: 41,
    duties: { ...open.duties, "topic:1:open:service": failed, "bookmark:runbook": failed },
    notInvited: [{ person: "elena", why: "cant_invite" }],
  };
}

export function alarm(): AlertDocument {
  const change = (number: number, state: AlertDocument["state"], atMs: number) => ({
    ...{ number, id: `sns:${number}`, state, atMs, reason: REASON, late: number === 3 },
  });
  return {
    ...{ fingerprint: "arn:1", name: "inventory-5xx", region: "eu-west-1", service: "inventory", severity: "sev1" },
    ...{
      state: "alarm",
      reason: REASON,
      firstAtMs: DARK_AT - 20 * MINUTE,
      changedAtMs: DARK_AT,
      alarms: 2,
      signals: 5,
    },
    description: "Users get errors.",
    setOffBy: ["inventory-canary"],
    trigger: {
      metrics: [{ namespace: "AWS/Route53", name: "HealthCheckStatus", dimensions: { HealthCheckId: "hc-1" } }],
      ...{ expressions: [], comparison: "LessThanThreshold", threshold: 1, periodSeconds: 60, periods: 3 },
    },
    runbook: "https://wiki.example.com/inventory",
    incident: "4mzq8t",
    hasCard: true,
    changes: [
      change(1, "alarm", DARK_AT - 20 * MINUTE),
      change(2, "ok", DARK_AT - 18 * MINUTE),
      change(3, "alarm", DARK_AT),
    ],
  };
}

/** What RDS publishes of its own accord: no alarm. */
export function alarmMessage(): AlertDocument {
  const reason =
    '{"Event Source":"db-instance","Event Time":"2026-11-21 03:11:02.000","Source ID":"inventory-db",\n "Event Message":"Replication for the Read Replica stopped."}';
  const { description: _said, trigger: _trigger, runbook: _page, ...rest } = alarm();
  return {
    ...{ ...rest, fingerprint: "arn:topic/m-1", name: "RDS Notification Message", state: "message", reason },
    changes: [{ number: 1, id: "sns:m-1", state: "message", atMs: DARK_AT, reason, late: false }],
    ...{ alarms: 0, signals: 1, severity: "sev3" },
  };
}
