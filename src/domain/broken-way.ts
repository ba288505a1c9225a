import { saidByCode } from "./said-by-code.ts";
import { proxyIn, UNTRUSTED } from "./untrusted.ts";

/**
 * What Node and its clients say of a way that is broken, by code or by name, and what people read of it: a clause with the other side
 * as its subject. Node's own words stand in the log.
 */
const WORDS: Readonly<Record<string, string>> = {
  ...saidByCode("nobody listens there", ["ECONNREFUSED"]),
  ...saidByCode("its name is not known", ["ENOTFOUND", "ENODATA"]),
  ...saidByCode("its name could not be looked up", ["EAI_AGAIN", "ESERVFAIL", "EREFUSED", "EDNS"]),
  ...saidByCode("no way leads there", ["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "ENETDOWN"]),
  ...saidByCode("the connection was cut", [
    "ECONNRESET",
    "EPIPE",
    "ECONNABORTED",
    "UND_ERR_SOCKET",
    "PROTOCOL_CONNECTION_LOST",
  ]),
  ...saidByCode("it did not answer in time", [
    "ETIMEDOUT",
    "ETIMEOUT",
    "TimeoutError",
    "AbortError",
    "ESOCKETTIMEDOUT",
  ]),
  ...saidByCode("it did not answer in time", [
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_HEADERS_TIMEOUT",
    "UND_ERR_BODY_TIMEOUT",
  ]),
  ...saidByCode("its certificate has expired", ["CERT_HAS_EXPIRED"]),
  ...saidByCode("its certificate is of another name", ["ERR_TLS_CERT_ALTNAME_INVALID"]),
  ...saidByCode("it answers without encryption, or with another one", [
    "EPROTO",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ETLS",
    "HANDSHAKE_NO_SSL_SUPPORT",
  ]),
  ...saidByCode("this process has too many files open", ["EMFILE", "ENFILE"]),
};

/** Where an error has no code of its own. */
const BY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/socket hang up|terminated unexpectedly|Connection terminated\b(?! due)/i, "the connection was cut"],
  [/certificate's altnames/, "its certificate is of another name"],
  [/does not support (?:SSL|secure)|wrong version number/i, "it answers without encryption, or with another one"],
  [/time[d ]?-?out|did not establish a connection/i, "it did not answer in time"],
];
/** Of errors whose code stands in their text alone. */
const CODE_IN_WORDS = /\b(E[A-Z]{4,}|UND_ERR_[A-Z_]+)\b/;
const MOST_CAUSES = 5;

/** In words why the way to somebody is broken; undefined: this error says nothing of a way. */
export function brokenWay(error: unknown): string | undefined {
  for (let current = error, depth = 0; current !== undefined && depth < MOST_CAUSES; depth += 1) {
    const found = wordsOf(current);
    if (found !== undefined) return found;
    current = current instanceof Error ? current.cause : undefined;
  }
  return undefined;
}

function wordsOf(error: unknown): string | undefined {
  const { code = "", name = "", message } = factsOf(error);
  const coded = `${code} ${message}`;
  if (UNTRUSTED.test(coded)) return "its certificate is not trusted here";
  // Our own words, of a tunnel that reports itself as a refused connection.
  const ofProxy = proxyIn(message);
  if (ofProxy !== undefined) return ofProxy;
  return (
    WORDS[code] ??
    WORDS[name] ??
    WORDS[CODE_IN_WORDS.exec(message)?.[1] ?? ""] ??
    BY_WORDS.find(([said]) => said.test(message))?.[1]
  );
}

function factsOf(error: unknown): { readonly code?: string; readonly name?: string; readonly message: string } {
  if (typeof error === "string") return { message: error };
  if (typeof error !== "object" || error === null) return { message: "" };
  const textOf = (key: string) => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === "string" ? value : "";
  };
  return { code: textOf("code"), name: textOf("name"), message: textOf("message") };
}
