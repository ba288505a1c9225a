import type { AwsCall } from "../service.ts";
import type { RequestContext } from "./conditions.ts";

/** What IAM asks other services about things that exist. */
export interface Things {
  /** Tags of the resource with this ARN; undefined where there is none. */
  readonly tagsOf: (arn: string) => Readonly<Record<string, string>> | undefined;
  /** A key by id, ARN or alias. */
  readonly keyOf: (
    region: string,
    name: string,
  ) => { readonly arn: string; readonly aliases: readonly string[] } | undefined;
  /** Network of a security group by its id; undefined where there is none. */
  readonly vpcOf: (region: string, group: string) => string | undefined;
}

/** One access of a call, before what all accesses share is added. */
export interface Wanted {
  /** Without the service: `PromoteReadReplica`; with it where it is another one's. */
  readonly action: string;
  readonly resource: string;
  readonly context?: RequestContext | undefined;
}
export type AccessesOf = (call: AwsCall, things: Things) => readonly Wanted[];
