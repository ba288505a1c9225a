import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Inventory, inventoryFrom } from "../domain/service/inventory.ts";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { ACCOUNT_ID } from "../simulators/aws/specs.ts";
import { PASSWORD_VARIABLE } from "../simulators/postgres/server.ts";
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
  return inventoryFrom(
    rewrite(inventory.file, [...rewritesFor(inventory.file), ...worldRewrites(inventory.file, env)]),
  );
}

/** The same for the text of the file, for a bot in another process. Comments are lost. */
export function sandboxText(text: string, file: TwoKeyFile, env: WorldEnv): string {
  // Without shared nodes: an anchor used twice would be rewritten twice.
  const source: unknown = JSON.parse(JSON.stringify(parse(text, { merge: true })));
  return stringify(rewrite(source, [...rewritesFor(file), ...worldRewrites(file, env)]));
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

/** Every ARN of the file's own account, wherever it stands. */
function accountRewrites(file: TwoKeyFile): Rewrite[] {
  const { account } = file.aws;
  return [
    { path: ["aws", "account"], value: ACCOUNT_ID },
    ...textsIn(file).flatMap(({ path, text }): Rewrite[] =>
      text.startsWith("arn:") && text.includes(`:${account}:`)
        ? [{ path, value: text.replace(`:${account}:`, `:${ACCOUNT_ID}:`) }]
        : [],
    ),
  ];
}

/** Simulated load balancers do not look at the Host header: services that share one get one each. */
function balancerRewrites(file: TwoKeyFile): Rewrite[] {
  const owners = new Map<string, string>();
  return textsIn(file).flatMap(({ path, text }): Rewrite[] => {
    const [section, name = ""] = path;
    const isBalancer = section === "services" && BALANCER_NAME.test(text);
    if (!isBalancer) return [];
    const key = text.toLowerCase();
    const owner = owners.get(key) ?? String(name);
    owners.set(key, owner);
    return owner === name ? [] : [{ path, value: `${String(name).replaceAll("_", "-")}-${text}` }];
  });
}

const BALANCER_NAME = /^[a-z0-9.-]+\.elb\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/i;

function healthRewrites(file: TwoKeyFile): Rewrite[] {
  return Object.entries(file.services).flatMap(([name, service]): Rewrite[] => {
    const url = new URL(service.url);
    // A stand-in has no certificate for the name.
    url.protocol = "http:";
    return [
      { path: ["services", name, "deep_health"], value: DEEP_HEALTH_PATH },
      { path: ["services", name, "url"], value: url.href.replace(/\/$/, "") },
    ];
  });
}

const worldRewrites = (file: TwoKeyFile, env: WorldEnv): Rewrite[] => [
  ...writeCheckRewrites(file, env),
  ...connectionRewrites(file, env),
];

/** The world has one account for TwoKey in all its databases, and certificates of its own. */
function connectionRewrites(file: TwoKeyFile, { RDS_CA_FILE: caFile }: WorldEnv): Rewrite[] {
  if (caFile === undefined) return [];
  const values: Readonly<Record<string, string>> = { ca_file: caFile, password: PASSWORD_VARIABLE };
  return textsIn(file).flatMap(({ path }): Rewrite[] => {
    const value = values[String(path.at(-1))];
    return path.at(-2) === "connection" && path[0] === "services" && value !== undefined ? [{ path, value }] : [];
  });
}

const WriteChecks = z.record(z.string(), z.url());

/** The world knows where a service's write check of a region is served; whichever store has one there gets it. */
function writeCheckRewrites(file: TwoKeyFile, env: WorldEnv): Rewrite[] {
  const urls = WriteChecks.parse(JSON.parse(env["WRITE_CHECKS"] ?? "{}"));
  return textsIn(file).flatMap(({ path }): Rewrite[] => {
    // services.<name>.stores.<store>.in.<region>.write_check
    const [, name = "", , store = ""] = path;
    const region = String(path.at(-2));
    const value = urls[`${name}/${region}/${store}`] ?? urls[`${name}/${region}`];
    return path.at(-1) === "write_check" && value !== undefined ? [{ path, value }] : [];
  });
}

interface PlacedText {
  readonly path: Rewrite["path"];
  readonly text: string;
}

function textsIn(file: TwoKeyFile): PlacedText[] {
  return Object.entries(file).flatMap(([key, value]) => textsBelow(value, [key]));
}

function textsBelow(value: unknown, path: Rewrite["path"]): PlacedText[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((inner, at) => textsBelow(inner, [...path, at]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsBelow(inner, [...path, key]));
}
