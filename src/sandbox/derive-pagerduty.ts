import type { Person } from "../domain/people/person.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { Settings } from "../integrations/pagers/pagerduty/kind.ts";
import type { PagerDutySpec } from "../simulators/pagerduty/spec.ts";

/** Of the simulated account, whatever the file. */
export const PAGERDUTY_EXTRAS = {
  apiToken: "simulated-pagerduty-token",
  routingKey: "51a7ed0000000000000000000000c0de",
  webhookSecret: "simulated-webhook-secret",
  botUserId: "PSIMTWOKEY",
  webhook: "PSIMHOOK",
} as const;

/** PagerDuty takes at most that many targets in one rule of a policy. */
const MOST_TARGETS = 10;
const LEVEL_MINUTES = 5;

export interface PagerDutyOptions {
  readonly webhookUrl: string;
  /** What people do when the phone rings; absent: nobody answers by themselves. */
  readonly people?: PagerDutySpec["people"];
}

/**
 * An account with the file's users and policies. The file does not say who is on call: each policy has a schedule of one
 * responder, those who neither approve nor command first. Where PagerDuty drives the escalation, all others follow.
 */
export function derivePagerDuty({ file, people }: Inventory, options: PagerDutyOptions): PagerDutySpec {
  const users = people.flatMap((person) =>
    person.pagers["pagerduty"] === undefined
      ? []
      : [{ id: person.pagers["pagerduty"], name: person.name, email: person.email, person }],
  );
  const inTurn = users.toSorted((one, other) => dutyOrder(one.person) - dutyOrder(other.person));
  const policies = policyIds(file.audiences);
  const onCall = (index: number) => inTurn[index % Math.max(1, inTurn.length)]?.id;
  const others = (index: number) => inTurn.map(({ id }) => id).filter((id) => id !== onCall(index));
  const { escalation } = file;
  const pagerduty = Settings.parse(file.pagers["pagerduty"]?.settings);
  const isDriver = escalation.driver === "pagerduty";
  return {
    apiToken: PAGERDUTY_EXTRAS.apiToken,
    users: [
      ...users.map(({ id, name, email }) => ({ id, name, email })),
      { id: PAGERDUTY_EXTRAS.botUserId, name: "TwoKey", email: pagerduty.from },
    ],
    schedules: policies.map(({ id, name }, index) => {
      const user = onCall(index);
      return { id: scheduleOf(id), name: `On call for ${name}`, shifts: user === undefined ? [] : [{ user }] };
    }),
    escalationPolicies: policies.map(({ id, name }, index) => {
      const second = isDriver ? others(index).slice(0, MOST_TARGETS) : [];
      const rules = [
        { delayMinutes: LEVEL_MINUTES, targets: [{ schedule: scheduleOf(id) }] },
        ...(second.length > 0 ? [{ delayMinutes: LEVEL_MINUTES, targets: second.map((user) => ({ user })) }] : []),
      ];
      return { id, name, rules, numLoops: isDriver ? 2 : 0 };
    }),
    services: [
      {
        ...{ id: pagerduty.service, name: `${file.organisation} ${file.environment}`, urgency: "high" },
        ...{ escalationPolicy: policies[0].id, integrationKeys: [PAGERDUTY_EXTRAS.routingKey] },
      },
    ],
    webhookSubscriptions: [
      { id: PAGERDUTY_EXTRAS.webhook, url: options.webhookUrl, secrets: [PAGERDUTY_EXTRAS.webhookSecret] },
    ],
    people: options.people,
  };
}

interface NamedPolicy {
  readonly id: string;
  readonly name: string;
}

/** A service cannot be without a policy; where no audience names one, there is one that nobody else uses. */
function policyIds(audiences: Inventory["file"]["audiences"]): readonly [NamedPolicy, ...NamedPolicy[]] {
  const named = Object.entries(audiences).flatMap(([name, audience]) =>
    audience.kind === "pager" && audience.pager === "pagerduty" ? [{ id: audience.policy, name }] : [],
  );
  const [first, ...rest] = [...new Map(named.map((policy) => [policy.id, policy])).values()];
  return [first ?? { id: "PSIMPOLICY", name: "everybody" }, ...rest];
}

function scheduleOf(policy: string): string {
  return `${policy.slice(0, 31)}S`;
}

function dutyOrder({ roles }: Person): number {
  return (
    (roles.includes("responder") ? 0 : 4) + (roles.includes("commander") ? 2 : 0) + (roles.includes("approver") ? 1 : 0)
  );
}
