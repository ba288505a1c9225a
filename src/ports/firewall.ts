import type { Carrier, FirewallRule } from "../domain/service/firewall.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

export interface FirewallChange {
  readonly region: Region;
  readonly securityGroup: string;
  readonly rules: readonly FirewallRule[];
}

/** Ingress rules of security groups. Errors as in `Databases`. */
export interface Firewall {
  rules(region: Region, securityGroup: string, signal?: AbortSignal): Promise<Known<readonly FirewallRule[]>>;
  /** Network interfaces that carry one of these groups, but for those of databases. */
  interfacesWith(region: Region, groups: readonly string[], signal?: AbortSignal): Promise<Known<readonly Carrier[]>>;
  /** Databases that carry one of these groups, the fenced one itself among them. */
  databasesWith(region: Region, groups: readonly string[], signal?: AbortSignal): Promise<Known<readonly Carrier[]>>;
  /** Removes these ingress rules; a rule that is gone already is success. */
  close(change: FirewallChange, signal?: AbortSignal): Promise<Act>;
  /** Puts these ingress rules back; a rule that is there already is success. */
  open(change: FirewallChange, signal?: AbortSignal): Promise<Act>;
}
