import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../src/domain/secret.ts";
import { QUICKER_START } from "../src/sandbox/node-options.ts";
import { LedgerFile } from "../src/store/ledger-file.ts";
import { WHOSE } from "./harness/keys.ts";
import { AT } from "./harness/observed.ts";
import { StoreBench } from "./harness/store.ts";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** The command takes none that a bot would not take. */
const KEY = "a ledger key of thirty-two letters, or more";

function twokey(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; said: string }>((resolve) => {
    execFile(process.execPath, [QUICKER_START, CLI, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: `${out}${err}`.trim() }),
    );
  });
}

const MANY = fileURLToPath(new URL("./harness/twokeys.mjs", import.meta.url));

type Call = readonly [args: readonly string[], env?: Readonly<Record<string, string>>];

/** The same for several calls, all in one process. How a process of its own ends is shown for each kind of verb by `twokey`. */
async function twokeys(...calls: readonly Call[]): Promise<readonly { code: number; said: string }[]> {
  const wanted = JSON.stringify(calls.map(([args, env = {}]) => ({ args, env })));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [QUICKER_START, MANY, wanted], (error, out) =>
      error ? reject(error) : resolve(JSON.parse(out)),
    );
  });
}

test("twokey explain reads the file of TWOKEY_CONFIG, and says what to do where there is none", async () => {
  const file = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));
  const [found, none] = await twokeys(
    [["explain"], { TWOKEY_CONFIG: file }],
    [["explain"], { TWOKEY_CONFIG: "/none.yaml" }],
  );

  expect(found?.said).toMatch(/inventory/);
  expect(none).toEqual({
    code: 2,
    said: expect.stringMatching(/^\/none\.yaml cannot be read: .*--file FILE, or set TWOKEY_CONFIG\.$/),
  });
});

test("twokey explain --now refuses a proxy that cannot be used, by its name and without its password", async () => {
  const file = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));
  const HTTPS_PROXY = "http://somebody:50%hunter2@127.0.0.1:3128";
  const { code, said } = await twokey(["explain", "--now"], { TWOKEY_CONFIG: file, HTTPS_PROXY });
  expect(said).toMatch(/HTTPS_PROXY: has a value that cannot be used/);
  expect(said).not.toContain("hunter2");
  expect(code).not.toBe(0);
});

test("twokey's help says how a verb ends, as the documents do", async () => {
  const { code, said } = await twokey([], {});
  const ends = said.split("\n").find((line) => line.startsWith("Exit codes: ")) ?? "nothing";

  expect(code).toBe(0);
  expect(await readFile(new URL("../docs/operations.md", import.meta.url), "utf8")).toContain(ends);
});

