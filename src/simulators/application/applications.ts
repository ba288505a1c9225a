import type { Ecs } from "../aws/ecs.ts";
import type { Task } from "../aws/ecs-spec.ts";
import type { Elb } from "../aws/elb.ts";
import type { LoadBalancer } from "../aws/elb-spec.ts";
import type { Peer } from "../aws/security-rules.ts";
import type { DatabaseEngine } from "../aws/service.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { World } from "../world/world.ts";
import {
  type AppReply,
  type AppRequest,
  doJob,
  type Hosting,
  type Running,
  reply,
  type Site,
  serve,
  urlOf,
} from "./application.ts";
import type { Judge } from "./judge.ts";
import { type Client, Sessions } from "./sessions.ts";
import type { ApplicationSpec, StoreSpec } from "./spec.ts";
import { startTicker } from "./ticker.ts";
import { WriteChecks, type WriteTry } from "./write-checks.ts";

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
  /** Writes to a region's own instance, past service and load balancer. */
  writeCheck(application: string, region: string, how?: WriteTry): Outcome;
  /** Names another instance as a region's own, as after a failback to a rebuilt replica. */
  setInstance(application: string, region: string, instance: string): void;
  stop(): void;
}

export interface ApplicationsDeps {
  readonly ecs: Ecs;
  readonly elb: Elb;
  readonly databases: DatabaseEngine;
  readonly judge: Judge;
  /** The resolver inside a region's network. */
  readonly resolverOf: (region: string) => Resolver;
}

/** A task works until its container is gone, also while it drains. */
const WORKING: ReadonlySet<Task["status"]> = new Set(["RUNNING", "DEACTIVATING", "STOPPING"]);

/** The protected applications: stateless tasks in front of one database each, the same code in every region. */
export function createApplications(
  world: World,
  specs: readonly ApplicationSpec[],
  deps: ApplicationsDeps,
): Applications {
  const sites = sitesOf(specs);
  const random = world.random.fork("applications");
  const sessions = new Sessions(world, deps);
  const host: Hosting = { sessions, judge: deps.judge, nextId: () => random.hex(16) };
  const checks = new WriteChecks({ sessions, databases: deps.databases, nextId: host.nextId });

  const runningAt = (ip: string) => runningIn(sites, deps.ecs.taskAt(ip));
  const siteOf = (application: string, region: string) => siteIn(sites, application, region);
  const jobs = specs.flatMap((spec) =>
    startJobs(world, spec, {
      ...{ ecs: deps.ecs, host },
      sites: sites.filter(({ application }) => application === spec.name),
    }),
  );
  return {
    throughBalancer: (balancer, request) => {
      const operation = `${request.method} ${urlOf(request).pathname}`;
      return outside(world, { region: balancer.region, operation }, () => {
        const targets = balancer.targetGroups.flatMap((group) => deps.elb.targets.healthy(group.arn));
        const running = targets.flatMap((target) => runningAt(target.id) ?? []);
        const at = running[random.integer(0, Math.max(0, running.length - 1))];
        return at ? serve(host, at, request) : reply(503, { error: "503 Service Temporarily Unavailable" });
      });
    },
    throughHost: (application, region, request) =>
      outside(world, { region, operation: `${request.method} ${urlOf(request).pathname}` }, () => {
        const site = siteOf(application, region);
        const client = { id: `${application} machine ${region}`, region, from: placeOf(site) };
        return serve(host, { site, client }, request);
      }),
    atTask: (ip, path) => {
      const at = runningAt(ip);
      return at && serve(host, at, { method: "GET", path }).status;
    },
    writeCheck: (application, region, how = {}) =>
      answerWrite(world, { checks, site: siteOf(application, region) }, how),
    setInstance: (application, region, instance) => {
      siteOf(application, region).instance = instance;
    },
    stop: () => {
      for (const each of jobs) each.cancel();
    },
  };
}

const sitesOf = (specs: readonly ApplicationSpec[]): readonly Site[] =>
  specs.flatMap(({ name, regions, sessionSeconds }) =>
    regions.map((region): Site => ({ ...region, application: name, keptMs: sessionSeconds * 1_000 })),
  );

function runningIn(sites: readonly Site[], found: ReturnType<Ecs["taskAt"]>): Running | undefined {
  if (found?.task.status !== "RUNNING") return undefined;
  const { region, cluster, name } = found.scheduler.spec;
  const site = sites.find((each) => each.region === region && each.cluster === cluster && each.service === name);
  return site && { site, client: clientAt(site, found.task) };
}

function siteIn(sites: readonly Site[], application: string, region: string): Site {
  const site = sites.find((other) => other.application === application && other.region === region);
  if (!site) throw new Error(`Application ${application} does not run in ${region}`);
  return site;
}

function answerWrite(
  world: World,
  { checks, site }: { readonly checks: WriteChecks; readonly site: Site },
  { store, session }: WriteTry,
): Outcome {
  const { application, region } = site;
  const { instance, databaseHost } = store === undefined ? site : storeOf(site, store);
  return outside(world, { region, operation: "POST /write-check" }, () =>
    checks.answer({ ...{ application, region, databaseHost, instance, store, session }, from: placeOf(site) }),
  );
}

interface Workplace {
  readonly ecs: Ecs;
  readonly host: Hosting;
  /** Of this application. */
  readonly sites: readonly Site[];
}

/** The oldest task of a site that still works does them: while a service drains, one that drains. */
function startJobs(world: World, { jobs: { intervalSeconds } }: ApplicationSpec, { ecs, host, sites }: Workplace) {
  if (intervalSeconds === 0) return [];
  const ticker = startTicker(world.clock, { intervalMs: intervalSeconds * 1_000 }, () => {
    for (const site of sites) {
      const tasks = ecs.find(site.region, site.cluster ?? "", site.service ?? "")?.tasks ?? [];
      const [task] = tasks.filter(({ status }) => WORKING.has(status));
      if (task) doJob(host, { site, client: clientAt(site, task) });
    }
  });
  return [ticker];
}

const clientAt = (site: Site, { id, ip }: Task): Client => ({
  ...{ id, region: site.region },
  from: { address: ip, groups: site.securityGroups },
});

/** Of what runs beside the tasks: a machine, or the function that tries a write. */
const placeOf = ({ address, securityGroups }: Site): Peer => ({ address, groups: securityGroups });

function storeOf({ application, more }: Site, store: string): StoreSpec {
  const found = more.find(({ name }) => name === store);
  if (!found) throw new Error(`Application ${application} has no further store ${store}`);
  return found;
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
  const fault = world.faults.take("app", operation, { region });
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
