import type { z } from "zod";
import { Bug } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { mostSimilar } from "../domain/similar.ts";
import { type DatabasePasswords, databasePasswordsIn, isDatabasePassword } from "./database-environment.ts";
import { isPipelineVariable, type PipelineKeys, pipelineKeysIn, pipelineProblems } from "./pipeline-environment.ts";
import { type EnvironmentProblem, sayList } from "./problem.ts";
import { type ProxySettings, proxySettings, withProxyNames } from "./proxy-environment.ts";
import { type ReadSecrets, readSecretFiles } from "./secret-files.ts";
import { judgeSecret, saidOfFiles } from "./secret-rules.ts";
import { Secrets } from "./secrets.ts";
import {
  type HostAndPort,
  type LogLevel,
  pagerVariablesIn,
  SANDBOX_ONLY,
  SANDBOX_REQUIRED,
  VARIABLES,
  type Variables,
} from "./variables.ts";

/** Where the simulated world stands. Exists in a sandbox only. */
export interface SandboxEndpoints {
  readonly slackApiUrl: string;
  /** How long Slack's minute is. Undefined: as long as ours. */
  readonly slackMinuteMs: number | undefined;
  readonly awsEndpointUrl: string;
  readonly dnsServers: readonly HostAndPort[];
  readonly nameServers: readonly HostAndPort[];
  /** Host (or host:port) as the world knows it → where it is really served. */
  readonly connectMap: ReadonlyMap<string, HostAndPort>;
  /** File with the certificates (PEM) that SNS signatures are checked against. */
  readonly snsCaPath: string | undefined;
  /** Origin that signing certificates are fetched from. */
  readonly snsCertificateUrl: string | undefined;
}

export type SlackSettings =
  | { readonly mode: "socket"; readonly botToken: Secret; readonly appToken: Secret }
  | { readonly mode: "http"; readonly botToken: Secret; readonly signingSecret: Secret };

export interface Settings {
  /** Those of the secrets below that stand in files, and may change. */
  readonly secrets: Secrets;
  readonly redisUrl: Secret;
  readonly slack: SlackSettings;
  /** What is set of the variables that kinds of pagers read, by the variable's name. */
  readonly pagers: Readonly<Record<string, Secret>>;
  /** Keys of pipelines, by the variable that holds them. */
  readonly pipelines: PipelineKeys;
  /** Passwords of TwoKey's own accounts in databases, by the variable that holds them. */
  readonly databases: DatabasePasswords;
  /** Undefined: HTTP leaves directly. */
  readonly proxies: ProxySettings | undefined;
  readonly configPath: string;
  readonly ledger: { readonly directory: string; readonly key: Secret };
  readonly http: HostAndPort;
  /** Undefined: what Redis itself says counts. */
  readonly redisMemoryBytes: number | undefined;
  readonly logLevel: LogLevel;
  readonly processName: string;
  /** Undefined in production: every endpoint is the real one. */
  readonly sandbox: SandboxEndpoints | undefined;
}

