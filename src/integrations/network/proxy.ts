import { BlockList, isIP } from "node:net";
import type { Secret } from "../../domain/secret.ts";
import { bare } from "./exchange.ts";

export interface Proxies {
  readonly https: Secret | undefined;
  readonly http: Secret | undefined;
  /** Hosts that are asked directly: names with what ends in them, addresses, each with or without a port; `*`: all. */
  readonly noProxy: string;
}

export interface ProxyServer {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Value of `proxy-authorization`; undefined: none is sent. */
  readonly authorization: string | undefined;
}

export type ProxyOf = (url: URL) => ProxyServer | undefined;

/** The proxy of a URL; undefined: it is asked directly. The one reader for every client. */
export function proxyOf({ https, http, noProxy }: Proxies): ProxyOf {
  const [secure, plain] = [https && serverAt(https), http && serverAt(http)];
  return (url) => (isDirect(url, noProxy) ? undefined : url.protocol === "https:" ? secure : plain);
}

function serverAt(text: Secret): ProxyServer {
  const { protocol, hostname, port, username, password } = new URL(text.reveal());
  const isTls = protocol === "https:";
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    ...{ isTls, host: bare(hostname), port: Number(port) || (isTls ? 443 : 80) },
    authorization: login === ":" ? undefined : `Basic ${Buffer.from(login).toString("base64")}`,
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const isLoopback = (host: string): boolean =>
  isIP(host) === 0
    ? host === "localhost" || host.endsWith(".localhost")
    : LOOPBACK.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");

/** Whether a host is this machine, or stands in NO_PROXY. An entry counts for the host of the URL, not for where it leads. */
export function isDirect({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const asked = Number(port) || (protocol === "https:" ? 443 : 80);
  const host = bare(hostname).toLowerCase();
  if (isLoopback(host)) return true;
  return noProxy
    .split(/[,\s]/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const { name, port: of } = entryOf(entry);
      return (of === undefined || of === asked) && (host === name || (isIP(name) === 0 && host.endsWith(`.${name}`)));
    });
}

/** `name`, `name:port`, `.name`, `*.name`, an address, `[address]` or `[address]:port`. */
function entryOf(entry: string): { readonly name: string; readonly port: number | undefined } {
  // The colons of an address without brackets begin no port.
  const [, before = entry, port] = isIP(entry) === 6 ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
  const name = bare(before)
    .toLowerCase()
    .replace(/^\*?\./, "");
  return {
    // As a URL writes it, which knows no zones.
    name: URL.canParse(`http://[${name}]`) ? bare(new URL(`http://[${name}]`).hostname) : name,
    port: port === undefined ? undefined : Number(port),
  };
}
