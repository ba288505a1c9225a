import type { Condition, Permission, Thing } from "../../ports/permission.ts";

/** Characters of a policy that STS takes with a call. */
export const LONGEST_SESSION_POLICY = 2_048;

/** Looks that belong to no resource: a subscription is confirmed where AWS asks for it, and proven to be there. */
export const ON_TOPICS = ["sns:ConfirmSubscription", "sns:ListSubscriptionsByTopic"] as const;

/** Where the role says on what: a session that looks may do no more than look, at whatever kind of resource. */
export const lookingPolicy = (looks: readonly string[]): string =>
  JSON.stringify(policyOf([{ Effect: "Allow", Action: [...looks, ...ON_TOPICS], Resource: "*" }]));

/** Whose account it is, and in which partition of AWS. */
export interface Whose {
  readonly partition: string;
  readonly account: string;
}

/** `arn:aws:iam::123456789012:role/twokey-execute` → its partition and its account. */
export function whoseRole(arn: string): Whose {
  const [, partition = "aws", , , account = ""] = arn.split(":");
  return { partition, account };
}

/** Those managed policies that are of the role's account: no session may name any other. Undefined: there are none. */
export function managedFor(role: string, named: readonly string[] = []): readonly string[] | undefined {
  const own = named.filter((arn) => whoseRole(arn).account === whoseRole(role).account);
  return own.length === 0 ? undefined : own;
}

export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource?: "*" | readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Condition | undefined;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/** Exactly what is permitted, for a role of that account. */
export const sessionPolicy = (permissions: readonly Permission[], whose: Whose): string =>
  JSON.stringify(policyOf(statementsOf(permissions, whose)));

interface Allowing extends Statement {
  readonly Resource: readonly string[];
}

/** What is permitted on the same terms stands together. */
export function statementsOf(permissions: readonly Permission[], whose: Whose): readonly Allowing[] {
  const statements = new Map<string, Allowing>();
  for (const { actions, on, when } of permissions) {
    const terms = JSON.stringify([actions, when ?? null]);
    const arns = on.map((thing) => arnOf(thing, whose));
    const Resource = [...new Set([...(statements.get(terms)?.Resource ?? []), ...arns])];
    statements.set(terms, { Effect: "Allow", Action: actions, Resource, ...(when && { Condition: when }) });
  }
  return togetherOn([...statements.values()]);
}

/** Several calls on the same things, and on the same terms, are one statement: a policy has room for so many characters. */
function togetherOn(all: readonly Allowing[]): readonly Allowing[] {
  const statements = new Map<string, Allowing>();
  for (const one of all) {
    const terms = JSON.stringify([one.Resource, one.Condition ?? null]);
    const Action = [...(statements.get(terms)?.Action ?? []), ...one.Action];
    statements.set(terms, { ...one, Action });
  }
  return [...statements.values()];
}

export function arnOf({ service, region, account, resource }: Thing, whose: Whose): string {
  // What belongs to no region belongs to no account either.
  const owner = region === undefined ? "" : (account ?? whose.account);
  return `arn:${whose.partition}:${service}:${region ?? ""}:${owner}:${resource}`;
}

export function policyOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}
