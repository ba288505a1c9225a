import { z } from "zod";
import type { Judge } from "./judge.ts";
import type { Client, Sessions, Write, Written as Wrote } from "./sessions.ts";
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

export interface Site extends RegionalSpec {
  readonly application: string;
  readonly keptMs: number;
  instance?: string | undefined;
}

export interface Hosting {
  readonly judge: Judge;
  readonly sessions: Sessions;
  readonly nextId: () => string;
}

/** The application as it runs on one task, or on one machine. */
export interface Running {
  readonly site: Site;
  readonly client: Client;
}

const Order = z.looseObject({ id: z.string().min(1).max(128).optional() });

/** The same code in every region. */
export function serve(host: Hosting, running: Running, request: AppRequest): AppReply {
  const url = urlOf(request);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /health":
      return url.searchParams.get("check") === "db"
        ? deepHealth(host, running)
        : reply(200, { status: "ok", ...whereIs(running.site) });
    case "POST /orders":
      return takeOrder(host, running, request.body ?? {});
    default:
      return reply(404, { error: `No ${request.method} ${url.pathname}` });
  }
}

/** A job that the task took from a queue: an order that nobody waits for, and that counts once it is stored. */
export function doJob(host: Hosting, running: Running): void {
  const id = `job-${host.nextId()}`;
  const stored = store(host, running, id);
  const { application, region: servedIn } = running.site;
  if (stored.ok && stored.ref) host.judge.acknowledged(application, { id, ref: stored.ref, servedIn });
  else host.judge.jobFailed(application, { id, servedIn });
}

export function urlOf(request: AppRequest): URL {
  return new URL(request.path, "http://application");
}

export function reply(status: number, body: Record<string, unknown>): AppReply {
  return { status, body };
}

function whereIs({ application, region }: Site) {
  return { application, region };
}

function deepHealth(host: Hosting, running: Running): AppReply {
  const { site } = running;
  // One row for all checks: the probe proves a commit and leaves no pile behind.
  const row = { id: `health-${site.application}-${site.region}`, writer: "health-check" };
  const [own, ...more] = writeAll(host, running, row);
  const failed = [own, ...more].find(({ outcome }) => !outcome.ok)?.outcome;
  return failed && !failed.ok
    ? reply(503, { status: "unhealthy", ...whereIs(site), reason: failed.reason })
    : reply(200, { status: "ok", ...whereIs(site), instance: own.ref?.instance });
}

function takeOrder(host: Hosting, running: Running, body: unknown): AppReply {
  const order = Order.safeParse(body);
  if (!order.success) return reply(400, { error: z.prettifyError(order.error) });
  const id = order.data.id ?? `order-${host.nextId()}`;
  const stored = store(host, running, id);
  const where = whereIs(running.site);
  if (!stored.ok) return reply(503, { id, ...where, reason: stored.reason });
  const { ref } = stored;
  return reply(201, { id, ...where, databaseRegion: ref?.region, instance: ref?.instance });
}

/** In every store of the application; it counts when all of them have it. */
function store(host: Hosting, running: Running, id: string) {
  const { application, region } = running.site;
  const [own, ...more] = writeAll(host, running, { id, writer: `${application}/${region}` });
  const failed = [own, ...more].find(({ outcome }) => !outcome.ok)?.outcome;
  if (failed && !failed.ok) return failed;
  for (const { ref, name } of [own, ...more]) if (ref) host.judge.committed(name, id, ref);
  return { ok: true, ref: own.ref } as const;
}

interface Written extends Wrote {
  /** Under which the judge knows the store. */
  readonly name: string;
}

/** To its own database first, then to each further one. */
function writeAll({ sessions }: Hosting, { site, client }: Running, row: Write["row"]): [Written, ...Written[]] {
  const { application, databaseHost, more, keptMs } = site;
  const write = (name: string, to: string): Written => ({
    name,
    ...sessions.write(client, { host: to, row, keptMs }),
  });
  return [
    write(application, databaseHost),
    ...more.map((further) => write(`${application}/${further.name}`, further.databaseHost)),
  ];
}
