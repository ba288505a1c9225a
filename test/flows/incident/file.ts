import { TWOKEY_FILE } from "../../../src/config/file-schema.ts";
import type { Signal } from "../../../src/domain/incident/alert.ts";
import { type Inventory, inventoryFrom } from "../../../src/domain/service/inventory.ts";
import { START_MS } from "../../harness/fakes/index.ts";

const people = {
  ana: { name: "Ana", slack: "U01ANA", pagers: { pagerduty: "PANA" }, email: "ana@example.com", roles: ["responder"] },
  ben: {
    name: "Ben",
    slack: "U01BEN",
    pagers: { pagerduty: "PBEN" },
    email: "ben@example.com",
    roles: ["responder", "approver"],
  },
  cto: {
    name: "Cleo",
    slack: "U01CTO",
    pagers: { pagerduty: "PCTO" },
    email: "cto@example.com",
    roles: ["commander", "approver"],
  },
  eve: { name: "Eve", slack: "U01EVE", pagers: { pagerduty: "PEVE" }, email: "eve@example.com", roles: ["approver"] },
};

const page = ({
  level,
  after,
  audience,
  channels,
  unless,
}: {
  readonly level: number;
  readonly after: string;
  readonly audience: string;
  readonly channels: string[];
  readonly unless?: "acked" | undefined;
}) => ({
  level,
  after,
  audience,
  channels,
  mode: "everyone",
  ...(unless ? { unless } : {}),
});

const never = { every: "1m", max: 0, unless: "acked" };

export const FILE = {
  version: 2,
  organisation: "Example",
  environment: "test",
  slack: { team: "T0EXAMPLE" },
  pagers: { pagerduty: { service: "PSVC", from: "bot@example.com" } },
  aws: { account: "123456789012", sts: "eu-central-1" },
  people,
  audiences: {
    first: { kind: "people", people: ["ana"] },
    both: { kind: "people", people: ["ana", "ben"] },
    top: { kind: "people", people: ["cto"] },
    ops: { kind: "pager", pager: "pagerduty", policy: "POPS" },
  },
  approvals: { approvers: ["ben", "cto"] },
  escalation: {
    driver: "twokey",
    throttle: { pages: 100, per: "15m" },
    severities: {
      sev1: {
        pager_severity: "critical",
        quiet_hours: "ignore",
        ack_deadline: "5m",
        status_update_every: "30m",
        steps: [
          page({ level: 1, after: "0s", audience: "first", channels: ["phone", "push", "slack"] }),
          page({ level: 1, after: "0s", audience: "ops", channels: ["phone"] }),
          page({ level: 2, after: "5m", audience: "both", channels: ["phone", "sms"], unless: "acked" }),
          page({ level: 3, after: "10m", audience: "top", channels: ["phone"], unless: "acked" }),
        ],
        repeat: { every: "5m", max: 4, unless: "acked" },
      },
      sev2: {
        pager_severity: "error",
        quiet_hours: "ignore",
        steps: [page({ level: 1, after: "0s", audience: "first", channels: ["slack", "email"] })],
        repeat: { every: "15m", max: 2, unless: "acked" },
      },
      sev3: {
        pager_severity: "warning",
        steps: [{ ...page({ level: 1, after: "0s", audience: "ops", channels: ["slack"] }), mode: "channel_only" }],
        repeat: never,
      },
      sev4: {
        pager_severity: "info",
        steps: [{ ...page({ level: 1, after: "0s", audience: "ops", channels: ["slack"] }), mode: "channel_only" }],
        repeat: never,
      },
    },
  },
  alerts: {
    channel: "CALERTS",
    topics: ["arn:aws:sns:us-east-1:123456789012:alarms"],
    rules: ["a", "b", "c", "d"].map((name) => ({
      name: `${name} is down`,
      match: { alarm: `${name}-*` },
      service: name,
      severity: "sev1",
      opens_incident: true,
    })),
  },
  incidents: {},
  services: {},
};

export function inventory(change: (file: typeof FILE) => unknown = (file) => file): Inventory {
  return inventoryFrom(TWOKEY_FILE.parse(change(structuredClone(FILE))));
}

let signals = 0;

export function signal(name: string, over: Partial<Signal> = {}): Signal {
  signals += 1;
  const region = over.region ?? "us-east-1";
  return {
    id: `sns:${signals}`,
    source: "cloudwatch",
    fingerprint: `arn:aws:cloudwatch:${region}:123456789012:alarm:${name}`,
    name,
    description: "",
    reason: "Threshold crossed",
    account: "123456789012",
    region,
    namespace: "AWS/RDS",
    metric: "ReplicaLag",
    dimensions: {},
    state: "alarm",
    previousState: "ok",
    changedAtMs: START_MS,
    publishedAtMs: START_MS,
    receivedAtMs: START_MS,
    late: false,
    ...over,
  };
}