test("twokey says which version it is, and what goes wrong in one sentence", async () => {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  const directory = await mkdtemp(join(tmpdir(), "twokey-cli-"));
  try {
    await writeFile(join(directory, "bot.jsonl"), "no line of a ledger");
    const [told, broken, unread] = await twokeys(
      [["--version"]],
      [["ledger", join(directory, "bot.jsonl", "below")], { TWOKEY_LEDGER_KEY: KEY }],
      [["check", directory]],
    );
    expect(told).toEqual({ code: 0, said: `twokey ${version}` });
    expect(broken?.said).not.toMatch(/\n\s+at /);
    expect([unread?.code === 0, unread?.said]).toEqual([false, expect.not.stringMatching(/\n\s+at /)]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("twokey lint-procedure", () => {
  const file = (name: string) => fileURLToPath(new URL(`./procedures/fixtures/${name}`, import.meta.url));

  test("tells each fault with its line, why it is one and what to do, and ends with 1", async () => {
    const path = file("09-enables-something-else.faulty.sh");
    const { code, said } = await twokey(["lint-procedure", path]);

    expect([code, said.split("\n")]).toEqual([
      1,
      [
        `${path}:2: “Enable point-in-time recovery” stands above rds modify-db-instance, which does not do that [does-what-it-says]`,
        "    People trust the words above a command, and nobody finds out before the day.",
        "    For RDS, a backup retention of 1 day or more is what enables it. Check LatestRestorableTime afterwards.",
        `${path}: 1 fault`,
      ],
    ]);
  });

  const CALLS = [
    { args: ["lint-procedure", file("09-enables-something-else.corrected.sh")], code: 0, says: /: no faults$/ },
    { args: ["lint-procedure"], code: 2, says: /^Usage: twokey lint-procedure FILE/ },
    { args: ["lint-procedure", "--fix", "a.sh"], code: 2, says: /^Usage: twokey lint-procedure FILE/ },
    { args: ["lint-procedure", "/none.sh"], code: 2, says: /^\/none\.sh cannot be read: / },
  ];
  const path = file("08-backup-policy.faulty.md");
  let answers: Awaited<ReturnType<typeof twokeys>>;
  beforeAll(async () => {
    answers = await twokeys(...CALLS.map(({ args }): Call => [args]), [["lint-procedure", "--json", path]]);
  });

  test("tells programs the same as JSON, with the services that it has no model of", () => {
    const { code, said = "" } = answers.at(-1) ?? {};

    expect([code, JSON.parse(said)]).toMatchObject([
      1,
      { faults: [{ file: path, line: 8, rule: "backup-kind-is-one" }, { line: 25 }], notCompared: ["s3"] },
    ]);
  });

  test.each(CALLS.map((call, index) => ({ ...call, index })))("$args ends with $code", ({ code, says, index }) => {
    const ended = answers[index];

    expect(ended).toEqual({ code, said: expect.stringMatching(says) });
    expect(ended?.said).not.toMatch(/\n\s+at /);
  });
});

describe("twokey status, timeline, plans, runs and show", () => {
  const EXAMPLE = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));
  const CALLS = [
    { args: ["show", "F-NOPE"], changed: {}, code: 1, said: "There is no plan or run F-NOPE. None was made yet." },
    {
      args: ["status", "nowhere"],
      changed: {},
      code: 1,
      said: "There is no service called nowhere. There are: inventory.",
    },
    {
      ...{ args: ["plans", "--json"], changed: {}, code: 0 },
      said: JSON.stringify({ text: "No plan waits for keys.", parts: [] }),
    },
    { args: ["plans"], changed: { REDIS_URL: "" }, code: 1, said: "REDIS_URL: is not set\n  set it: The state store." },
    {
      args: ["runs"],
      changed: { TWOKEY_CONFIG: "/none.yaml" },
      code: 1,
      said: "/none.yaml does not exist. TWOKEY_CONFIG names the file.",
    },
    {
      args: ["plans", "now"],
      changed: {},
      code: 2,
      said: expect.stringMatching(/^“now” is one word too many\.\n\nUsage: twokey plans \[--json\]/),
    },
    { args: ["runs", "--yaml"], changed: {}, code: 2, said: expect.stringMatching(/^Unknown option '--yaml'/) },
    {
      args: ["show", "--help"],
      changed: {},
      code: 0,
      said: expect.stringMatching(/^Usage: twokey show <plan or run> \[--json\]/),
    },
  ];
  let bench: StoreBench;
  let env: Readonly<Record<string, string>>;
  let answers: Awaited<ReturnType<typeof twokeys>>;
  beforeAll(async () => {
    bench = await StoreBench.start();
    env = { REDIS_URL: bench.url, TWOKEY_CONFIG: EXAMPLE };
    answers = await twokeys(...CALLS.map(({ args, changed }): Call => [args, { ...env, ...changed }]));
  });
  afterAll(() => bench.close());

  test("answer and end, also where the store is not there", async () => {
    expect(await twokey(["plans"], env)).toEqual({ code: 0, said: "No plan waits for keys." });
    expect(await twokey(["timeline"], { ...env, REDIS_URL: "redis://127.0.0.1:9" })).toEqual({
      code: 1,
      said: "Redis does not answer. Check REDIS_URL and whether the server is up.",
    });
  });

  test.each(CALLS.map((call, index) => ({ ...call, index })))(
    "$args with $changed ends with code $code and one clear answer",
    ({ code, said, index }) => {
      expect(answers[index]).toEqual({ code, said });
    },
  );
});

describe("twokey doctor", () => {
  const EXAMPLE = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));
  let bench: StoreBench;
  let directory: string;
  beforeEach(async () => {
    bench = await StoreBench.start();
    directory = await mkdtemp(join(tmpdir(), "twokey-doctor-"));
  });
  afterEach(async () => {
    bench.close();
    await rm(directory, { recursive: true });
  });

  /** Nobody answers at any of these addresses. */
  const nobody = () => ({
    REDIS_URL: bench.url,
    ...{ SLACK_BOT_TOKEN: "xoxb-of-nobody", SLACK_APP_TOKEN: "xapp-of-nobody" },
    ...{ PAGERDUTY_ROUTING_KEY: "n".repeat(32), PAGERDUTY_API_TOKEN: "token-of-nobody" },
    ...{ AWS_ACCESS_KEY_ID: "AKIAOFNOBODY", AWS_SECRET_ACCESS_KEY: "key-of-nobody" },
    ...{ TWOKEY_CONFIG: EXAMPLE, TWOKEY_LEDGER_DIR: directory, TWOKEY_LEDGER_KEY: KEY },
    ...{ TWOKEY_SANDBOX: "1", SLACK_API_URL: "http://127.0.0.1:9/api/", PAGERDUTY_HOST: "127.0.0.1:9" },
    ...{ AWS_ENDPOINT_URL: "http://127.0.0.1:9", TWOKEY_DNS_SERVERS: "127.0.0.1:9" },
  });

  test("claims nothing of what did not answer: neither right nor wrong, and exit code 1", async () => {
    const { code, said } = await twokey(["doctor"], nobody());
    const lines = said.split("\n").filter((line) => /^[✓✗?–] /.test(line));

    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith("✓")).map((line) => line.slice(2).split(":")[0])).toEqual(
      expect.arrayContaining(["redis-rights", "redis-settings", "ledger-disk"]),
    );
    expect(lines.filter((line) => line.startsWith("✗"))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("?")).length).toBeGreaterThan(10);
    expect(said).toMatch(/5 proven, 0 wrong, \d+ without an answer\.$/m);
    expect(said).not.toMatch(/of-nobody|AKIAOFNOBODY|nnnnnnnn/);
  }, 120_000);

  test("names what of its own surroundings is wrong, as one line of JSON too", async () => {
    const env = { ...nobody(), TWOKEY_LEDGER_DIR: join(directory, "gone") };
    const { code, said } = await twokey(["doctor", "--json"], env);
    const json = said.split("\n").find((line) => line.startsWith("{")) ?? "{}";

    expect(code).toBe(1);
    expect(JSON.parse(json)).toMatchObject({
      proofs: expect.arrayContaining([
        expect.objectContaining({
          proof: "ledger-disk",
          state: "wrong",
          instead: expect.stringMatching(/TWOKEY_LEDGER_DIR/),
        }),
      ]),
    });
  }, 120_000);

  test("says what of the environment is missing, and how it is called", async () => {
    const [missing, wrong, help] = await twokeys(
      [["doctor"], { ...nobody(), SLACK_BOT_TOKEN: "" }],
      [["doctor", "--now"], nobody()],
      [["doctor", "--help"]],
    );
    expect(missing).toEqual({ code: 1, said: expect.stringMatching(/SLACK_BOT_TOKEN: is not set/) });
    expect(wrong?.code).toBe(2);
    expect(help).toEqual({ code: 0, said: expect.stringMatching(/^Usage: twokey doctor/) });
  }, 120_000);
});

