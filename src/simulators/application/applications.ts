import type { LoadBalancer } from "../aws/elb-spec.ts";
import type { World } from "../world/world.ts";
import {
  type ApplicationsDeps,
  type AppReply,
  type AppRequest,
  checkWrites,
  type Hosting,
  locateDatabase,
  reply,
  run,
  type Site,
  urlOf,
} from "./one-task.ts";
import type { ApplicationSpec, StoreSpec } from "./spec.ts";

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