export type EnvironmentRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly EnvironmentProblem[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Typed settings, or everything that is wrong with the environment at once. An empty variable counts as not set. */
export function readEnvironment(env: Environment = process.env): EnvironmentRead {
  const read = readSecretFiles(withProxyNames(env));
  const { present } = read;
  const parsed = VARIABLES.safeParse(present);
  const problems = [
    ...forbidden(present),
    ...pipelineProblems(present),
    ...(parsed.success ? [] : fromIssues(parsed.error.issues, present)),
  ];
  if (!parsed.success) return { ok: false, problems: saidOfFiles(problems, read) };
  const slack = slackSettings(parsed.data);
  const sandbox = sandboxEndpoints(parsed.data);
  if ("variable" in slack) problems.push(slack);
  if (Array.isArray(sandbox)) problems.push(...sandbox);
  const said = saidOfFiles(problems, read);
  if (said.length > 0 || "variable" in slack || Array.isArray(sandbox)) return { ok: false, problems: said };
  return { ok: true, settings: liveSettings(parsed.data, read, sandbox) };
}

/** What somebody needs who only reads what is stored: no token, no ledger. */
export type ClientSettings = Pick<Settings, "redisUrl" | "configPath"> & { readonly isSandbox: boolean };

export function readClientEnvironment(
  env: Environment = process.env,
):
  | { readonly ok: true; readonly settings: ClientSettings }
  | { readonly ok: false; readonly problems: readonly EnvironmentProblem[] } {
  // Of the secrets this one alone: whoever only reads needs no other, and may not be let near them.
  const { REDIS_URL: url, REDIS_URL_FILE: file, ...rest } = env;
  const read = readSecretFiles({ REDIS_URL: url, REDIS_URL_FILE: file });
  const present = { ...rest, ...read.present };
  const parsed = VARIABLES.pick({ REDIS_URL: true, TWOKEY_CONFIG: true, TWOKEY_SANDBOX: true }).safeParse(
    Object.fromEntries(Object.entries(present).filter(([, value]) => value !== undefined && value !== "")),
  );
  const problems = saidOfFiles(parsed.success ? [] : fromIssues(parsed.error.issues, present), read);
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  const { REDIS_URL: redisUrl, TWOKEY_CONFIG: configPath, TWOKEY_SANDBOX: sandbox } = parsed.data;
  return { ok: true, settings: { redisUrl, configPath, isSandbox: sandbox !== undefined } };
}

/** The key of the ledger alone: whoever audits a ledger file runs no bot. Undefined: it is not set, or too short. */
export function readLedgerKey(env: Environment = process.env): Secret | undefined {
  const { TWOKEY_LEDGER_KEY: key, TWOKEY_LEDGER_KEY_FILE: file } = env;
  const { present } = readSecretFiles({ TWOKEY_LEDGER_KEY: key, TWOKEY_LEDGER_KEY_FILE: file });
  return VARIABLES.shape.TWOKEY_LEDGER_KEY.safeParse(present["TWOKEY_LEDGER_KEY"]).data;
}

/** Where this machine's bot keeps its ledger, and what it remembers; undefined where it is not set. */
export function readLedgerDirectory(env: Environment = process.env): string | undefined {
  return env["TWOKEY_LEDGER_DIR"] || undefined;
}

/** The proxies alone: who only asks AWS runs no bot. */
export function readProxies(env: Environment = process.env) {
  const wanted = VARIABLES.pick({ HTTPS_PROXY: true, HTTP_PROXY: true, NO_PROXY: true });
  const given = Object.fromEntries(Object.entries(withProxyNames(env)).filter(([, value]) => value !== ""));
  const { data, error } = wanted.safeParse(given);
  if (error) return { ok: false, problems: fromIssues(error.issues, given) } as const;
  return { ok: true, proxies: proxySettings(data) } as const;
}

/** The file that this machine's bot reads; `twokey.yaml` of the directory where it is not set. */
export function readConfigPath(env: Environment = process.env): string {
  return env["TWOKEY_CONFIG"] || "twokey.yaml";
}

export function sayEnvironmentProblems(problems: readonly EnvironmentProblem[]): string {
  return problems.map(({ variable, what, instead }) => `${variable}: ${what}\n  ${instead}`).join("\n");
}

function fromIssues(issues: readonly z.core.$ZodIssue[], present: Environment): EnvironmentProblem[] {
  return issues.map((issue) => {
    const variable = String(issue.path[0]);
    if (present[variable] === undefined) return { variable, what: "is not set", instead: sayPurpose(variable) };
    const instead = issue.message.startsWith("must ") ? `it ${issue.message}` : sayPurpose(variable);
    return { variable, what: "has a value that cannot be used", instead };
  });
}

export function sayPurpose(variable: string): string {
  const schema = Object.entries(VARIABLES.shape).find(([name]) => name === variable)?.[1];
  return `set it: ${schema?.description ?? "see the reference page"}`;
}

/** Every secret that stands in a file is the one that follows it. */
function liveSettings(parsed: Variables, read: ReadSecrets, sandbox: SandboxEndpoints | undefined): Settings {
  const secrets = new Secrets(read.files, judgeSecret);
  const followed = secrets.all();
  const env: Variables = { ...parsed, ...followed };
  const slack = slackSettings(env);
  if ("variable" in slack) throw new Bug("slack-settings", "They were in order a moment ago");
  return {
    secrets,
    redisUrl: env.REDIS_URL,
    slack,
    pagers: pagerVariablesIn(env),
    pipelines: { ...pipelineKeysIn(read.present), ...only(followed, isPipelineVariable) },
    databases: { ...databasePasswordsIn(read.present), ...only(followed, isDatabasePassword) },
    // A simulated world is on this machine.
    proxies: sandbox ? undefined : proxySettings(env),
    configPath: env.TWOKEY_CONFIG,
    ledger: { directory: env.TWOKEY_LEDGER_DIR, key: env.TWOKEY_LEDGER_KEY },
    http: { host: env.TWOKEY_HTTP_HOST, port: env.TWOKEY_HTTP_PORT },
    redisMemoryBytes: env.TWOKEY_REDIS_MEMORY_MB === undefined ? undefined : env.TWOKEY_REDIS_MEMORY_MB * 1024 * 1024,
    logLevel: env.TWOKEY_LOG_LEVEL,
    processName: env.TWOKEY_PROCESS_NAME,
    sandbox,
  };
}

const only = (secrets: Readonly<Record<string, Secret>>, isMeant: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(secrets).filter(([name]) => isMeant(name)));

function slackSettings(env: Variables): SlackSettings | EnvironmentProblem {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = env;
  if (appToken && !signingSecret) return { mode: "socket", botToken, appToken };
  if (signingSecret && !appToken) return { mode: "http", botToken, signingSecret };
  return {
    variable: "SLACK_APP_TOKEN",
    what: appToken ? "is set together with SLACK_SIGNING_SECRET" : "and SLACK_SIGNING_SECRET are both not set",
    instead: "set SLACK_APP_TOKEN to open a socket to Slack, or SLACK_SIGNING_SECRET to be called by it, not both",
  };
}

/** In a sandbox nothing real can be touched: each way out must lead into the simulated world. */
function sandboxEndpoints(env: Variables): SandboxEndpoints | EnvironmentProblem[] | undefined {
  if (env.TWOKEY_SANDBOX === undefined) return undefined;
  const { SLACK_API_URL, AWS_ENDPOINT_URL, TWOKEY_DNS_SERVERS } = env;
  if (!SLACK_API_URL || !AWS_ENDPOINT_URL || !TWOKEY_DNS_SERVERS) {
    return SANDBOX_REQUIRED.filter((variable) => env[variable] === undefined).map((variable) => ({
      variable,
      what: "is not set, so this sandbox would reach the real world",
      instead: sayPurpose(variable),
    }));
  }
  return {
    slackApiUrl: SLACK_API_URL,
    slackMinuteMs: env.SLACK_MINUTE_MS,
    awsEndpointUrl: AWS_ENDPOINT_URL,
    dnsServers: TWOKEY_DNS_SERVERS,
    nameServers: env.TWOKEY_NAME_SERVERS ?? TWOKEY_DNS_SERVERS,
    connectMap: env.TWOKEY_CONNECT_MAP ?? new Map(),
    snsCaPath: env.TWOKEY_SNS_CA,
    snsCertificateUrl: env.TWOKEY_SNS_CERTIFICATE_URL,
  };
}

/** Production never runs against endpoints that somebody bent, and a misspelt variable is not silently ignored. */
function forbidden(present: Environment): EnvironmentProblem[] {
  const isSandbox = present["TWOKEY_SANDBOX"] !== undefined;
  const known = Object.keys(VARIABLES.shape);
  return Object.keys(present).flatMap((variable): EnvironmentProblem[] => {
    if (SANDBOX_ONLY.includes(variable) && !isSandbox) {
      return [{ variable, what: "is allowed in a sandbox only", instead: "remove it, or set TWOKEY_SANDBOX=1" }];
    }
    if (/^AWS_ENDPOINT_URL_/.test(variable)) {
      // The SDK reads these by itself and prefers them to the one that TwoKey checks.
      return [
        {
          variable,
          what: "bends one AWS API behind TwoKey's back",
          instead: "remove it; a sandbox sets AWS_ENDPOINT_URL",
        },
      ];
    }
    if (variable === "NODE_TLS_REJECT_UNAUTHORIZED" && present[variable] === "0") {
      return [{ variable, what: "switches off the checking of certificates", instead: "remove it" }];
    }
    if (!variable.startsWith("TWOKEY_") || known.includes(variable)) return [];
    const near = mostSimilar(variable, known);
    const instead =
      near === undefined
        ? `remove it; known: ${sayList(known.filter((name) => name.startsWith("TWOKEY_")))}`
        : `did you mean ${near}?`;
    return [{ variable, what: "is no variable that TwoKey knows", instead }];
  });
}
