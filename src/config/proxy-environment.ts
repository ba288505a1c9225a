import type { Secret } from "../domain/secret.ts";

/** Proxies that HTTP leaves through; a URL may hold a user and a password. */
export interface ProxySettings {
  readonly https: Secret | undefined;
  readonly http: Secret | undefined;
  /** Hosts that are asked directly, as NO_PROXY lists them. */
  readonly noProxy: string;
}

export const PROXY_URL =
  "must be an http(s):// URL with a host and a port up to 65535, its user and password percent-encoded";

/** Whether a proxy can be made of it; a URL that is none throws nothing here. */
export function isProxyUrl(text: string): boolean {
  try {
    const { protocol, hostname, port, username, password } = new URL(text);
    // Only what can be decoded can be sent.
    decodeURIComponent(username + password);
    return /^https?:$/.test(protocol) && hostname !== "" && port !== "0";
  } catch {
    return false;
  }
}

const NAMES = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] as const;

/** Each may be written in small letters too, and counts then, as with curl. */
export function withProxyNames(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const given = NAMES.flatMap((name) => {
    const value = env[name.toLowerCase()] || env[name];
    return value ? [[name, value]] : [];
  });
  return { ...env, ...Object.fromEntries(given) };
}

/** Undefined: HTTP leaves directly. */
export function proxySettings(env: {
  readonly HTTPS_PROXY?: Secret | undefined;
  readonly HTTP_PROXY?: Secret | undefined;
  readonly NO_PROXY?: string | undefined;
}): ProxySettings | undefined {
  const { HTTPS_PROXY: https, HTTP_PROXY: http, NO_PROXY: noProxy = "" } = env;
  return https || http ? { https: https ?? http, http, noProxy } : undefined;
}
