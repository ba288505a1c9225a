import type { World } from "../world/world.ts";
import type { Door, NetworkAccess } from "./database-network.ts";
import { drawMs } from "./durations.ts";
import type { Ec2Spec } from "./ec2-spec.ts";
import type { NetworkInterface } from "./network-interfaces.ts";
import {
  isSame,
  letsIn,
  type NewRule,
  opens,
  type Rule,
  type Source,
  saySource,
  sourceNamed,
} from "./security-rules.ts";
import { AwsError } from "./service.ts";
import { ACCOUNT_ID } from "./specs.ts";

export interface SecurityGroup {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly vpcId: string;
  /** As the next change finds them. */
  rules: readonly Rule[];
  /** What a description shows until then, in world time, epoch milliseconds. */
  stale: { readonly rules: readonly Rule[]; readonly untilMs: number };
  /** As the network enforces them, a little later. */
  enforced: readonly Rule[];
}

/** Security groups and whom the network lets in. They are stateful: what is connected already stays connected. */
export class SecurityGroups implements NetworkAccess {
  readonly #world: World;
  readonly #spec: Ec2Spec;
  readonly #random;
  readonly #ids;
  readonly #staleness;
  readonly #attached: (() => readonly NetworkInterface[])[] = [];
  readonly #groups = new Map<string, SecurityGroup>();

  constructor(world: World, spec: Ec2Spec) {
    this.#world = world;
    this.#spec = spec;
    this.#random = world.random.fork("ec2");
    this.#ids = world.random.fork("ec2-rules");
    this.#staleness = world.random.fork("ec2-stale");
    for (const { id, region, name, vpcId, ingress } of spec.securityGroups) {
      const rules = ingress.map((rule) => this.#named(ruleOf(rule)));
      this.#groups.set(`${region}/${id}`, {
        id,
        region,
        name,
        vpcId,
        rules,
        enforced: rules,
        stale: { rules, untilMs: 0 },
      });
    }
  }

  in(region: string): SecurityGroup[] {
    return [...this.#groups.values()].filter((group) => group.region === region);
  }

  /** As a description shows them now. */
  shown({ rules, stale }: SecurityGroup): readonly Rule[] {
    return this.#world.clock.now() < stale.untilMs ? stale.rules : rules;
  }

  /** Throws InvalidGroup.NotFound. */
  require(region: string, id: string): SecurityGroup {
    const group = this.#groups.get(`${region}/${id}`);
    if (!group) throw groupNotFound(id);
    return group;
  }

  attach(interfaces: () => readonly NetworkInterface[]): void {
    this.#attached.push(interfaces);
  }

  /** Of what other services attach. */
  interfaces(): readonly NetworkInterface[] {
    return this.#attached.flatMap((interfaces) => interfaces());
  }

  vpcOf(region: string, id: string): string | undefined {
    return this.#groups.get(`${region}/${id}`)?.vpcId;
  }

  allows(region: string, groups: readonly string[], { port, from }: Door): boolean {
    const entriesOf = (list: string) => this.#prefixList(region, list)?.entries ?? [];
    return groups.some((id) =>
      this.#groups.get(`${region}/${id}`)?.enforced.some((rule) => opens(rule, port) && letsIn(rule, from, entriesOf)),
    );
  }

  /** All or nothing. Throws InvalidPermission.Duplicate, and NotFound for a source that there is not. */
  authorize(group: SecurityGroup, rules: readonly NewRule[]): readonly Rule[] {
    for (const { source } of rules) this.#mustKnow(group, source);
    const known = rules.find((rule) => group.rules.some(isSame(rule)));
    if (known) {
      throw new AwsError(
        "InvalidPermission.Duplicate",
        `the specified rule "peer: ${saySource(known.source)}, ${known.protocol.toUpperCase()}, from port: ${known.fromPort}, to port: ${known.toPort}, ALLOW" already exists`,
      );
    }
    const named = rules.map((rule) => this.#named(rule));
    this.#become(group, [...group.rules, ...named]);
    return named;
  }

  /** All or nothing, as in a VPC of one's own. Throws InvalidPermission.NotFound. */
  revoke(group: SecurityGroup, rules: readonly NewRule[]): readonly Rule[] {
    if (rules.some((rule) => !group.rules.some(isSame(rule)))) {
      throw new AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    return this.#remove(group, (rule) => rules.some(isSame(rule)));
  }

  /** The same by the ids of rules. Throws InvalidSecurityGroupRuleId.NotFound. */
  revokeById(group: SecurityGroup, ids: readonly string[]): readonly Rule[] {
    const unknown = ids.find((id) => !group.rules.some((rule) => rule.id === id));
    if (unknown !== undefined)
      throw new AwsError(
        "InvalidSecurityGroupRuleId.NotFound",
        `The security group rule ID '${unknown}' does not exist`,
      );
    return this.#remove(group, ({ id }) => ids.includes(id));
  }

  #remove(group: SecurityGroup, isRevoked: (rule: Rule) => boolean): readonly Rule[] {
    const revoked = group.rules.filter(isRevoked);
    this.#become(
      group,
      group.rules.filter((rule) => !revoked.includes(rule)),
    );
    return revoked;
  }

  #mustKnow({ region }: SecurityGroup, source: Source): void {
    if (source.kind === "prefix-list" && !this.#prefixList(region, source.id))
      throw new AwsError("InvalidPrefixListID.NotFound", `The prefix list ID '${source.id}' does not exist`);
    if (source.kind !== "group") return;
    const isKnown =
      source.account === ACCOUNT_ID
        ? this.#groups.has(`${region}/${source.id}`)
        : this.#spec.foreignGroups.some(
            (other) => other.region === region && other.account === source.account && other.id === source.id,
          );
    if (!isKnown) throw groupNotFound(source.id);
  }

  #prefixList(region: string, id: string) {
    return this.#spec.prefixLists.find((list) => list.region === region && list.id === id);
  }

  #named(rule: NewRule): Rule {
    return { ...rule, id: `sgr-${this.#ids.hex(17)}` };
  }

  #become(group: SecurityGroup, rules: readonly Rule[]): void {
    const nowMs = this.#world.clock.now();
    group.stale = { rules: this.shown(group), untilMs: nowMs + drawMs(this.#staleness, this.#spec.staleRead) };
    group.rules = rules;
    const delayMs = drawMs(this.#random, this.#spec.ruleEffect);
    this.#world.clock.after(delayMs, () => {
      // A later change may have been quicker; the network always ends where the API does.
      group.enforced = group.rules;
      this.#world.log.append("ec2.rules-enforced", {
        group: group.id,
        region: group.region,
        rules: group.rules.length,
      });
    });
  }
}

function ruleOf({ source: text, peering, ...rule }: Ec2Spec["securityGroups"][number]["ingress"][number]): NewRule {
  const source = sourceNamed(text);
  if (!source) throw new Error(`${text} is no source of a rule`);
  return { description: undefined, ...rule, source: source.kind === "group" ? { ...source, peering } : source };
}

const groupNotFound = (id: string): AwsError =>
  new AwsError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
