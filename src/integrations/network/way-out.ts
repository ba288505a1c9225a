import { Agent, type AgentOptions, type ClientRequest } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { type AgentConnectOpts, Agent as ChoosingAgent } from "agent-base";
import { HttpsProxyAgent } from "https-proxy-agent";
import { type Dispatcher, EnvHttpProxyAgent, fetch as undiciFetch } from "undici";
import type { Secret } from "../../domain/secret.ts";

export interface Proxies {
  readonly https: Secret | undefined;
  readonly http: Secret | undefined;
  /** Hosts that are asked directly: names with what ends in them, addresses, each with or without a port; `*`: all. */
  readonly noProxy: string;
}

/** How HTTP leaves this machine. */
export interface WayOut {
  readonly fetch: typeof fetch;
  /** For what speaks by undici itself, such as WebSockets; undefined: directly. */
  readonly dispatcher: Dispatcher | undefined;
  /** Connections for requests of `node:http` and `node:https`; undefined: directly, by the caller's own. */
  agent(options: AgentOptions): Agent | undefined;
  /** For one request to this URL, whose host may be reached under another address; undefined: directly. */
  agentTo(url: URL): Agent | undefined;
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
  const { https, http, noProxy } = proxies;
  const dispatcher = new EnvHttpProxyAgent({
    ...{ httpsProxy: https?.reveal() ?? "", httpProxy: http?.reveal() ?? "", noProxy, proxyTunnel: false },
  });
  const proxyOf = (url: URL) => (isDirect(url, noProxy) ? undefined : url.protocol === "https:" ? https : http);
  return {
    // Node's own fetch takes no dispatcher of another undici than its own.
    fetch: ((input: string | URL, init?: object) => undiciFetch(input, { ...init, dispatcher })) as typeof fetch,
    dispatcher,
    agent: (options) => new AgentByHost(proxyOf, options),
    agentTo: (url) => {
      const proxy = proxyOf(url);
      return proxy && new HttpsProxyAgent(proxy.reveal());
    },
    close: () => void dispatcher.close().catch(() => undefined),
  };
}

/** Chooses at each connection, and keeps connections as the options say. */
class AgentByHost extends ChoosingAgent {
  readonly #proxyOf: (url: URL) => Secret | undefined;
  readonly #direct: readonly [secure: TlsAgent, plain: Agent] = [new TlsAgent(), new Agent()];

  constructor(proxyOf: (url: URL) => Secret | undefined, options: AgentOptions) {
    super(options);
    this.#proxyOf = proxyOf;
  }

  connect(_request: ClientRequest, options: AgentConnectOpts): Agent {
    const { secureEndpoint, host = "", port } = options;
    const url = new URL(`${secureEndpoint ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`);
    const proxy = this.#proxyOf(url);
    if (proxy) return new HttpsProxyAgent(proxy.reveal());
    return secureEndpoint ? this.#direct[0] : this.#direct[1];
  }
}

/** As undici's agent reads it, which decides for `fetch`. */
export function isDirect({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const asked = Number(port) || (protocol === "https:" ? 443 : 80);
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  return noProxy
    .split(/[,\s]/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = entry, of] = /^(.+):(\d+)$/.exec(entry) ?? [];
      const bare = name.toLowerCase().replace(/^\*?\./, "");
      return (of === undefined || Number(of) === asked) && (host === bare || host.endsWith(`.${bare}`));
    });
}
