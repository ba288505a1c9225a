import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import {
  type Environment,
  readEnvironment,
  readProxies,
  type Settings,
  sayEnvironmentProblems,
} from "../../src/config/environment.ts";
import { missingForPagers } from "../../src/config/pager-environment.ts";
import { keysIn } from "../../src/config/pipeline-environment.ts";

const SECRETS = {
  REDIS_URL: "redis://:hunter2-redis@127.0.0.1:6379/0",
  SLACK_BOT_TOKEN: "xoxb-hunter2-bot",
  SLACK_APP_TOKEN: "xapp-hunter2-app",
  PAGERDUTY_ROUTING_KEY: "hunter2routingkeyhunter2routing1",
  PAGERDUTY_API_TOKEN: "u+hunter2-api-token",
  PAGERDUTY_WEBHOOK_SECRETS: "hunter2-new, hunter2-old",
  TWOKEY_LEDGER_KEY: "hunter2-ledger-key-hunter2-ledger-key",
  PIPELINE_RELEASE_KEYS: "hunter2-the-new-key-of-the-pipeline, hunter2-the-old-key-of-the-pipeline",
};
const PRODUCTION: Environment = { ...SECRETS, TWOKEY_LEDGER_DIR: "/var/lib/twokey" };
const WORLD: Environment = {
  TWOKEY_SANDBOX: "1",
  SLACK_API_URL: "http://127.0.0.1:4001/api/",
  PAGERDUTY_HOST: "127.0.0.1:4002",
  AWS_ENDPOINT_URL: "http://127.0.0.1:4003",
  TWOKEY_DNS_SERVERS: "127.0.0.1:4004, [::1]:4005",
};

function settingsOf(env: Environment): Settings {
  const read = readEnvironment(env);
  if (!read.ok) throw new Error(sayEnvironmentProblems(read.problems));
  return read.settings;
}

function problemsOf(env: Environment): Record<string, string> {
  const read = readEnvironment(env);
  return read.ok
    ? {}
    : Object.fromEntries(read.problems.map(({ variable, what, instead }) => [variable, `${what}; ${instead}`]));
}

describe("keys of pipelines", () => {
  const keys = (text: string) => ({ ...PRODUCTION, PIPELINE_RELEASE_KEYS: text });

  test("are read from whatever variable begins so, several of them while they are changed", () => {
    const read = keysIn(settingsOf(PRODUCTION).pipelines["PIPELINE_RELEASE_KEYS"]).map((key) => key.reveal());

    expect(read).toEqual(["hunter2-the-new-key-of-the-pipeline", "hunter2-the-old-key-of-the-pipeline"]);
  });

  test.each([
    ["one that is short", `${"k".repeat(40)},short`],
    ["none", " , "],
    ["more than a rotation needs", Array.from({ length: 6 }, () => "k".repeat(32)).join(",")],
  ])("with %s are refused", (_what, text) => {
    expect(problemsOf(keys(text))["PIPELINE_RELEASE_KEYS"]).toContain("1 to 5 keys of at least 32 characters");
  });
});

