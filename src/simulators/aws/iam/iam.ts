import type { World } from "../../world/world.ts";
import type { AwsCall, AwsService } from "../service.ts";
import { accessesOf } from "./accesses.ts";
import { denialOf, type Layer } from "./denial.ts";
import { judge, type PolicyDocument } from "./policy.ts";
import type { Things } from "./wanted.ts";

/** Whom an access key belongs to, and what limits it. */
export interface Principal {
  readonly arn: string;
  /** Undefined: an administrator, whom nothing limits. */
  readonly identity: readonly PolicyDocument[] | undefined;
  /** Of a session that was asked for with policies; undefined: the role's own are the only limit. */
  readonly session: readonly PolicyDocument[] | undefined;
}

export interface Judging {
  readonly principalOf: (accessKeyId: string | undefined) => Principal;
  readonly things: Things;
}

export type Authorise = (service: AwsService, call: AwsCall) => void;

/**
 * Throws the service's own refusal unless the identity's policies and those of its session both allow all that the call
 * needs. Every refusal stands in the log as `iam.denied`, also one of a call that only looks.
 */
export function authorising(world: World, { principalOf, things }: Judging): Authorise {
  return (service, call) => {
    const { arn: who, ...policies } = principalOf(call.accessKeyId);
    const layers: readonly (readonly [Layer, readonly PolicyDocument[] | undefined])[] = [
      ["identity-based", policies.identity],
      ["session", policies.session],
    ];
    for (const access of accessesOf(call, things)) {
      for (const [layer, documents] of layers) {
        const judgement = documents === undefined ? "allowed" : judge(documents, access);
        if (judgement === "allowed") continue;
        const { action, resource } = access;
        world.log.append("iam.denied", { who, action, resource, layer, judgement, region: call.region });
        throw denialOf(service, { who, access, judgement, layer });
      }
    }
  };
}
