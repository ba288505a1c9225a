import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { z } from "zod";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { worldFromInventory } from "../../src/sandbox/world-from-inventory.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { controlOf } from "./derived-world.ts";

const WORLD = fileURLToPath(new URL("../../dist/world.js", import.meta.url));
const Printed = z.object({
  env: z.record(z.string(), z.string()),
  controlPort: z.number(),
  ports: z.looseObject({ aws: z.number(), dns: z.number(), resolvers: z.array(z.number()) }),
});

const directory = mkdtempSync(join(tmpdir(), "world-command-"));
afterAll(() => rmSync(directory, { recursive: true }));

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const isOver = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await isOver;
  }
});

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [QUICKER_START, WORLD, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  children.push(child);
  return child;
}

async function printed(child: ChildProcess): Promise<z.infer<typeof Printed>> {
  if (!child.stdout) throw new Error("the child has no output");
  for await (const line of createInterface({ input: child.stdout })) return Printed.parse(JSON.parse(line));
  throw new Error("the world printed nothing");
}

/** Everything the process says until it ends by itself. */
async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const said = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => (said.out += String(chunk)));
  child.stderr?.on("data", (chunk) => (said.err += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...said };
}

async function isRefused(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(false)).once("error", () => resolve(true));
    socket.once("connect", () => socket.destroy());
  });
}

test("SIGTERM ends it with nothing left behind: no port, no file, no handle that keeps the process", async () => {
  const child = start(["--json", "--speed", "60"]);
  const { controlPort, env } = await printed(child);
  const files = dirname(env["TWOKEY_CONFIG"] ?? "");
  expect(existsSync(join(files, "sns-ca.pem"))).toBe(true);
  expect(await controlOf({ controlPort })("GET", "/clock")).toMatchObject({ speed: 60 });
  child.kill("SIGTERM");
  expect((await ended(child)).code).toBe(0);
  expect(await isRefused(controlPort)).toBe(true);
  expect(existsSync(files)).toBe(false);
});

test("a killed parent leaves no world behind", async () => {
  const script = `
    const { spawn } = require("node:child_process");
    const args = [${JSON.stringify(WORLD)}, "--json", "--stop-with-parent"];
    spawn(process.execPath, args, { stdio: ["pipe", "inherit", "inherit"] });
    setInterval(() => {}, 1_000);`;
  const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(parent);
  const { controlPort, ports } = await printed(parent);
  expect(await isRefused(controlPort)).toBe(false);
  parent.kill("SIGKILL");
  await eventually("the world has ended", async () => (await isRefused(controlPort)) && isRefused(ports.aws));
});

test("the port that was asked for is the one that is taken: where somebody has it, the world says so", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  // A listening TCP server has an AddressInfo.
  const { port } = taken.address() as AddressInfo;
  const { code, err } = await ended(start(["--aws-port", String(port)]));
  await new Promise((resolve) => taken.close(resolve));
  expect([code, err.includes(`address already in use 127.0.0.1:${port}`)]).toEqual([1, true]);
});

test("exports are lines that a shell takes", async () => {
  const child = start([]);
  let out = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  await eventually("the world has said everything", async () => out.includes("# The world runs"));
  const result = ended(child);
  child.kill("SIGINT");
  expect((await result).code).toBe(0);
  expect(out).toMatch(/^export AWS_ENDPOINT_URL='http:\/\/127\.0\.0\.1:\d+'$/m);
  const lines = out.trimEnd().split("\n");
  expect(lines.filter((line) => !/^(export \w+='[^']*'|# .*)$/.test(line))).toEqual([]);
});

test("the specification of a world is taken in place of a twokey.yaml", async () => {
  const path = join(directory, "world.yaml");
  writeFileSync(path, stringify(worldFromInventory(example("regami"), { startAt: "2026-11-21T02:00:00Z" }).spec));
  const child = start(["--json", "--config", path, "--speed", "0.001"]);
  const { env, controlPort } = await printed(child);
  expect(env["TWOKEY_CONFIG"]).toBeUndefined();
  const clock = z.object({ nowMs: z.number() }).parse(await controlOf({ controlPort })("GET", "/clock"));
  expect(new Date(clock.nowMs).toISOString()).toMatch(/^2026-11-21T02:00:00/);
});

test.each([
  [["--bogus"], "Unknown option '--bogus'."],
  [["--aws-port", "70000"], "--aws-port cannot be 70000."],
  [["--dns-port", "65535"], "--dns-port cannot be 65535."],
  [["--speed", "0"], "--speed cannot be 0."],
  [["--webhooks", "ftp://x"], "--webhooks cannot be ftp://x."],
])("%j is called wrongly: one sentence and exit code 2", async (args, sentence) => {
  expect(await ended(start(args))).toEqual({ code: 2, out: "", err: `${sentence}\n` });
});

test("a file with problems is told in full, and nothing starts", async () => {
  const path = join(directory, "broken.yaml");
  writeFileSync(path, "version: 2\norganisation: X\n");
  const { code, out, err } = await ended(start(["--config", path]));
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err.split("\n").length).toBeGreaterThan(5);
});
