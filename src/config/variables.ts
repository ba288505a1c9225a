import { z } from "zod";
import { Secret } from "../domain/secret.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import type { PagerVariable } from "../ports/pager-kind.ts";
import { isProxyUrl, PROXY_URL } from "./proxy-environment.ts";

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const LogLevel = z.enum(
  ["trace", "debug", "info", "warn", "error", "fatal"],
  "must be trace, debug, info, warn, error or fatal",
);
export type LogLevel = z.infer<typeof LogLevel>;

const secret = (pattern: RegExp, message: string) =>
  z
    .string()
    .regex(pattern, message)
    .transform((value) => new Secret(value));
const proxyUrl = () =>
  z
    .string()
    .refine(isProxyUrl, PROXY_URL)
    .transform((value) => new Secret(value));
const PORT = /^\d{1,5}$/;
const Port = z
  .string()
  .regex(PORT, "must be a port number")
  .transform(Number)
  .refine((port) => port <= 65_535, "must be a port number up to 65535");

function readHostAndPort(text: string): HostAndPort | undefined {
  const found = /^(?:\[([0-9a-f:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text.trim());
  const [host, port] = [found?.[1] ?? found?.[2] ?? "", Number(found?.[3])];
  return host !== "" && port > 0 && port <= 65_535 ? { host, port } : undefined;
}

const Address = z.string().transform((text, context): HostAndPort => {
  const address = readHostAndPort(text);
  if (address) return address;
  context.addIssue("must be host:port");
  return z.NEVER;
});
const Addresses = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(Address));
const ConnectMap = z.string().transform((text, context): ReadonlyMap<string, HostAndPort> => {
  const read = z.record(z.string(), Address).safeParse(readJson(text));
  if (read.success) return new Map(Object.entries(read.data));
  context.addIssue('must be JSON such as {"api.example.com":"127.0.0.1:8080"}');
  return z.NEVER;
});
const HttpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the kinds of pagers read. Each is needed only where the file has its pager: see `pager-environment.ts`. */
export const PAGER_VARIABLES: readonly PagerVariable[] = PAGERS.flatMap(({ variables }) => variables);

function pagerVariables(isMeant: (need: PagerVariable["need"]) => boolean): Record<string, PagerText> {
  const meant = PAGER_VARIABLES.filter(({ need }) => isMeant(need));
  return Object.fromEntries(
    meant.map(({ name, form, message, about }) => [name, secret(form, message).optional().describe(about)]),
  );
}
type PagerText = z.ZodOptional<ReturnType<typeof secret>>;

/** Every variable that TwoKey reads. The AWS SDK reads its own credentials beside these. */
export const VARIABLES = z.object({
  REDIS_URL: secret(/^rediss?:\/\/.+$/, "must be a redis:// or rediss:// URL").describe("The state store."),
  SLACK_BOT_TOKEN: secret(/^xoxb-[\x21-\x7e]+$/, "must be a bot token (xoxb-…)").describe(
    "Bot token of the Slack app.",
  ),
  SLACK_APP_TOKEN: secret(/^xapp-[\x21-\x7e]+$/, "must be an app-level token (xapp-…)")
    .optional()
    .describe("App-level token: Slack is reached through a socket that TwoKey opens. Instead of SLACK_SIGNING_SECRET."),
  SLACK_SIGNING_SECRET: secret(/^.{8,}$/, "must be the signing secret of the Slack app")
    .optional()
    .describe("Signing secret: Slack calls TwoKey over HTTP. Instead of SLACK_APP_TOKEN."),
  ...pagerVariables((need) => need !== "sandbox"),
  HTTPS_PROXY: proxyUrl()
    .optional()
    .describe("Proxy that calls to https:// addresses leave through; a user and a password may stand in it."),
  HTTP_PROXY: proxyUrl()
    .optional()
    .describe("The same for http:// addresses, and for https:// ones where HTTPS_PROXY is not set."),
  NO_PROXY: z
    .string()
    .optional()
    .describe("Hosts that are asked directly, separated by commas: `example.com` is also what ends in it, `*` is all."),
  TWOKEY_CONFIG: z.string().min(1).default("twokey.yaml").describe("Path of twokey.yaml."),
  TWOKEY_LEDGER_DIR: z.string().min(1).describe("Directory that holds the copy of the ledger outside Redis."),
  TWOKEY_LEDGER_KEY: secret(/^.{32,}$/s, "must have at least 32 characters").describe(
    "Key that seals the ledger's chain.",
  ),
  TWOKEY_HTTP_HOST: z.string().min(1).default("127.0.0.1").describe("Address that webhooks and health are served on."),
  TWOKEY_HTTP_PORT: Port.default(3000).describe("Port for the same; 0 takes a free one."),
  TWOKEY_LOG_LEVEL: LogLevel.default("info").describe("Least important level that is logged."),
  TWOKEY_PROCESS_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be a short lower-case name (letters, digits, - and _)")
    .default("twokey")
    .describe("Name of this process in logs and in the store."),
  TWOKEY_REDIS_MEMORY_MB: z
    .string()
    .regex(/^[1-9]\d{0,6}$/, "must be a number of megabytes")
    .transform(Number)
    .optional()
    .describe(
      "Memory that Redis may use, in MB, where Redis itself has no maxmemory: TwoKey warns at 70 % and pages at 85 %.",
    ),
  TWOKEY_SANDBOX: z
    .literal("1", "must be 1, or not set at all")
    .optional()
    .describe("1: the world is simulated. The variables below are allowed then, and refused otherwise."),
  SLACK_API_URL: HttpUrl.optional().describe("Sandbox: Slack's Web API."),
  SLACK_MINUTE_MS: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, "must be a number of milliseconds, below 100,000")
    .transform(Number)
    .optional()
    .describe("Sandbox: milliseconds of the minute in which Slack counts calls; absent: 60000."),
  ...pagerVariables((need) => need === "sandbox"),
  AWS_ENDPOINT_URL: HttpUrl.optional().describe("Sandbox: every AWS API."),
  TWOKEY_DNS_SERVERS: Addresses.optional().describe("Sandbox: resolvers as ip:port, separated by commas."),
  TWOKEY_NAME_SERVERS: Addresses.optional().describe(
    "Sandbox: authoritative name servers as ip:port, separated by commas; absent: the resolvers are asked.",
  ),
  TWOKEY_CONNECT_MAP: ConnectMap.optional().describe(
    "Sandbox: JSON from host names to the host:port that serves them.",
  ),
  TWOKEY_SNS_CA: z
    .string()
    .min(1)
    .optional()
    .describe("Sandbox: file with the certificates that SNS signatures are checked against."),
  TWOKEY_SNS_CERTIFICATE_URL: HttpUrl.optional().describe("Sandbox: where SNS signing certificates are fetched from."),
});
export type Variables = z.infer<typeof VARIABLES>;

/** Those that may be given as files instead: see `secret-files.ts`. Keys of pipelines and passwords of databases may as well. */
export const SECRET_VARIABLES: readonly string[] = [
  ...["REDIS_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "TWOKEY_LEDGER_KEY"],
  ...PAGER_VARIABLES.filter(({ need }) => need !== "sandbox").map(({ name }) => name),
];

export const SANDBOX_REQUIRED = ["SLACK_API_URL", "AWS_ENDPOINT_URL", "TWOKEY_DNS_SERVERS"] as const;
export const SANDBOX_ONLY: readonly string[] = [
  ...SANDBOX_REQUIRED,
  ...PAGER_VARIABLES.filter(({ need }) => need === "sandbox").map(({ name }) => name),
  ...["SLACK_MINUTE_MS", "TWOKEY_NAME_SERVERS", "TWOKEY_CONNECT_MAP", "TWOKEY_SNS_CA", "TWOKEY_SNS_CERTIFICATE_URL"],
];

/** Variables of pagers that are set, by name. */
export function pagerVariablesIn(env: Readonly<Record<string, unknown>>): Readonly<Record<string, Secret>> {
  return Object.fromEntries(
    PAGER_VARIABLES.flatMap(({ name }) => {
      const value = env[name];
      return value instanceof Secret ? [[name, value]] : [];
    }),
  );
}
