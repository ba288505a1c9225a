import type { IncomingMessage, ServerResponse } from "node:http";
import { Arguments } from "./arguments.ts";
import { refusal, SlackError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Call, Method, MethodContext } from "./method.ts";
import { METHODS } from "./methods/table.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { App } from "./spec.ts";
import type { MachineTimers } from "./timers.ts";

/** One API call as it was answered; tokens are never kept. */
export interface KeptCall {
  readonly seq: number;
  /** When it arrived, machine epoch milliseconds. */
  readonly machineMs: number;
  readonly durationMs: number;
  readonly app: string | undefined;
  readonly method: string;
  readonly args: Json;
  readonly status: number;
  readonly ok: boolean;
  readonly error: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly retryAfterSeconds?: number;
  readonly app?: App;
}

const MOST_CALLS_KEPT = 5_000;

/** The Web API: `/api/<method>` with form or JSON bodies. */
export class Api {
  readonly #context: MethodContext;
  readonly #limits: RateLimits;
  readonly #timers: MachineTimers;
  readonly calls: KeptCall[] = [];
  #seq = 0;

  constructor(context: MethodContext, limits: RateLimits, timers: MachineTimers) {
    this.#context = context;
    this.#limits = limits;
    this.#timers = timers;
  }

  /** Answers one request, or leaves it hanging or cut where a fault says so. */
  async handle(
    { method, body }: { readonly method: string; readonly body: string },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const arrivedMs = Date.now();
    const fault = this.#context.world.faults.take("slack", method);
    if (fault?.kind === "drop-before") request.socket.destroy();
    if (fault?.kind === "drop-before" || fault?.kind === "hang") return;
    const { latencyMs } = this.#context.workspace.spec;
    await this.#timers.sleep(latencyMs + (fault?.kind === "delay" ? fault.machineMs : 0));
    const args = readArguments(request, body);
    const answer =
      fault?.kind === "error"
        ? injected(fault)
        : args instanceof Arguments
          ? this.#execute(method, bearer(request, args), args)
          : args;
    this.#keep({ method, args: args instanceof Arguments ? args.visible() : {} }, answer, arrivedMs);
    if (fault?.kind === "drop-after") request.socket.destroy();
    else if (fault?.kind !== "hang-after") send(response, answer);
  }

  #execute(name: string, token: string, args: Arguments): Answer {
    const refuse = (code: string, app?: App): Answer => ({
      status: 200,
      body: { ok: false, error: code },
      ...(app ? { app } : {}),
    });
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (!method) return { status: 200, body: { ok: false, error: "unknown_method", req_method: name } };
    if (token === "") return refuse("not_authed");
    const { apps } = this.#context.workspace.spec;
    const app = apps.find((each) => each.botToken === token || each.appToken === token);
    if (!app) return refuse("invalid_auth");
    const kind = app.appToken === token ? "app" : "bot";
    if (this.#context.workspace.revoked.has(kind)) return refuse("token_revoked");
    if (kind !== (method.token ?? "bot")) return refuse("not_allowed_token_type", app);
    const call: Call = { ...this.#context, app, args };
    const missing = missingScope(method, call);
    if (missing) return { status: 200, body: { ok: false, error: "missing_scope", ...missing }, app };
    const retryAfterSeconds = this.#limits.retryAfterSeconds({
      appId: app.appId,
      method: name,
      tier: method.tier,
      channel: args.text("channel"),
    });
    if (retryAfterSeconds !== undefined) {
      this.#context.world.log.append("slack.rate-limited", { method: name, app: app.appId, retryAfterSeconds });
      return { status: 429, body: { ok: false, error: "ratelimited" }, retryAfterSeconds, app };
    }
    try {
      for (const [argument, code] of Object.entries(method.required ?? {})) {
        if (!args.has(argument)) throw missingArgument(argument, code);
      }
      return { status: 200, body: { ok: true, ...method.handle(call) }, app };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      return { status: 200, body: { ok: false, error: error.code, ...error.extra }, app };
    }
  }

  #keep({ method, args }: { readonly method: string; readonly args: Json }, answer: Answer, arrivedMs: number): void {
    const error = answer.body["error"];
    this.calls.push({
      seq: ++this.#seq,
      machineMs: arrivedMs,
      durationMs: Date.now() - arrivedMs,
      app: answer.app?.appId,
      method,
      args,
      status: answer.status,
      ok: answer.body["ok"] === true,
      error: typeof error === "string" ? error : undefined,
    });
    if (this.calls.length > MOST_CALLS_KEPT) this.calls.shift();
  }
}

function readArguments(request: IncomingMessage, body: string): Arguments | Answer {
  const query = new URL(request.url ?? "/", "http://slack").searchParams;
  try {
    return Arguments.parse(request.headers["content-type"] ?? "", body, query);
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return { status: 200, body: { ok: false, error: error.code } };
  }
}

function bearer(request: IncomingMessage, args: Arguments): string {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? args.text("token");
}

/** A bot token's scopes as far as the method needs them; an app token carries only connections:write. */
function missingScope(method: Method, call: Call): Json | undefined {
  const { app, args, workspace } = call;
  if (method.token === "app") return undefined;
  const isPrivate = workspace.channels.get(args.text("channel"))?.kind === "private" || args.flag("is_private");
  const needed = isPrivate ? (method.privateScopes ?? method.scopes) : method.scopes;
  if (needed.length === 0 || needed.some((scope) => app.scopes.includes(scope))) return undefined;
  return { needed: needed.join(","), provided: app.scopes.join(",") };
}

function missingArgument(argument: string, code: string): SlackError {
  return code === "invalid_arguments" ? refusal(code, [`missing required field: ${argument}`]) : new SlackError(code);
}

function injected(fault: {
  status: number;
  code: string;
  message: string;
  retryAfterSeconds?: number | undefined;
}): Answer {
  return {
    status: fault.status,
    body: { ok: false, error: fault.code },
    ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
  };
}

function send(response: ServerResponse, answer: Answer): void {
  const retry = answer.retryAfterSeconds === undefined ? {} : { "retry-after": String(answer.retryAfterSeconds) };
  const scopes = answer.app ? { "x-oauth-scopes": answer.app.scopes.join(",") } : {};
  response.writeHead(answer.status, { "content-type": "application/json; charset=utf-8", ...retry, ...scopes });
  response.end(JSON.stringify(answer.body));
}
