import { z } from "zod";
import type { Ecs } from "../aws/ecs.ts";
import type { Elb } from "../aws/elb.ts";
import type { LoadBalancer } from "../aws/elb-spec.ts";
import type { DatabaseEngine, DatabaseRef, WriteOutcome } from "../aws/service.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { World } from "../world/world.ts";
import type { Judge } from "./judge.ts";
import type { ApplicationSpec, RegionalSpec, StoreSpec } from "./spec.ts";

export interface AppRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

export interface AppReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a client outside sees. `delayMs` is machine time. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: AppReply; readonly delayMs: number }
  /** The connection is accepted and nothing comes back. */
  | { readonly kind: "silence" }
  /** The connection is cut. */
  | { readonly kind: "cut" };

export interface Applications {
  /** A request that reached the load balancer's address. */
  throughBalancer(balancer: LoadBalancer, request: AppRequest): Outcome;
  /** A request that reached the machine that runs the application of a region. */
  throughHost(application: string, region: string, request: AppRequest): Outcome;
  /** A request of the load balancer's own health check to one task; undefined without an answer. */
  atTask(ip: string, path: string): number | undefined;
  /** Writes to a region's own instance, past service and load balancer. `store`: one of its further databases. */
  writeCheck(application: string, region: string, store?: string): Outcome;
  /** Names another instance as a region's own, as after a failback to a rebuilt replica. */
  setInstance(application: string, region: string, instance: string): void;
}

export interface ApplicationsDeps {
  readonly ecs: Ecs;
  readonly elb: Elb;
  readonly databases: DatabaseEngine;
  readonly judge: Judge;
  /** The resolver inside a region's network. */
  readonly resolverOf: (region: string) => Resolver;
}

interface Site extends RegionalSpec {
  readonly application: string;
  instance?: string | undefined;
}

const Order = z.looseObject({ id: z.string().min(1).max(128).optional() });

/** The protected applications: stateless tasks in front of one database each, the same code in every region. */
export function createApplications(
  world: World,
  specs: readonly ApplicationSpec[],
  deps: ApplicationsDeps,
): Applications {
  const sites = specs.flatMap(({ name, regions }) => regions.map((region): Site => ({ ...region, application: name })));
  const random = world.random.fork("applications");
  const host: Hosting = { world, deps, nextId: () => random.hex(16) };

  const siteAt = (ip: string): Site | undefined => {
    const found = deps.ecs.taskAt(ip);
    if (found?.task.status !== "RUNNING") return undefined;
    const { region, cluster, name } = found.scheduler.spec;
    return sites.find((site) => site.region === region && site.cluster === cluster && site.service === name);
  };
  const siteOf = (application: string, region: string): Site => {
    const site = sites.find((other) => other.application === application && other.region === region);
    if (!site) throw new Error(`Application ${application} does not run in ${region}`);
    return site;
  };
  return {
    throughBalancer: (balancer, request) => {
      const operation = `${request.method} ${urlOf(request).pathname}`;
      return outside(world, { region: balancer.region, operation }, () => {
        const targets = balancer.targetGroups.flatMap((group) => deps.elb.targets.healthy(group.arn));
        const running = targets.flatMap((target) => siteAt(target.id) ?? []);
        const site = running[random.integer(0, Math.max(0, running.length - 1))];
        return site ? run(host, site, request) : reply(503, { error: "503 Service Temporarily Unavailable" });
      });
    },
    throughHost: (application, region, request) =>
      outside(world, { region, operation: `${request.method} ${urlOf(request).pathname}` }, () =>
        run(host, siteOf(application, region), request),
      ),
    atTask: (ip, path) => {
      const site = siteAt(ip);
      return site && run(host, site, { method: "GET", path }).status;
    },
    writeCheck: (application, region, store) => {
      const site = siteOf(application, region);
      const { instance, databaseHost } = store === undefined ? site : storeOf(site, store);
      return outside(world, { region, operation: "POST /write-check" }, () => {
        const ref = instance === undefined ? locateDatabase(deps, { region, databaseHost }) : { region, instance };
        return ref ? checkWrites(host, ref) : reply(503, { written: false, reason: "no-such-host", region });
      });
    },
    setInstance: (application, region, instance) => {
      siteOf(application, region).instance = instance;
    },
  };
}

interface Hosting {
  readonly world: World;
  readonly deps: ApplicationsDeps;
  readonly nextId: () => string;
}

function storeOf({ application, more }: Site, store: string): StoreSpec {
  const found = more.find(({ name }) => name === store);
  if (!found) throw new Error(`Application ${application} has no further store ${store}`);
  return found;
}

function urlOf(request: AppRequest): URL {
  return new URL(request.path, "http://application");
}

/** The application itself, on one task. */
function run(host: Hosting, site: Site, request: AppRequest): AppReply {
  const url = urlOf(request);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /health":
      return url.searchParams.get("check") === "db"
        ? deepHealth(host, site)
        : reply(200, { status: "ok", ...whereIs(site) });
    case "POST /orders":
      return takeOrder(host, site, request.body ?? {});
    default:
      return reply(404, { error: `No ${request.method} ${url.pathname}` });
  }
}