describe("production", () => {
  test("is read with defaults, and has no way into a simulated world", () => {
    const settings = settingsOf(PRODUCTION);
    expect(settings).toMatchObject({
      configPath: "twokey.yaml",
      http: { host: "127.0.0.1", port: 3000 },
      ledger: { directory: "/var/lib/twokey" },
      logLevel: "info",
      processName: "twokey",
      sandbox: undefined,
    });
    expect(settings.slack.mode).toBe("socket");
    expect(settings.pagers["PAGERDUTY_WEBHOOK_SECRETS"]?.reveal()).toBe("hunter2-new, hunter2-old");
    expect(settings.redisUrl.reveal()).toBe(SECRETS.REDIS_URL);
  });

  test("takes Slack over HTTP instead of the socket, never both, never neither", () => {
    const { SLACK_APP_TOKEN: appToken, ...without } = PRODUCTION;
    const http = settingsOf({ ...without, SLACK_SIGNING_SECRET: "hunter2-signing" });
    expect(http.slack.mode).toBe("http");
    expect(problemsOf(without)["SLACK_APP_TOKEN"]).toContain("both not set");
    const both = problemsOf({ ...without, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: "hunter2-signing" });
    expect(both["SLACK_APP_TOKEN"]).toContain("set together");
  });

  test.each([
    ["SLACK_API_URL", "http://127.0.0.1:1/api/"],
    ["PAGERDUTY_HOST", "127.0.0.1:1"],
    ["AWS_ENDPOINT_URL", "http://127.0.0.1:1"],
    ["TWOKEY_DNS_SERVERS", "127.0.0.1:53"],
    ["TWOKEY_CONNECT_MAP", "{}"],
    ["TWOKEY_SNS_CA", "/tmp/ca.pem"],
    ["TWOKEY_SNS_CERTIFICATE_URL", "http://127.0.0.1:1"],
    ["AWS_ENDPOINT_URL_RDS", "http://127.0.0.1:1"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
  ])("refuses to start with %s", (variable, value) => {
    expect(Object.keys(problemsOf({ ...PRODUCTION, [variable]: value }))).toEqual([variable]);
  });

  test("names every missing and wrong variable at once, with its purpose", () => {
    const problems = problemsOf({
      REDIS_URL: "http://x",
      TWOKEY_HTTP_PORT: "70000",
      TWOKEY_LOG_LEVEL: "loud",
      SLACK_BOT_TOKEN: "",
    });
    expect(problems).toMatchObject({
      REDIS_URL: expect.stringContaining("redis:// or rediss://"),
      SLACK_BOT_TOKEN: expect.stringContaining("is not set; set it: Bot token"),
      TWOKEY_LEDGER_DIR: expect.stringContaining("is not set"),
      TWOKEY_LEDGER_KEY: expect.stringContaining("is not set"),
      TWOKEY_HTTP_PORT: expect.stringContaining("65535"),
      TWOKEY_LOG_LEVEL: expect.stringContaining("trace, debug"),
    });
  });

  test("a misspelt variable is not silently ignored", () => {
    expect(problemsOf({ ...PRODUCTION, TWOKEY_HTTP_PROT: "1" })).toEqual({
      TWOKEY_HTTP_PROT: "is no variable that TwoKey knows; did you mean TWOKEY_HTTP_PORT?",
    });
    expect(problemsOf({ ...PRODUCTION, TWOKEY_SPEED: "10" })).toHaveProperty("TWOKEY_SPEED");
  });
});

describe("a sandbox", () => {
  test("has every way out led into the simulated world", () => {
    const map = '{"api.mycomputer.com":"127.0.0.1:4006"}';
    const { sandbox } = settingsOf({ ...PRODUCTION, ...WORLD, TWOKEY_CONNECT_MAP: map });
    expect(sandbox).toMatchObject({
      slackApiUrl: "http://127.0.0.1:4001/api/",
      awsEndpointUrl: "http://127.0.0.1:4003",
      dnsServers: [
        { host: "127.0.0.1", port: 4004 },
        { host: "::1", port: 4005 },
      ],
      snsCaPath: undefined,
    });
    expect(sandbox?.connectMap.get("api.mycomputer.com")).toEqual({ host: "127.0.0.1", port: 4006 });
  });

  test.each(["SLACK_API_URL", "AWS_ENDPOINT_URL", "TWOKEY_DNS_SERVERS"])(
    "is refused without %s, because it would reach the real world",
    (variable) => {
      expect(problemsOf({ ...PRODUCTION, ...WORLD, [variable]: undefined })[variable]).toContain(
        "would reach the real world",
      );
    },
  );

  test.each([
    ["TWOKEY_SANDBOX", "yes"],
    ["PAGERDUTY_HOST", "127.0.0.1"],
    ["TWOKEY_DNS_SERVERS", "127.0.0.1:53,nonsense"],
    ["TWOKEY_CONNECT_MAP", "{"],
    ["TWOKEY_CONNECT_MAP", '{"a":"b"}'],
    ["AWS_ENDPOINT_URL", "ftp://127.0.0.1"],
  ])("is refused with %s=%s", (variable, value) => {
    expect(problemsOf({ ...PRODUCTION, ...WORLD, [variable]: value })).toHaveProperty(variable);
  });
});

describe("proxies", () => {
  const proxiesOf = (env: Environment) => {
    const { proxies } = settingsOf({ ...PRODUCTION, ...env });
    return proxies && [proxies.https?.reveal(), proxies.http?.reveal(), proxies.noProxy];
  };
  const [SECURE, PLAIN] = ["http://somebody:hunter2@proxy.example:3128", "http://proxy.example:3129"];

  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: SECURE, NO_PROXY: ".example" }, [SECURE, undefined, ".example"]],
    [{ HTTP_PROXY: PLAIN }, [PLAIN, PLAIN, ""]],
    [{ https_proxy: SECURE, HTTPS_PROXY: PLAIN, no_proxy: "*" }, [SECURE, undefined, "*"]],
    [{ NO_PROXY: "example" }, undefined],
  ])("of %j are read, small letters first", (env, read) => {
    expect(proxiesOf(env)).toEqual(read);
    const alone = readProxies(env);
    expect(alone.ok && alone.proxies?.https?.reveal()).toBe(read?.[0]);
  });

  test("are not used in a sandbox, whose world is on this machine", () => {
    expect(proxiesOf({ ...WORLD, HTTPS_PROXY: SECURE })).toBe(undefined);
  });

  test.each([
    "hunter2:3128",
    "http://somebody:50%hunter2@proxy.example:3128",
    "http://%hunter2@proxy.example:3128",
    "http://somebody:hunter2@proxy.example:99999",
    "http://somebody:hunter2@proxy.example:0",
    "http://somebody:hunter2@:3128",
    "http://somebody:hunter2@proxy.example:3128:1",
    "socks5://somebody:hunter2@proxy.example:3128",
  ])("of which no proxy can be made are refused without their value: %s", (url) => {
    const must =
      "it must be an http(s):// URL with a host and a port up to 65535, its user and password percent-encoded";
    for (const name of ["HTTPS_PROXY", "HTTP_PROXY"]) {
      expect(problemsOf({ ...PRODUCTION, [name]: url })).toEqual({
        [name]: `has a value that cannot be used; ${must}`,
      });
      const read = readProxies({ [name]: url });
      if (read.ok) throw new Error("It was taken");
      const said = sayEnvironmentProblems(read.problems);
      expect(said).toContain(`${name}: has a value that cannot be used`);
      expect(said).not.toContain("hunter2");
    }
  });
});

