import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Inventory, inventoryFrom } from "../domain/service/inventory.ts";
import type { Service, ServiceFile } from "../domain/service/service.ts";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { ACCOUNT_ID } from "../simulators/aws/specs.ts";
import type { WorldEnv } from "./environment.ts";

/** One place of `twokey.yaml` that a sandbox changes, as written and as parsed alike. */
export interface Rewrite {
  readonly path: readonly [string, ...(string | number)[]];
  readonly value: string;
}

/** The path at which simulated applications try their database, whatever path the real ones have. */
export const DEEP_HEALTH_PATH = "/health?check=db";

/**
 * What a file of the real world needs in any simulated one, whatever its ports: the simulated account, the path of the
 * simulated applications' deep health, plain HTTP, and a load balancer for each service.
 */
export function rewritesFor(file: TwoKeyFile): Rewrite[] {
  return [...accountRewrites(file), ...balancerRewrites(file), ...healthRewrites(file)];
}

/** The inventory as it is in the world of `env` (the environment of a whole world): its write checks are there. */
export function sandboxInventory(inventory: Inventory, env: WorldEnv): Inventory {
  return inventoryFrom(rewrite(inventory.file, [...rewritesFor(inventory.file), ...writeCheckRewrites(env)]));
}

/** The same for the text of the file, for a bot in another process. Comments are lost. */
export function sandboxText(text: string, file: TwoKeyFile, env: WorldEnv): string {
  // Without shared nodes: an anchor used twice would be rewritten twice.
  const source: unknown = JSON.parse(JSON.stringify(parse(text, { merge: true })));
  return stringify(rewrite(source, [...rewritesFor(file), ...writeCheckRewrites(env)]));
}

/** A copy with every rewrite done. Throws Error where there is no such place. */
export function rewrite<T>(source: T, rewrites: readonly Rewrite[]): T {
  const copy = structuredClone(source);
  for (const { path, value } of rewrites) {
    let place: unknown = copy;
    for (const step of path.slice(0, -1)) place = isObject(place) ? Reflect.get(place, step) : undefined;
    if (!isObject(place)) throw new Error(`There is no ${path.join(".")} to rewrite`);
    Reflect.set(place, path.at(-1) ?? "", value);
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function accountRewrites(file: TwoKeyFile): Rewrite[] {
  const { account } = file.aws;
  const simulated = (arn: string) => arn.replace(`:${account}:`, `:${ACCOUNT_ID}:`);
  return [
    { path: ["aws", "account"], value: ACCOUNT_ID },
    ...(["observe_role", "execute_role"] as const).flatMap((key): Rewrite[] => {
      const role = file.aws[key];
      return role === undefined ? [] : [{ path: ["aws", key], value: simulated(role) }];
    }),
    ...file.alerts.topics.map((arn, index): Rewrite => ({ path: ["alerts", "topics", index], value: simulated(arn) })),
    ...eachSite(file).map(
      ({ path, site }): Rewrite => ({
        path: [...path, "compute", "target_group"],
        value: simulated(site.compute.target_group),
      }),
    ),
  ];
}

/** Simulated load balancers do not look at the Host header: services that share one get one each. */
function balancerRewrites(file: TwoKeyFile): Rewrite[] {
  const taken = new Set<string>();
  return eachSite(file).flatMap(({ name, region, path, site, service }): Rewrite[] => {
    const shared = site.load_balancer.dns_name;
    const key = shared.toLowerCase();
    if (!taken.has(key)) {
      taken.add(key);
      return [];
    }
    const value = `${name.replaceAll("_", "-")}-${shared}`;
    const { traffic } = service;
    const isTarget = traffic.routing === "simple" && traffic.values[region]?.toLowerCase() === key;
    return [
      { path: [...path, "load_balancer", "dns_name"], value },
      ...(isTarget ? [{ path: ["services", name, "traffic", "values", region], value } satisfies Rewrite] : []),
    ];
  });
}

function healthRewrites(file: TwoKeyFile): Rewrite[] {
  return [
    ...eachSite(file).map(({ path }): Rewrite => ({ path: [...path, "deep_health", "path"], value: DEEP_HEALTH_PATH })),
    ...Object.entries(file.services).map(([name, service]): Rewrite => {
      const url = new URL(service.public_url);
      // A stand-in has no certificate for the name.
      url.protocol = "http:";
      return { path: ["services", name, "public_url"], value: url.href.replace(/\/$/, "") };
    }),
  ];
}

const WriteChecks = z.record(z.string(), z.url());

function writeCheckRewrites(env: WorldEnv): Rewrite[] {
  const urls = WriteChecks.parse(JSON.parse(env["WRITE_CHECKS"] ?? "{}"));
  return Object.entries(urls).map(([key, value]): Rewrite => {
    const [name = "", region = ""] = key.split("/");
    return { path: ["services", name, "sites", region, "database", "write_check"], value };
  });
}

interface PlacedSite {
  readonly name: string;
  readonly region: string;
  readonly service: ServiceFile;
  readonly site: Service["sites"][string];
  readonly path: readonly ["services", string, "sites", string];
}

function eachSite(file: TwoKeyFile): PlacedSite[] {
  return Object.entries(file.services).flatMap(([name, service]) =>
    Object.entries(service.sites).map(([region, site]): PlacedSite => {
      return { name, region, service, site, path: ["services", name, "sites", region] };
    }),
  );
}
