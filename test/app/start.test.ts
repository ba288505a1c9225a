import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startApp } from "../../src/app/app.ts";
import { Opened } from "../../src/app/opened.ts";
import { readEnvironment, type Settings, sayEnvironmentProblems } from "../../src/config/environment.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { silent } from "../harness/fakes/index.ts";
import { StoreBench } from "../harness/store.ts";

const PROCESS = "half-way";

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = mkdtempSync(join(tmpdir(), "twokey-start-"));
});
afterEach(() => {
  bench.close();
  rmSync(directory, { recursive: true, force: true });
});

function settingsWith(ledgerDirectory: string): Settings {
  const read = readEnvironment({
    ...{ REDIS_URL: bench.url, SLACK_BOT_TOKEN: "xoxb-bot", SLACK_APP_TOKEN: "xapp-app" },
    ...{ TWOKEY_LEDGER_DIR: ledgerDirectory, TWOKEY_LEDGER_KEY: "k".repeat(40), TWOKEY_PROCESS_NAME: PROCESS },
    // No rehearsal gets as far as any of these here.
    ...{ TWOKEY_SANDBOX: "1", SLACK_API_URL: "http://127.0.0.1:1/api/", AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
    TWOKEY_DNS_SERVERS: "127.0.0.1:1",
  });
  if (!read.ok) throw new Error(sayEnvironmentProblems(read.problems));
  return read.settings;
}

const connections = async () =>
  String(await redis.call("CLIENT", "LIST"))
    .split("\n")
    .filter((line) => line.includes(`name=${PROCESS}@`));

test("a start that fails half-way ends with its error, and leaves no connection open", async () => {
  const noDirectory = join(directory, "a-file");
  writeFileSync(noDirectory, "");

  await expect(startApp(settingsWith(noDirectory), () => example("inventory"), { logger: silent })).rejects.toThrow(
    noDirectory,
  );

  await eventually("end of its connections", async () => (await connections()).length === 0);
});

test("a start that is given up opens nothing more behind it, and leaves no connection open", async () => {
  const opened = new Opened();
  const starting = startApp(settingsWith(directory), () => example("inventory"), { logger: silent, opened });
  await eventually("a connection of it", async () => (await connections()).length > 0);

  await opened.close();

  await expect(starting).rejects.toThrow();
  await eventually("end of its connections", async () => (await connections()).length === 0);
});