describe("twokey ledger", () => {
  let bench: StoreBench;
  let directory: string;
  let path: string;
  beforeEach(async () => {
    bench = await StoreBench.start();
    directory = await mkdtemp(join(tmpdir(), "twokey-cli-"));
    path = join(directory, "bot.jsonl");
    const ledger = await LedgerFile.open(await bench.connect(), {
      directory,
      process: "bot",
      key: new Secret(KEY),
      whose: WHOSE,
    });
    await ledger.append({ atMs: AT, run: "F-1", epoch: 1, kind: "intent", step: "promote", says: "ask" });
    await ledger.close();
  });
  afterEach(async () => {
    bench.close();
    await rm(directory, { recursive: true });
  });

  test("needs the ledger's key and nothing else of the bot's environment", async () => {
    const env = { TWOKEY_LEDGER_KEY: KEY };
    expect(await twokey(["ledger", path], env)).toEqual({ code: 0, said: `${path}: 1 lines, the chain holds.` });
  });

  test("says whether the line is there whose seal a plan card shows", async () => {
    const env = { TWOKEY_LEDGER_KEY: KEY };
    const { chain } = JSON.parse((await readFile(path, "utf8")).trim());
    const holds = `${path}: 1 lines, the chain holds.`;

    const [there, gone, nonsense] = await twokeys(
      [["ledger", path, chain.slice(0, 16)], env],
      [["ledger", path, "0123456789abcdef"], env],
      [["ledger", path, "nonsense"], env],
    );

    expect(there).toEqual({ code: 0, said: `${holds} Line 1 has that seal.` });
    expect(gone).toEqual({ code: 1, said: expect.stringContaining("No line has the seal 0123456789abcdef") });
    expect(nonsense?.code).toBe(2);
  });

  test("verifies a whole directory, and says where there is no ledger, no file, no key, or a line that was changed", async () => {
    const env = { TWOKEY_LEDGER_KEY: KEY };
    const empty = join(directory, "empty");
    const changed = join(directory, "changed");
    for (const each of [empty, changed]) await mkdir(each);
    await writeFile(join(changed, "bot.jsonl"), '{"chain":"0"}\n');

    const [whole, none, missing, broken, ...keyless] = await twokeys(
      [["ledger", directory], env],
      [["ledger", empty], env],
      [["ledger", `${path}x`], env],
      [["ledger", join(changed, "bot.jsonl")], env],
      [["ledger", path]],
      [["ledger", path], { TWOKEY_LEDGER_KEY: "short" }],
    );

    expect(whole).toEqual({ code: 0, said: `${path}: 1 lines, the chain holds.` });
    expect(none).toEqual({ code: 2, said: `${empty} holds no ledger` });
    expect(missing).toEqual({ code: 2, said: `${path}x does not exist` });
    expect(broken?.code).toBe(1);
    const noKey = { code: 2, said: expect.stringContaining("TWOKEY_LEDGER_KEY") };
    expect(keyless).toEqual([noKey, noKey]);
  });
});
