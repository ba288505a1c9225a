import { z } from "zod";
import type { Ecs } from "../aws/ecs.ts";
import type { Elb } from "../aws/elb.ts";
import type { DatabaseEngine, DatabaseRef, WriteOutcome } from "../aws/service.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { World } from "../world/world.ts";
import type { Judge } from "./judge.ts";
import type { RegionalSpec } from "./spec.ts";

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

export interface ApplicationsDeps {
  readonly ecs: Ecs;
  readonly elb: Elb;
  readonly databases: DatabaseEngine;
  readonly judge: Judge;
  /** The resolver inside a region's network. */
  readonly resolverOf: (region: string) => Resolver;
}

export interface Site extends RegionalSpec {
  readonly application: string;
  instance?: string | undefined;
}

export interface Hosting {
  readonly world: World;
  readonly deps: ApplicationsDeps;
  readonly nextId: () => string;
}

const Order = z.looseObject({ id: z.string().min(1).max(128).optional() });

/** The application itself, on one task: what it answers, and what it writes into its databases meanwhile. */
export function run(host: Hosting, site: Site, request: AppRequest): AppReply {
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

export function checkWrites({ deps, nextId }: Hosting, ref: DatabaseRef): AppReply {
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

export function reply(status: number, body: Record<string, unknown>): AppReply {
  return { status, body };
}

/** The instance behind the host name, through the region's resolver and its cache. */
export function locateDatabase(
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

export function urlOf(request: AppRequest): URL {
  return new URL(request.path, "http://application");
}
