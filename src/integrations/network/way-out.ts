import { Agent, type AgentOptions, type ClientRequestArgs } from "node:http";
import { type RequestOptions, Agent as TlsAgent } from "node:https";
import type { Duplex } from "node:stream";
import { buildConnector, type Dispatcher, Pool, ProxyAgent, Agent as UndiciAgent, fetch as undiciFetch } from "undici";
import { type Proxies, type ProxyOf, proxyOf } from "./proxy.ts";
import { openTunnel, Tunnel } from "./tunnel.ts";

/** How HTTP leaves this machine. */
export interface WayOut {
  readonly fetch: typeof fetch;
  /** For what speaks by undici itself, such as WebSockets; undefined: directly. */
  readonly dispatcher: Dispatcher | undefined;
  /** Connections for requests of `node:https`; undefined: directly, by the caller's own. */
  readonly agent: (options: AgentOptions) => Agent | undefined;
  /** For one request to this URL, whose host may be reached under another address; undefined: directly. */
  readonly agentTo: (url: URL) => Agent | undefined;
  close(): void;
}

export const DIRECTLY: WayOut = {
  fetch: (input, init) => fetch(input, init),
  dispatcher: undefined,
  agent: () => undefined,
  agentTo: () => undefined,
  close: () => undefined,
};

/** Everything goes through a tunnel (CONNECT) but plain HTTP of `fetch`, which the proxy asks for us as it always did. */
export function throughProxies(proxies: Proxies): WayOut {
  const by = proxyOf(proxies);
  const dispatcher = dispatcherBy(by);
  return {
    // Node's own fetch takes no dispatcher of another undici than its own.
    fetch: ((input: string | URL, init?: object) => undiciFetch(input, { ...init, dispatcher })) as typeof fetch,
    dispatcher,
    agent: (options) => new SecureAgent(by, options),
    agentTo: (url) => {
      const proxy = by(url);
      // The URL has chosen: its host may be asked under an address that would be chosen otherwise.
      return proxy && new (url.protocol === "https:" ? SecureAgent : PlainAgent)(() => proxy, {});
    },
    close: () => void dispatcher.close().catch(() => undefined),
  };
}

/** A tunnel is there at once, so that Node's own agent counts, keeps and closes it like any connection. */
class SecureAgent extends TlsAgent {
  readonly #proxyOf: ProxyOf;

  constructor(by: ProxyOf, options: AgentOptions) {
    super(options);
    this.#proxyOf = by;
  }

  override createConnection(options: RequestOptions): Duplex | null | undefined {
    const tunnel = tunnelTo(options, "https:", this.#proxyOf);
    if (!tunnel) return super.createConnection(options);
    // Before TLS listens, which has words of its own for a stream that ends.
    tunnel.once("error", (error) => secure?.destroy(error));
    const secure = super.createConnection({ ...options, socket: tunnel } as RequestOptions);
    secure?.once("close", () => tunnel.destroy());
    return secure;
  }
}

class PlainAgent extends Agent {
  readonly #proxyOf: ProxyOf;

  constructor(by: ProxyOf, options: AgentOptions) {
    super(options);
    this.#proxyOf = by;
  }

  override createConnection(options: ClientRequestArgs): Duplex | null | undefined {
    return tunnelTo(options, "http:", this.#proxyOf) ?? super.createConnection(options);
  }
}

/** Undefined: the host is asked directly. */
function tunnelTo(options: ClientRequestArgs, protocol: "https:" | "http:", by: ProxyOf): Tunnel | undefined {
  const host = options.host ?? "localhost";
  const port = Number(options.port) || (protocol === "https:" ? 443 : 80);
  const proxy = by(urlOf(protocol, host, port));
  return proxy && new Tunnel({ proxy, host, port });
}

const urlOf = (protocol: string, host: string, port: number): URL =>
  new URL(`${protocol}//${host.includes(":") ? `[${host}]` : host}:${port}`);

function dispatcherBy(by: ProxyOf): Dispatcher {
  const connectTo = buildConnector({});
  return new UndiciAgent({
    factory: (origin, options) => plainProxy(new URL(origin), by) ?? new Pool(origin, options),
    connect: (options, done) => {
      const { protocol, hostname } = options;
      const port = Number(options.port) || (protocol === "https:" ? 443 : 80);
      const host = hostname.replace(/^\[|\]$/g, "");
      const proxy = by(urlOf(protocol, host, port));
      if (!proxy) return connectTo(options, done);
      openTunnel({ proxy, host, port }).then(
        (socket) => (protocol === "https:" ? connectTo({ ...options, httpSocket: socket }, done) : done(null, socket)),
        (error: Error) => done(error, null),
      );
    },
  });
}

/** Undefined: not by asking a proxy for the whole URL. */
function plainProxy(origin: URL, by: ProxyOf): ProxyAgent | undefined {
  const proxy = origin.protocol === "http:" ? by(origin) : undefined;
  if (!proxy || proxy.isTls) return undefined;
  const { authorization: token } = proxy;
  const uri = urlOf("http:", proxy.host, proxy.port).href;
  return new ProxyAgent({ uri, proxyTunnel: false, ...(token !== undefined && { token }) });
}
