import { z } from "zod";
import { placeIn } from "../dns/places.ts";
import { createResolver } from "../dns/resolver.ts";
import type { Simulator, World } from "../world/world.ts";
import { reply, urlOf } from "./application.ts";
import { type Front, openFront } from "./fronts.ts";
import { applicationNamed, type Traffic } from "./traffic.ts";
import { startWriters } from "./writers.ts";

/** Where a client has to connect instead of to an address that DNS answered. */
export interface Connection {
  readonly address: string;
  readonly region: string;
  readonly loadBalancer: string;
  readonly dnsName: string;
  readonly port: number;
}

export interface WriteCheck {
  readonly application: string;
  readonly region: string;
  /** Absent: the application's own first database. */
  readonly store?: string;
  readonly url: string;
}

export interface ApplicationSimulator extends Simulator {
  readonly connections: readonly Connection[];
  readonly writeChecks: readonly WriteCheck[];
  /** Where each address is really reached. */
  readonly connectMap: Readonly<Record<string, string>>;
}

const SetCapacity = z.strictObject({
  region: z.string(),
  cluster: z.string(),
  service: z.string(),
  capacityTasks: z.number().int().min(0),
});
const PointName = z.strictObject({ name: z.string(), value: z.string() });
const SetInstance = z.strictObject({ application: z.string(), region: z.string(), instance: z.string() });

/**
 * Serves every load balancer on a loopback port of its own and every region's write check on another, and sets the
 * users going. With `firstPort` they take consecutive ports from there, load balancers first, in the order of the spec;
 * absent or 0: free ones. Rejects with Node's own error where one is taken.
 */
export async function startApplications(
  world: World,
  traffic: Traffic,
  options: { readonly firstPort?: number } = {},
): Promise<ApplicationSimulator> {
  const fronts: Front[] = [];
  const nextPort = () => (options.firstPort ? options.firstPort + fronts.length : 0);
  const connections: Connection[] = [];
  for (const { address, address6 = [], region, name: loadBalancer, dnsName, answer } of traffic.entries) {
    const front = await openFront(answer, nextPort());
    fronts.push(front);
    for (const each of [address, address6].flat())
      connections.push({ address: each, region, loadBalancer, dnsName, port: front.port });
  }
  const writeChecks: WriteCheck[] = [];
  for (const { name: application, regions } of traffic.spec.applications) {
    const checks = regions.flatMap(({ region, more }) =>
      [undefined, ...more].map((store) => ({ region, store: store?.name })),
    );
    for (const { region, store } of checks) {
      const front = await openFront((request) => {
        const { pathname, searchParams } = urlOf(request);
        if (request.method !== "POST" || pathname !== "/write-check")
          return { kind: "reply", reply: reply(404, { error: "POST /write-check is all there is" }), delayMs: 0 };
        const session = searchParams.get("session") === "kept" ? "kept" : undefined;
        return traffic.applications.writeCheck(application, region, { store, session });
      }, nextPort());
      fronts.push(front);
      const url = `http://127.0.0.1:${front.port}/write-check`;
      writeChecks.push({ application, region, url, ...(store === undefined ? {} : { store }) });
    }
  }
  const writers = traffic.spec.applications.map((spec) =>
    startWriters(world, spec, {
      ...{ judge: traffic.judge, entryAt: traffic.entryAt },
      // Users live where the service is at home.
      resolver: createResolver(world.clock, traffic.authorities.public, placeIn(spec.regions[0]?.region ?? "")),
    }),
  );
  addControls(world, traffic, { connections, writeChecks });
  return {
    port: fronts[0]?.port ?? 0,
    connections,
    writeChecks,
    connectMap: Object.fromEntries(connections.map(({ address, port }) => [address, `127.0.0.1:${port}`])),
    env: {
      WRITE_CHECKS: JSON.stringify(
        Object.fromEntries(
          writeChecks.map(({ application, region, store, url }) => [
            [application, region, store ?? []].flat().join("/"),
            url,
          ]),
        ),
      ),
    },
    stop: async () => {
      for (const writer of writers) writer.stop();
      await Promise.all(fronts.map((front) => front.close()));
    },
  };
}

function addControls(
  world: World,
  traffic: Traffic,
  {
    connections,
    writeChecks,
  }: { readonly connections: readonly Connection[]; readonly writeChecks: readonly WriteCheck[] },
): void {
  const { control, log } = world;
  control.on("GET /dns/addresses", () => connections);
  control.on("GET /application/write-checks", () => writeChecks);
  control.on("GET /application/verdict", (_body, query) => {
    const after = Number(query.get("after") ?? 0);
    const wanted = query.get("application");
    const names = wanted === null ? traffic.spec.applications.map(({ name }) => name) : [wanted];
    const verdicts = names.map((name) => traffic.judge.verdict(applicationNamed(traffic, name).name, after));
    return wanted === null ? verdicts : verdicts[0];
  });
  control.on("POST /dns/name", (body) => {
    const { name, value } = PointName.parse(body);
    traffic.pointName(name, value);
  });
  control.on("POST /application/instance", (body) => {
    const { application, region, instance } = SetInstance.parse(body);
    traffic.applications.setInstance(application, region, instance);
  });
  control.on("POST /ecs/capacity", (body) => {
    const { region, cluster, service, capacityTasks } = SetCapacity.parse(body);
    const scheduler = traffic.ecs.find(region, cluster, service);
    if (!scheduler) throw new Error(`There is no service ${cluster}/${service} in ${region}`);
    scheduler.capacityTasks = capacityTasks;
    log.append("ecs.capacity", { region, cluster, service, capacityTasks });
    scheduler.reconcile();
  });
}
