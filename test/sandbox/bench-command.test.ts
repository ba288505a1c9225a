import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { leastTimeMs } from "../../src/sandbox/bench/least-time.ts";
import { failOverSequentially } from "../../src/sandbox/bench/sequential.ts";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { readWorldArguments } from "../../src/sandbox/world-arguments.ts";
import { WorldClient } from "../../src/sandbox/world-client.ts";
import { WorldProcess } from "../../src/sandbox/world-process.ts";

const built = (name: string) => fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/inventory.yaml", import.meta.url));

const worlds: WorldProcess[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

function bench(args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [QUICKER_START, built("bench"), ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}

test("a wrong call ends with 2 and says why, and help names every measurement", async () => {
  const wrong = await bench(["--only", "luck"]);
  expect(wrong).toMatchObject({ code: 2, out: "" });
  expect(wrong.err).toMatch(/^--only cannot be luck\. It is one of /);
  const help = await bench(["--help"]);
  expect(help.code).toBe(0);
  for (const name of ["idle", "webhook", "alert", "storm", "failover", "resume"]) expect(help.out).toContain(name);
});

test("the latency of each vendor can be set for a world, and only to whole milliseconds", () => {
  const read = readWorldArguments(["--slack-latency-ms", "300", "--pagerduty-latency-ms", "100"]);
  expect(read).toMatchObject({ kind: "run", wanted: { latency: { slackMs: 300, pagerDutyMs: 100 } } });
  expect(readWorldArguments([])).toMatchObject({ wanted: { latency: {} } });
  for (const wrong of ["", "-1", "0.5", "soon"]) {
    expect(readWorldArguments(["--slack-latency-ms", wrong]).kind).toBe("wrong");
  }
});

test("Slack's minute can be shortened for a world, and the bot is told", async () => {
  expect(readWorldArguments(["--slack-minute-ms", "500"])).toMatchObject({ wanted: { slackMinuteMs: 500 } });
  expect(readWorldArguments(["--slack-minute-ms", "0"]).kind).toBe("wrong");

  const world = await startWorld({ speed: 1, slackMinuteMs: 500 });
  expect(world.environment).toMatchObject({ SLACK_MINUTE_MS: "500" });
});

test("the applications of a world write as often as it was told to", async () => {
  expect(readWorldArguments(["--write-seconds", "0"]).kind).toBe("wrong");

  const world = await startWorld({ speed: 1, writeSeconds: 3_600 });
  const client = new WorldClient(world.controlPort);
  await client.jump(86_400_000);

  const written = await client.log("app.write-acknowledged");
  expect(written.length).toBeGreaterThan(20);
  expect(written.length).toBeLessThan(60);
});

test("a world's Slack takes as long as it was told to", async () => {
  const world = await startWorld({ speed: 1, latency: { slackMs: 250 } });
  const token = world.environment["SLACK_BOT_TOKEN"] ?? "";
  const beganMs = performance.now();
  const answer = await fetch(new URL("auth.test", world.environment["SLACK_API_URL"]), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toMatchObject({ ok: true });
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(245);
});

test("the sequential script really fails over, and no faster than the world allows", async () => {
  const started = await startWorld({ speed: 60 });
  const world = new WorldClient(started.controlPort);
  const tookMs = await failOverSequentially(world, started.environment);
  const entries = await world.log();
  expect(tookMs).toBeGreaterThanOrEqual(leastTimeMs(entries));
  expect((await world.verdict("inventory", 0)).primary).toMatch(/eu-central-1/);
  // One after another: nothing is scaled before the promotion can be seen.
  const at = (kind: string) => entries.find((entry) => entry.kind === kind)?.worldMs ?? Number.NaN;
  expect(at("ecs.scale-accepted")).toBeGreaterThan(at("rds.promotion-observable"));
});

type Wanted = Pick<Parameters<typeof WorldProcess.start>[0], "speed" | "latency" | "slackMinuteMs" | "writeSeconds">;

async function startWorld(options: Wanted) {
  const program = built("world");
  const webhooks = "http://127.0.0.1:9";
  const world = await WorldProcess.start({ program, config: EXAMPLE, webhooks, seed: 1, ...options });
  worlds.push(world);
  return world;
}
