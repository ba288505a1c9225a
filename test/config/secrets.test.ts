import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Environment,
  readClientEnvironment,
  readEnvironment,
  readLedgerKey,
  type Settings,
  sayEnvironmentProblems,
} from "../../src/config/environment.ts";
import { keysIn } from "../../src/config/pipeline-environment.ts";
import { reloadSecrets } from "../../src/config/secret-reload.ts";
import { ACCEPTED_FOR_MS, REFUSED_AGAIN_MS } from "../../src/config/secrets.ts";
import { SECRET_VARIABLES, VARIABLES } from "../../src/config/variables.ts";
import { askWith, type Reception, Secret } from "../../src/domain/secret.ts";
import { eventually } from "../harness/eventually.ts";
import { secretInFile } from "../harness/secret-file.ts";

const VALUES = {
  REDIS_URL: "redis://twokey:hunter2-redis@127.0.0.1:6379/0",
  SLACK_BOT_TOKEN: "xoxb-hunter2-bot",
  SLACK_APP_TOKEN: "xapp-hunter2-app",
  PAGERDUTY_ROUTING_KEY: "hunter2routingkeyhunter2routing1",
  PAGERDUTY_API_TOKEN: "u+hunter2-api-token",
  PAGERDUTY_WEBHOOK_SECRETS: "hunter2-new, hunter2-old",
  MAIL_USER: "twokey",
  MAIL_PASSWORD: "hunter2-mail",
  TWOKEY_LEDGER_KEY: "hunter2-ledger-key-hunter2-ledger-key",
  PIPELINE_RELEASE_KEYS: "hunter2-the-key-of-the-pipeline-1",
  DATABASE_STOCK: "hunter2-database",
};
const OTHERS = { TWOKEY_LEDGER_DIR: "/var/lib/twokey" };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "twokey-secrets-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const pathOf = (variable: string) => join(directory, variable.toLowerCase());

/** Every secret in a file of its own, and the environment that names them. */
function inFiles(values: Readonly<Record<string, string>> = VALUES): Record<string, string> {
  for (const [variable, value] of Object.entries(values)) writeFileSync(pathOf(variable), `${value}\n`);
  return { ...OTHERS, ...Object.fromEntries(Object.keys(values).map((each) => [`${each}_FILE`, pathOf(each)])) };
}

function settingsOf(env: Environment): Settings {
  const read = readEnvironment(env);
  if (!read.ok) throw new Error(sayEnvironmentProblems(read.problems));
  return read.settings;
}

function problemsOf(env: Environment): string[] {
  const read = readEnvironment(env);
  return read.ok ? [] : read.problems.map(({ variable, what, instead }) => `${variable} ${what}; ${instead}`);
}