function whereIs({ application, region }: Site) {
  return { application, region };
}

function deepHealth(host: Hosting, site: Site): AppReply {
  // One row for all checks: the probe proves a commit and leaves no pile behind.
  const row = { id: `health-${site.application}-${site.region}`, writer: "health-check" };
  const [own, ...more] = writeAll(host, site, row);
  const failed = [own, ...more].find(({ outcome }) => !outcome.ok)?.outcome;
  return failed && !failed.ok
    ? reply(503, { status: "unhealthy", ...whereIs(site), reason: failed.reason })
    : reply(200, { status: "ok", ...whereIs(site), instance: own.ref?.instance });
}

function takeOrder(host: Hosting, site: Site, body: unknown): AppReply {
  const order = Order.safeParse(body);
  if (!order.success) return reply(400, { error: z.prettifyError(order.error) });
  const id = order.data.id ?? `order-${host.nextId()}`;
  const [own, ...more] = writeAll(host, site, { id, writer: `${site.application}/${site.region}` });
  const failed = [own, ...more].find(({ outcome }) => !outcome.ok)?.outcome;
  if (failed && !failed.ok) return reply(503, { id, ...whereIs(site), reason: failed.reason });
  for (const { ref, name } of [own, ...more]) if (ref) host.deps.judge.committed(name, id, ref);
  const { ref } = own;
  return reply(201, { id, ...whereIs(site), databaseRegion: ref?.region, instance: ref?.instance });
}

function checkWrites({ deps, nextId }: Hosting, ref: DatabaseRef): AppReply {
  const id = `write-check-${nextId()}`;
  const outcome = deps.databases.write(ref, { id, writer: "write-check" });
  return outcome.ok
    ? reply(200, { written: true, id, ...ref })
    : reply(503, { written: false, reason: outcome.reason, ...ref });
}

type Row = Attempt["row"];

interface Written {
  /** Under which the judge knows the store. */
  readonly name: string;
  readonly ref: DatabaseRef | undefined;
  readonly outcome: WriteOutcome;
}

/** To its own database first, then to each further one. */
function writeAll(host: Hosting, site: Site, row: Row): [Written, ...Written[]] {
  const { application, region, databaseHost, more } = site;
  const write = (name: string, from: { region: string; databaseHost: string }): Written => {
    const ref = locateDatabase(host.deps, from);
    const outcome = ref ? writeTo(host.world, host.deps.databases, { from: region, ref, row }) : noHost;
    return { name, ref, outcome };
  };
  const own = write(application, { region, databaseHost });
  return [
    own,
    ...more.map((store) => write(`${application}/${store.name}`, { region, databaseHost: store.databaseHost })),
  ];
}

const noHost: WriteOutcome = { ok: false, reason: "no-such-host" };

function reply(status: number, body: Record<string, unknown>): AppReply {
  return { status, body };
}

/** The instance behind the host name, through the region's resolver and its cache. */
function locateDatabase(
  deps: ApplicationsDeps,
  { region, databaseHost }: Pick<RegionalSpec, "region" | "databaseHost">,
): DatabaseRef | undefined {
  const { status, finalName } = deps.resolverOf(region).resolve(databaseHost);
  return status === "found" ? deps.databases.locate(finalName.replace(/\.$/, "")) : undefined;
}

/** A database in another region is out of reach while either region is. */
function writeTo(world: World, databases: DatabaseEngine, { from, ref, row }: Attempt): WriteOutcome {
  const isCut = world.regions.isUnreachable(from) || world.regions.isUnreachable(ref.region);
  return from !== ref.region && isCut ? { ok: false, reason: "unreachable" } : databases.write(ref, row);
}

interface Attempt {
  readonly from: string;
  readonly ref: DatabaseRef;
  readonly row: { readonly id: string; readonly writer: string };
}

/** How the region and planned faults of vendor `app` change what a client outside sees of `act`. */
function outside(
  world: World,
  { region, operation }: { readonly region: string; readonly operation: string },
  act: () => AppReply,
): Outcome {
  const mode = world.regions.mode(region);
  if (mode === "dark") return { kind: "silence" };
  if (mode === "refusing") return { kind: "cut" };
  const slowMs = mode === "slow" ? world.regions.slowMs : 0;
  const fault = world.faults.take("app", operation, region);
  switch (fault?.kind) {
    case "drop-before":
      return { kind: "cut" };
    case "hang":
      return { kind: "silence" };
    case "drop-after":
      act();
      return { kind: "cut" };
    case "hang-after":
      act();
      return { kind: "silence" };
    case "error":
      return { kind: "reply", reply: reply(fault.status, { error: fault.message }), delayMs: slowMs };
    case "delay":
      return { kind: "reply", reply: act(), delayMs: slowMs + fault.machineMs };
    case undefined:
      return { kind: "reply", reply: act(), delayMs: slowMs };
  }
}
