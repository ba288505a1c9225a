import type { World } from "../world/world.ts";
import type { NetworkAccess } from "./database-fleet.ts";
import { drawMs } from "./durations.ts";
import { AwsError } from "./service.ts";
import type { Ec2Spec } from "./specs.ts";

/** One ingress rule: a protocol, a port range, and one source. */
export interface Rule {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** A CIDR block or the id of a security group. */
  readonly source: string;
}

export interface SecurityGroup {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly vpcId: string;
  /** As the API shows them, at once. */
  rules: readonly Rule[];
  /** As the network enforces them, a little later. */
  enforced: readonly Rule[];
}

/** Security groups and whom the network lets in. They are stateful: what is connected already stays connected. */
export class SecurityGroups implements NetworkAccess {
  readonly #world: World;
  readonly #ruleEffect: Ec2Spec["ruleEffect"];
  readonly #random;
  readonly #groups = new Map<string, SecurityGroup>();

  constructor(world: World, spec: Ec2Spec) {
    this.#world = world;
    this.#ruleEffect = spec.ruleEffect;
    this.#random = world.random.fork("ec2");
    for (const { id, region, name, vpcId, ingress } of spec.securityGroups) {
      this.#groups.set(`${region}/${id}`, { id, region, name, vpcId, rules: ingress, enforced: ingress });
    }
  }

  in(region: string): SecurityGroup[] {
    return [...this.#groups.values()].filter((group) => group.region === region);
  }

  require(region: string, id: string): SecurityGroup {
    const group = this.#groups.get(`${region}/${id}`);
    if (!group) throw new AwsError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
    return group;
  }

  allows(region: string, groups: readonly string[], port: number): boolean {
    return groups.some((id) =>
      this.#groups
        .get(`${region}/${id}`)
        ?.enforced.some(
          ({ protocol, fromPort, toPort }) =>
            protocol === "-1" || (protocol === "tcp" && fromPort <= port && port <= toPort),
        ),
    );
  }

  /** All or nothing. Throws InvalidPermission.Duplicate. */
  authorize(group: SecurityGroup, rules: readonly Rule[]): void {
    const known = rules.find((rule) => group.rules.some(isSame(rule)));
    if (known) {
      throw new AwsError(
        "InvalidPermission.Duplicate",
        `the specified rule "peer: ${known.source}, ${known.protocol.toUpperCase()}, from port: ${known.fromPort}, to port: ${known.toPort}, ALLOW" already exists`,
      );
    }
    this.#become(group, [...group.rules, ...rules]);
  }

  /** All or nothing, as in a VPC of one's own. Throws InvalidPermission.NotFound. */
  revoke(group: SecurityGroup, rules: readonly Rule[]): void {
    if (rules.some((rule) => !group.rules.some(isSame(rule)))) {
      throw new AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    this.#become(
      group,
      group.rules.filter((rule) => !rules.some(isSame(rule))),
    );
  }

  #become(group: SecurityGroup, rules: readonly Rule[]): void {
    group.rules = rules;
    const delayMs = drawMs(this.#random, this.#ruleEffect);
    this.#world.clock.after(delayMs, () => {
      // A later change may have been quicker; the network always ends at what the API shows.
      group.enforced = group.rules;
      this.#world.log.append("ec2.rules-enforced", {
        group: group.id,
        region: group.region,
        rules: group.rules.length,
      });
    });
  }
}

function isSame(one: Rule): (other: Rule) => boolean {
  return (other) =>
    one.protocol === other.protocol &&
    one.fromPort === other.fromPort &&
    one.toPort === other.toPort &&
    one.source === other.source;
}