describe("a secret in a file", () => {
  test("is read as if it stood in the variable, without the newline at its end", () => {
    const settings = settingsOf(inFiles());
    expect(settings.redisUrl.reveal()).toBe(VALUES.REDIS_URL);
    expect(settings.slack).toMatchObject({ mode: "socket" });
    expect(settings.slack.botToken.reveal()).toBe(VALUES.SLACK_BOT_TOKEN);
    expect(settings.ledger.key.reveal()).toBe(VALUES.TWOKEY_LEDGER_KEY);
    expect(settings.pagers["MAIL_PASSWORD"]?.reveal()).toBe(VALUES.MAIL_PASSWORD);
    expect(settings.databases["DATABASE_STOCK"]?.reveal()).toBe(VALUES.DATABASE_STOCK);
    expect(keysIn(settings.pipelines["PIPELINE_RELEASE_KEYS"]).map((key) => key.reveal())).toEqual([
      VALUES.PIPELINE_RELEASE_KEYS,
    ]);
    expect(Object.keys(settings.pipelines)).toEqual(["PIPELINE_RELEASE_KEYS"]);
    expect(Object.keys(settings.databases)).toEqual(["DATABASE_STOCK"]);
  });

  test("may be any variable that is a secret, and no other", () => {
    const secrets = Object.entries(VARIABLES.shape).filter(([name]) =>
      Object.values(VALUES).some((value) => {
        const read: { readonly data?: unknown } =
          VARIABLES.shape[name as keyof typeof VARIABLES.shape].safeParse(value);
        return read.data instanceof Secret;
      }),
    );
    const named = secrets.map(([name]) => name).filter((name) => !name.endsWith("_HOST"));
    expect(new Set(SECRET_VARIABLES)).toEqual(new Set(named));
    expect(problemsOf({ ...inFiles(), TWOKEY_CONFIG_FILE: "/etc/twokey.yaml" })).toEqual([
      expect.stringContaining("TWOKEY_CONFIG_FILE is no variable that TwoKey knows"),
    ]);
  });

  test.each([
    [
      "is not there",
      (path: string) => rmSync(path),
      /^SLACK_BOT_TOKEN_FILE names \S+, which cannot be read \(ENOENT\)/,
    ],
    ["is empty", (path: string) => writeFileSync(path, "\n"), /^SLACK_BOT_TOKEN_FILE names \S+, which is empty/],
    ["is no text", (path: string) => writeFileSync(path, Buffer.from([0xff, 0, 1])), /cannot be read/],
    ["is too large", (path: string) => writeFileSync(path, "x".repeat(70_000)), /which is larger than 65536 bytes/],
    [
      "is a directory",
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
      /which is no file/,
    ],
    [
      "holds something else",
      (path: string) => writeFileSync(path, "hunter2-wrong"),
      /^SLACK_BOT_TOKEN_FILE names \S+, which holds a value that cannot be used; it must be a bot token/,
    ],
  ])("that %s is named by variable and path, once, and never by its value", (_what, spoil, says) => {
    const env = inFiles();
    spoil(pathOf("SLACK_BOT_TOKEN"));
    const problems = problemsOf(env);
    expect(problems).toEqual([expect.stringMatching(says)]);
    expect(problems[0]).toContain(pathOf("SLACK_BOT_TOKEN"));
    expect(problems.join()).not.toMatch(/hunter2/);
  });

  test("guard one line: that goes into a header and has two lines, or a character that is none there, is refused, and its value stands nowhere", () => {
    const inHeaders = [
      ...["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "PAGERDUTY_API_TOKEN", "PAGERDUTY_ROUTING_KEY"],
    ] as const;
    const lines = ["MAIL_USER", "MAIL_PASSWORD", "REDIS_URL", "PAGERDUTY_WEBHOOK_SECRETS"] as const;
    const rows = [
      ...[...inHeaders, ...lines].flatMap((variable) => [
        [variable, `${VALUES[variable]}\nhunter2-second`] as const,
        [variable, `hunter2-first\n${VALUES[variable]}`] as const,
      ]),
      ...inHeaders.flatMap((variable) => [
        [variable, `${VALUES[variable]} hunter2`] as const,
        [variable, `${VALUES[variable]}\u20ac`] as const,
        [variable, `${VALUES[variable]}\u0007`] as const,
      ]),
    ];
    for (const [variable, value] of rows) {
      const env = inFiles();
      writeFileSync(pathOf(variable), value);
      const problems = problemsOf(env);
      expect(problems).toEqual([expect.stringContaining(`${variable}_FILE names`)]);
      expect(problems.join()).not.toMatch(/hunter2/);
      expectStays({ variable, before: VALUES[variable], next: value, says: /it must be/ });
    }
  });

  test("is refused beside the same secret in the variable itself", () => {
    expect(problemsOf({ ...inFiles(), SLACK_BOT_TOKEN: VALUES.SLACK_BOT_TOKEN })).toEqual([
      "SLACK_BOT_TOKEN_FILE is set together with the variable that it stands for; set one of the two: the value itself, or the path of the file that holds it",
    ]);
  });

  test("is enough for who only reads what is stored, and for who only audits a ledger", () => {
    const env = inFiles();
    const client = readClientEnvironment(env);
    expect(client.ok && client.settings.redisUrl.reveal()).toBe(VALUES.REDIS_URL);
    expect(readLedgerKey(env)?.reveal()).toBe(VALUES.TWOKEY_LEDGER_KEY);
    rmSync(pathOf("REDIS_URL"));
    expect(readClientEnvironment(env)).toMatchObject({ ok: false, problems: [{ variable: "REDIS_URL_FILE" }] });
  });
});

interface Refused {
  readonly variable: string;
  readonly before: string;
  readonly next: string;
  readonly says: RegExp;
}

/** What cannot be used is not, and that is said until the file is as it was. */
function expectStays({ variable, before, next, says }: Refused): void {
  const kept = secretInFile(variable, before);
  kept.changeTo(next);
  kept.secrets.look();
  const problems = kept.secrets.problems();
  expect(kept.secret.accepted()).toEqual([before]);
  expect(problems.map(({ what, instead }) => `${what}; ${instead}`)).toEqual([expect.stringMatching(says)]);
  expect(problems[0]?.variable).toBe(`${variable}_FILE`);
  expect(JSON.stringify(problems) + inspect(kept, { depth: 9, showHidden: true })).not.toMatch(/hunter[23]/);

  kept.changeTo(before);
  kept.secrets.look();
  expect(kept.secrets.problems()).toEqual([]);
  kept.remove();
}

describe("a secret that changes", () => {
  test("counts from the next look, and the one before is still accepted for an hour", () => {
    let nowMs = 0;
    const kept = secretInFile("SLACK_SIGNING_SECRET", "the-first-one", () => nowMs);
    const heard: string[] = [];
    kept.secrets.onChange((changed) => heard.push(...changed));
    kept.changeTo("the-second-one\n");
    expect(kept.secret.reveal()).toBe("the-first-one");
    kept.secrets.look();
    expect(kept.secret.reveal()).toBe("the-second-one");
    expect(kept.secret.accepted()).toEqual(["the-second-one", "the-first-one"]);
    expect(kept.secret.alone().accepted()).toEqual(["the-second-one"]);
    nowMs = ACCEPTED_FOR_MS;
    expect(kept.secret.accepted()).toEqual(["the-second-one"]);
    kept.secrets.look();
    expect(heard).toEqual(["SLACK_SIGNING_SECRET"]);
    kept.remove();
  });

  /** What a vendor that takes these is asked with, in order. */
  async function asked(secret: Secret, taken: readonly string[], otherwise: Reception = "refused"): Promise<string[]> {
    const values: string[] = [];
    const ask = async (value: string) => values.push(value);
    await askWith(secret, ask, () => (taken.includes(values.at(-1) ?? "") ? "taken" : otherwise));
    return values;
  }

  test("guard last taken: to a value that its vendor refuses leaves the one that was taken last in use, however long, and the new one is tried once a minute", async () => {
    let nowMs = 0;
    const kept = secretInFile("MAIL_PASSWORD", "old", () => nowMs);
    expect(await asked(kept.secret, ["old"])).toEqual(["old"]);
    kept.changeTo("wrong");
    kept.secrets.look();
    expect(await asked(kept.secret, ["old"])).toEqual(["wrong", "old"]);
    expect(await asked(kept.secret, ["old"])).toEqual(["old"]);
    nowMs = 24 * ACCEPTED_FOR_MS;
    expect(kept.secret.accepted()).toEqual(["wrong"]);
    expect(await asked(kept.secret, ["old"])).toEqual(["wrong", "old"]);
    nowMs += REFUSED_AGAIN_MS - 1;
    expect(await asked(kept.secret, ["old"])).toEqual(["old"]);
    // The vendor takes the new one at last: the old one is refused, or the minute is over.
    expect(await asked(kept.secret, ["wrong"])).toEqual(["old", "wrong"]);
    expect(await asked(kept.secret, [])).toEqual(["wrong"]);
    kept.remove();
  });

  test("that nobody has answered for yet takes nothing away, and the proof's own answer counts", async () => {
    let nowMs = 0;
    const kept = secretInFile("MAIL_PASSWORD", "old", () => nowMs);
    kept.changeTo("new");
    kept.secrets.look();
    expect(await asked(kept.secret, [], "unknown")).toEqual(["new"]);
    nowMs = ACCEPTED_FOR_MS;
    expect(kept.secret.toSend()).toEqual(["new", "old"]);
    expect(await asked(kept.secret.alone(), ["new"])).toEqual(["new"]);
    expect(kept.secret.toSend()).toEqual(["new"]);
    kept.remove();
  });

  test.each([
    { variable: "SLACK_BOT_TOKEN", before: "xoxb-hunter2", next: "hunter2-nonsense", says: /it must be a bot token/ },
    { variable: "SLACK_BOT_TOKEN", before: "xoxb-hunter2", next: "", says: /which is empty/ },
    { variable: "PIPELINE_X", before: "hunter2".repeat(6), next: "hunter2", says: /keys of at least 32 characters/ },
  ])("$variable to something that cannot be used ($says) stays as it was, and that is said", (row) => expectStays(row));

  test("guard what stays: the ledger's key, and where Redis is, stay as they were, and that is said", () => {
    const key = "hunter2".repeat(6);
    const rows = [
      { variable: "TWOKEY_LEDGER_KEY", before: key, next: "hunter3".repeat(6), says: /sealed with the one before/ },
      {
        variable: "REDIS_URL",
        before: "redis://:hunter2@a:1/0",
        next: "redis://:hunter2@b:1/0",
        says: /another server/,
      },
      { variable: "REDIS_URL", before: "redis://:hunter2@a:1/0", next: "redis://:hunter2@a:1/3", says: /or database/ },
    ];
    for (const row of rows) expectStays(row);
  });

  test("may hold user and password of REDIS_URL behind its question mark as well", () => {
    const kept = secretInFile("REDIS_URL", "redis://a.example:6379/2?password=old");
    kept.changeTo("redis://a.example:6379/2?username=twokey&password=new");
    kept.secrets.look();
    expect(kept.secrets.problems()).toEqual([]);
    expect(kept.secret.reveal()).toContain("new");
    kept.remove();
  });

  test("in its user and password alone is what may change of REDIS_URL", () => {
    const kept = secretInFile("REDIS_URL", "redis://twokey:old@a.example:6379/2?family=4");
    kept.changeTo("redis://twokey:new@a.example:6379/2?family=4");
    kept.secrets.look();
    expect([kept.secret.reveal(), kept.secrets.problems()]).toEqual([
      "redis://twokey:new@a.example:6379/2?family=4",
      [],
    ]);
    kept.remove();
  });
});

describe("the look at the files", () => {
  /** As Kubernetes mounts a secret: each file is a link through `..data`, which is turned to another directory. */
  function mounted(value: string): { readonly path: string; turnTo(value: string): void } {
    let version = 0;
    const turnTo = (next: string) => {
      version += 1;
      mkdirSync(join(directory, `..${version}`));
      writeFileSync(join(directory, `..${version}`, "token"), next);
      symlinkSync(`..${version}`, join(directory, "..data_tmp"));
      renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    };
    turnTo(value);
    symlinkSync(join("..data", "token"), join(directory, "token"));
    return { path: join(directory, "token"), turnTo };
  }

  test("comes by itself when the links of a mounted secret are turned", async () => {
    const mount = mounted("xoxb-first");
    const { SLACK_BOT_TOKEN: _token, ...others } = VALUES;
    const settings = settingsOf({ ...others, ...OTHERS, SLACK_BOT_TOKEN_FILE: mount.path });
    const reloading = reloadSecrets(settings.secrets, { settleMs: 5, pollMs: 3_600_000 });
    try {
      for (const next of ["xoxb-second", "xoxb-third"]) {
        mount.turnTo(next);
        await eventually(next, () => (settings.slack.botToken.reveal() === next ? true : undefined));
      }
    } finally {
      reloading.stop();
    }
  });

  test("comes regularly where the file system tells of nothing, and ends with the watch", async () => {
    const kept = secretInFile("SLACK_BOT_TOKEN", "xoxb-first");
    const elsewhere = join(directory, "real");
    writeFileSync(elsewhere, "xoxb-first");
    kept.remove();
    mkdirSync(join(kept.path, ".."), { recursive: true });
    symlinkSync(elsewhere, kept.path);
    const reloading = reloadSecrets(kept.secrets, { settleMs: 1, pollMs: 20 });
    writeFileSync(elsewhere, "xoxb-second");
    await eventually("the new value", () => (kept.secret.reveal() === "xoxb-second" ? true : undefined));
    reloading.stop();
    kept.remove();
  });
});
