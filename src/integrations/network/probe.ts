import type { Agent } from "node:http";
import { z } from "zod";
import { messageOf, UserError } from "../../domain/errors.ts";
import type { HealthVerdict, WriteVerdict } from "../../domain/service/health.ts";
import type { Probe } from "../../ports/probe.ts";
import { bare, type Exchange, exchange } from "./exchange.ts";
import { Names } from "./names.ts";

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface ProbeOptions {
  /** Resolvers as `address` or `address:port`; absent: public ones and this machine's own. */
  readonly dnsServers?: readonly string[] | undefined;
  /** Servers asked as authoritative ones; absent: the name servers of the zone. */
  readonly authoritativeServers?: readonly string[] | undefined;
  /**
   * Where an address, or a host name that no resolver knows, is really reached. Only on this machine and always in plain
   * HTTP, for rehearsals: a stand-in has no certificate for the name, and what leaves the machine is never diverted.
   */
  readonly connect?: ReadonlyMap<string, HostAndPort> | undefined;
  /** The connection to a URL where it leaves through a proxy; absent, or undefined: directly. */
  readonly agentTo?: ((url: URL) => Agent | undefined) | undefined;
  /** Machine time for one question, and for one request; absent: 4 s, as long as Route 53's health checkers connect. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 4_000;
const LONGEST_WHY = 200;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const Written = z.object({ written: z.literal(true) });
const SAID_OF_SESSION = {
  kept: "the earlier session of the write check is still open",
  new: "the write check opened another session",
  none: "the write check had no session open before",
} as const;
const SaidOfSession = z.object({ session: z.enum(["kept", "lost", "new", "none"]) });
const NotWritten = z.object({ written: z.literal(false), reason: z.string() });

/** Measures over HTTP and DNS. Redirects are not followed: what answers elsewhere proves nothing here. */
export function createProbe(options: ProbeOptions = {}): Probe {
  const { dnsServers, authoritativeServers, connect = new Map<string, HostAndPort>() } = options;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  for (const [from, { host }] of connect) {
    if (!LOOPBACK.has(host)) {
      throw new UserError("divert-outside", `${from} can only be diverted to this machine, not to ${host}`);
    }
  }
  const names = new Names({ dnsServers, authoritativeServers, timeoutMs });

  const ask = (asking: Asking, signal?: AbortSignal) =>
    askOnce(asking, { names, connect, timeoutMs, signal, agentTo: options.agentTo });

  return {
    writeCheck: async (text, signal) => {
      const url = new URL(text);
      return writeVerdict(await ask({ method: "POST", url, via: bare(url.hostname) }, signal));
    },
    writeOverKept: async (text, signal) => {
      const url = new URL(text);
      url.searchParams.set("session", "kept");
      return keptVerdict(await ask({ method: "POST", url, via: bare(url.hostname) }, signal));
    },
    health: async (text, { via, signal } = {}) => {
      const url = new URL(text);
      return healthVerdict(await ask({ method: "GET", url, via: via ?? bare(url.hostname) }, signal));
    },
    resolve: (name, signal, family) => names.resolve({ name, family }, signal),
    resolveAuthoritative: (name, signal, family) => names.resolveAuthoritative({ name, family }, signal),
    texts: (name, signal) => names.texts(name, signal),
  };
}

interface Asking {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** Address or host name that is asked. */
  readonly via: string;
}

interface Way {
  readonly names: Names;
  readonly connect: NonNullable<ProbeOptions["connect"]>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly agentTo: ProbeOptions["agentTo"];
}

async function askOnce({ method, url, via }: Asking, way: Way): Promise<Exchange> {
  const { names, connect, timeoutMs, signal } = way;
  const named = connect.get(via);
  let address = via;
  try {
    if (!named) address = await names.addressOf(via, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: "no-answer", why: messageOf(error) };
  }
  const diverted = named ?? connect.get(address);
  const isTls = url.protocol === "https:";
  const to = diverted
    ? { ...diverted, isTls: false }
    : { host: address, port: Number(url.port) || (isTls ? 443 : 80), isTls };
  return await exchange({ method, url, to, timeoutMs, signal, agent: diverted ? undefined : way.agentTo?.(url) });
}

function healthVerdict(answer: Exchange): HealthVerdict {
  if (answer.kind === "no-answer") return { kind: "unreachable", why: answer.why };
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { kind: "healthy", status };
  return { kind: "unhealthy", status, why: firstLine(body) || `answered ${status}` };
}

/** Nobody is told that a write worked, or did not, by anything but the two agreed answers. */
function writeVerdict(answer: Exchange): WriteVerdict {
  if (answer.kind === "no-answer") return { kind: "unknown", why: answer.why };
  const { status, body, isWhole } = answer;
  const json = isWhole ? parseJson(body) : undefined;
  if (status === 200 && Written.safeParse(json).success) return { kind: "written" };
  const refused = NotWritten.safeParse(json);
  if (status === 503 && refused.success) return { kind: "refused", reason: refused.data.reason.slice(0, LONGEST_WHY) };
  return { kind: "unknown", why: `answered ${status} with ${firstLine(body) || "an empty body"}`, status };
}

/** Only a check that had a session can say what has become of it. */
function keptVerdict(answer: Exchange): WriteVerdict {
  const verdict = writeVerdict(answer);
  if (verdict.kind === "unknown" || answer.kind === "no-answer") return verdict;
  const said = SaidOfSession.safeParse(parseJson(answer.body));
  if (verdict.kind === "written") return said.data?.session === "kept" ? verdict : { ...verdict, opened: true };
  if (!said.success) return { kind: "unknown", why: "the write check does not say which session it used" };
  // A refusal over a session that is still open may have any reason; one that was never open proves nothing.
  const { session } = said.data;
  return session === "lost" ? verdict : { kind: "unknown", why: SAID_OF_SESSION[session] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstLine(body: string): string {
  return (body.trim().split(/\r?\n/, 1)[0] ?? "").slice(0, LONGEST_WHY);
}