describe("a pager of the file", () => {
  const without = (env: Environment, ...names: string[]) =>
    missingForPagers(settingsOf({ ...env, ...Object.fromEntries(names.map((name) => [name, undefined])) }), [
      "pagerduty",
    ]).map(({ variable, what, instead }) => `${variable} ${what}; ${instead}`);

  test("names every variable that it misses, with its purpose", () => {
    expect(without(PRODUCTION, "PAGERDUTY_ROUTING_KEY", "PAGERDUTY_API_TOKEN", "PAGERDUTY_WEBHOOK_SECRETS")).toEqual([
      expect.stringMatching(/^PAGERDUTY_ROUTING_KEY is not set; set it: Integration key/),
      expect.stringMatching(/^PAGERDUTY_API_TOKEN is not set; set it: REST/),
    ]);
    expect(without(PRODUCTION)).toEqual([]);
  });

  test("needs its simulated self in a sandbox, because it would reach the real world", () => {
    const sandbox = { ...PRODUCTION, ...WORLD };
    expect(without(sandbox)).toEqual([]);
    expect(without(sandbox, "PAGERDUTY_HOST")).toEqual([expect.stringContaining("would reach the real world")]);
  });

  test("that the file does not have needs nothing", () => {
    const { PAGERDUTY_ROUTING_KEY: _key, PAGERDUTY_API_TOKEN: _token, ...bare } = PRODUCTION;
    expect(missingForPagers(settingsOf(bare), [])).toEqual([]);
  });
});

describe("secrets", () => {
  test("are in no printed form of the settings", () => {
    const settings = settingsOf({ ...PRODUCTION, ...WORLD });
    const printed = [
      inspect(settings, { depth: 9, showHidden: true }),
      JSON.stringify(settings),
      String(settings.redisUrl),
    ].join("\n");
    expect(printed).not.toContain("hunter2");
    expect(printed).toContain("[secret]");
  });

  test("are in no problem, even where the secret itself is what is wrong", () => {
    const wrong = Object.fromEntries(Object.keys(SECRETS).map((name) => [name, " hunter2 "]));
    const more = {
      SLACK_SIGNING_SECRET: "hunter2",
      TWOKEY_CONNECT_MAP: "hunter2",
      PAGERDUTY_HOST: "hunter2",
      TWOKEY_HUNTER: "hunter2",
    };
    const read = readEnvironment({ ...wrong, ...more, TWOKEY_SANDBOX: "hunter2" });
    if (read.ok) throw new Error("nonsense was accepted");
    expect(read.problems.length).toBeGreaterThan(6);
    expect(sayEnvironmentProblems(read.problems) + inspect(read, { depth: 9 })).not.toContain("hunter2");
  });
});
