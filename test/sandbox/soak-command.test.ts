import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { readSoakArguments } from "../../src/sandbox/soak/arguments.ts";
import { kindOfRun } from "../../src/sandbox/soak/kinds.ts";
import { freshRedisUrl } from "../harness/redis.ts";

const SOAK = fileURLToPath(new URL("../../dist/soak.js", import.meta.url));
/** Machine time on a machine that does many other things. */
const PLAYED_WITHIN_MS = 360_000;

const Result = z.strictObject({
  days: z.number(),
  samples: z.array(
    z.strictObject({
      ...{ day: z.number(), redisMb: z.number(), keys: z.number(), ledgerMb: z.number(), rssMb: z.number() },
    }),
  ),
});
const Runs = z.strictObject({ runs: z.record(z.string(), z.number()) });

function soak(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [QUICKER_START, SOAK, ...args], { env: { ...process.env, ...env } });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

test(
  "four runs are played in four days: there, a snapshot, one that is aborted after a mistake, and back; the last line says what they left behind",
  async () => {
    const args = ["--days", "4", "--alerts", "4", "--runs", "30", "--json"];
    const { code, stdout, stderr } = await soak(args, { REDIS_URL: await freshRedisUrl() });

    expect([code, stderr.includes("ended early") ? stderr : ""]).toEqual([0, ""]);
    const [played, last] = stdout.trim().split("\n").slice(-2);
    const { runs } = Runs.parse(JSON.parse(played ?? ""));
    const { days, samples } = Result.parse(JSON.parse(last ?? ""));
    expect([days, samples.map(({ day }) => day)]).toEqual([4, [0, 4]]);
    expect(runs).toEqual({
      ...{ "failover verified": 2, "snapshot verified": 1, "failover unwound": 1, "failover closed": 1 },
    });
    expect(stderr).toContain("Flat is judged after 90 days");
    expect(samples.at(-1)?.keys).toBeGreaterThan(samples[0]?.keys ?? 0);
    expect(samples.every(({ redisMb, rssMb }) => redisMb > 0 && rssMb > 0)).toBe(true);
  },
  PLAYED_WITHIN_MS,
);

test("a month has twenty runs, failovers to their end among them, and leaves each second guard to its end date", () => {
  const turns = Array.from({ length: 24 }, (_, turn) => kindOfRun(turn));
  const moves = turns.flatMap(({ needsStandby, ends }, turn) => (needsStandby && ends === "verified" ? [turn] : []));

  expect(moves).toEqual([0, 3, 8, 11, 16, 19]);
  expect(turns.filter(({ ends }) => ends === "closed")).toEqual([]);
  // Home has a second zone, the other region has none: it is rebooted after the way back.
  const reboots = turns.flatMap(({ asks }, turn) => (asks("x").startsWith("reboot") ? [turn % 8] : []));
  expect([...new Set(reboots)]).toEqual([4, 6]);
  // A day and a half each; the end date of a failover comes after seven days.
  const needed = turns.flatMap(({ needsStandby }, turn) => (needsStandby ? [turn] : []));
  const untilNeeded = moves.map((turn) => ((needed.find((each) => each > turn) ?? Number.NaN) - turn) * 1.5);
  expect(untilNeeded.slice(0, 4)).toEqual([3, 7.5, 3, 7.5]);
});

describe("arguments", () => {
  test("a whole year of what the manual says is played unless something else is asked for", () => {
    expect(readSoakArguments([])).toEqual({
      kind: "play",
      wanted: { days: 365, runsAMonth: 20, alertsADay: 50, seed: 1, isJson: false, config: undefined },
    });
  });

  test.each([
    ["--days", "0"],
    ["--days", "many"],
    ["--runs", "31"],
    ["--alerts", "1.5"],
    ["--fast", "1"],
  ])("%s %s is refused in one sentence", (...args) => {
    expect(readSoakArguments(args)).toMatchObject({ kind: "wrong", why: expect.stringContaining(args[0]) });
  });

  test("help is given", async () => {
    const { code, stdout } = await soak(["--help"]);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Usage: npm run soak/)]);
  });
});
