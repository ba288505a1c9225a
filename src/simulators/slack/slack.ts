import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Simulator, World } from "../world/world.ts";
import { Api } from "./api.ts";
import { addSlackControls } from "./control.ts";
import { Delivery } from "./delivery.ts";
import { SlackError } from "./errors.ts";
import { isJson, parseJson } from "./json.ts";
import type { MethodContext } from "./method.ts";
import type { SlackParts } from "./parts.ts";
import { RateLimits } from "./rate-limits.ts";
import { Responses } from "./responses.ts";
import { SocketMode } from "./socket-mode.ts";
import { SlackSpec, type SlackSpecInput } from "./spec.ts";
import { MachineTimers } from "./timers.ts";
import { Triggers } from "./triggers.ts";
import { Views } from "./views.ts";
import { Workspace } from "./workspace.ts";

export interface SlackOptions {
  readonly port?: number;
  /** Machine time, epoch milliseconds; tests move it to age triggers, response URLs and rate limits. */
  readonly now?: () => number;
}

export interface SlackSimulator extends Simulator {
  /** `http://127.0.0.1:<port>/api/`, for `slackApiUrl`. */
  readonly apiUrl: string;
  /** `http://127.0.0.1:<port>/status/`, in place of https://slack-status.com/. */
  readonly statusUrl: string;
}

/**
 * A Slack at the wire: Web API, Socket Mode, signed HTTP, response URLs and the status API on one loopback port.
 * Slack lives in machine time throughout: timestamps, triggers, acknowledgements and rate limits are never scaled.
 */
export async function startSlack(
  world: World,
  spec: SlackSpecInput,
  options: SlackOptions = {},
): Promise<SlackSimulator> {
  const timers = new MachineTimers();
  let port = 0;
  const baseUrl = () => `http://127.0.0.1:${port}`;
  const parts = assemble(world, SlackSpec.parse(spec), { timers, now: options.now ?? Date.now, baseUrl });
  const server = createServer((request, response) => {
    void answer(parts, request, response).catch((error: unknown) => {
      world.log.append("slack.crashed", { url: request.url, error: String(error) });
      response.writeHead(500).end();
    });
  });
  server.on("upgrade", (request, socket, head) => {
    if (parts.outage.isOn) socket.destroy();
    else parts.sockets.upgrade(request, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  port = typeof address === "object" && address ? address.port : 0;
  addSlackControls(parts);
  return {
    port,
    apiUrl: `${baseUrl()}/api/`,
    statusUrl: `${baseUrl()}/status/`,
    env: environment(parts, baseUrl()),
    stop: async () => {
      timers.stop();
      await parts.sockets.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Served extends SlackParts {
  readonly api: Api;
}

function assemble(
  world: World,
  spec: SlackSpec,
  { timers, now, baseUrl }: { timers: MachineTimers; now: () => number; baseUrl: () => string },
): Served {
  const workspace = new Workspace(spec, now, world.random.fork("slack.ids"));
  const views = new Views(workspace);
  const triggers = new Triggers(workspace);
  const limits = new RateLimits(now, spec);
  const sockets = new SocketMode(world, timers, spec.socketLifetimeMs);
  const delivery = new Delivery({ world, workspace, sockets, timers });
  const methodContext: MethodContext = {
    world,
    workspace,
    views,
    triggers,
    socketUrl: (app) => `${baseUrl().replace("http", "ws")}/link/?ticket=${sockets.ticket(app)}&app_id=${app.appId}`,
    announce: (event) => void delivery.announce(event),
  };
  const outage = { isOn: false };
  const api = new Api(methodContext, limits, timers);
  const responses = new Responses(world, workspace);
  const people = { world, workspace, views, triggers, responses, delivery, baseUrl };
  return { ...people, sockets, limits, calls: api.calls, outage, api };
}

async function answer(parts: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://slack");
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks).toString("utf8");
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  // The status page lives elsewhere: it answers also while Slack does not.
  if (pathname === "/status/api/v2.0.0/current") json(200, statusOf(parts));
  else if (parts.outage.isOn) json(503, { ok: false, error: "service_unavailable" });
  else if (pathname.startsWith("/api/"))
    await parts.api.handle({ method: pathname.slice("/api/".length), body }, request, response);
  else if (pathname.startsWith("/actions/")) useResponseUrl(parts, { path: pathname, body }, json);
  else json(404, { ok: false, error: "not_found" });
}

function useResponseUrl(
  parts: Served,
  { path, body }: { readonly path: string; readonly body: string },
  json: (status: number, value: unknown) => void,
): void {
  const given = parseJson(body);
  try {
    parts.responses.use(path, isJson(given) ? given : {});
    json(200, { ok: true });
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    json(["used_url", "expired_url"].includes(error.code) ? 404 : 400, { ok: false, error: error.code });
  }
}

/** As https://slack-status.com/api/v2.0.0/current answers. */
function statusOf(parts: Served): unknown {
  const at = new Date(parts.workspace.now()).toISOString();
  const incident = {
    id: 1,
    title: "Simulated outage",
    type: "outage",
    status: "active",
    url: "https://slack-status.com/",
    services: ["Messaging", "Connections", "Apps/Integrations/APIs"],
    notes: [],
  };
  const { isOn } = parts.outage;
  return {
    status: isOn ? "active" : "ok",
    date_created: at,
    date_updated: at,
    active_incidents: isOn ? [incident] : [],
  };
}

/** For the first app; every token is a simulated one. */
function environment(parts: Served, baseUrl: string): Record<string, string> {
  const [app] = parts.workspace.spec.apps;
  return {
    SLACK_API_URL: `${baseUrl}/api/`,
    SLACK_STATUS_URL: `${baseUrl}/status/`,
    SLACK_MINUTE_MS: String(parts.workspace.spec.minuteMs),
    ...(app ? { SLACK_BOT_TOKEN: app.botToken, SLACK_SIGNING_SECRET: app.signingSecret } : {}),
    ...(app?.appToken === undefined ? {} : { SLACK_APP_TOKEN: app.appToken }),
  };
}
