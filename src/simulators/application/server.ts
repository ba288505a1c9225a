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
  const open: Opening = async (answer) => {
    const front = await openFront(answer, options.firstPort ? options.firstPort + fronts.length : 0);
    fronts.push(front);
    return front.port;
  };
  const connections = await openEntries(traffic, open);
  const writeChecks = await openWriteChecks(traffic, open);
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
    env: { WRITE_CHECKS: JSON.stringify(urlsOf(writeChecks)) },
    stop: async () => {
      for (const writer of writers) writer.stop();
      await Promise.all(fronts.map((front) => front.close()));
    },
  };
}

/** Opens the next port; resolves to its number. */
type Opening = (answer: Parameters<typeof openFront>[0]) => Promise<number>;

async function openEntries({ entries }: Traffic, open: Opening): Promise<readonly Connection[]> {
  const connections: Connection[] = [];
  for (const { address, address6 = [], region, name: loadBalancer, dnsName, answer } of entries) {
    const port = await open(answer);
    for (const each of [address, address6].flat())
      connections.push({ address: each, region, loadBalancer, dnsName, port });
  }
  return connections;
}

async function openWriteChecks({ spec, applications }: Traffic, open: Opening): Promise<readonly WriteCheck[]> {
  const writeChecks: WriteCheck[] = [];
  for (const { name: application, regions } of spec.applications) {
    const checks = regions.flatMap(({ region, more }) =>
      [undefined, ...more].map((store) => ({ region, store: store?.name })),
    );
    for (const { region, store } of checks) {
      const port = await open((request) => {
        const { pathname, searchParams } = urlOf(request);
        if (request.method !== "POST" || pathname !== "/write-check")
          return { kind: "reply", reply: reply(404, { error: "POST /write-check is all there is" }), delayMs: 0 };
        const session = searchParams.get("session") === "kept" ? "kept" : undefined;
        return applications.writeCheck(application, region, { store, session });
      });
      const url = `http://127.0.0.1:${port}/write-check`;
      writeChecks.push({ application, region, url, ...(store === undefined ? {} : { store }) });
    }
  }
  return writeChecks;
}

/** By `application/region`, or `application/region/store`. */
const urlsOf = (writeChecks: readonly WriteCheck[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    writeChecks.map(({ application, region, store, url }) => [
      [application, region, store ?? []].flat().join("/"),
      url,
    ]),
  );

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
