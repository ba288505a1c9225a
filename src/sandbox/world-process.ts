import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { Bug } from "../domain/errors.ts";
import { QUICKER_START } from "./node-options.ts";

const Announced = z.looseObject({ env: z.record(z.string(), z.string()), controlPort: z.number() });
const START_WITHIN_MS = 20_000;
/** It judges from memory what was written and lost, of a year where a year is played. A limit, and nothing that is taken ahead. */
const MOST_HEAP = "--max-old-space-size=8192";

export interface WorldProcessOptions {
  readonly program: string;
  readonly config: string;
  readonly webhooks: string;
  readonly speed: number;
  readonly seed: number;
  readonly latency?: VendorLatency;
  /** Machine milliseconds of the minute in which Slack counts calls; absent: 60,000. */
  readonly slackMinuteMs?: number;
  /** World seconds between two things that the applications write; absent: 2. */
  readonly writeSeconds?: number;
}

/** Machine milliseconds that every call of that vendor takes; absent: none. */
export interface VendorLatency {
  readonly slackMs?: number;
  readonly pagerDutyMs?: number;
}

/** The simulated world as a process of its own, so that nothing in it shares a heap or an event loop with the bot. */
export class WorldProcess {
  readonly controlPort: number;
  /** What leads a bot into this world. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, announced: z.infer<typeof Announced>) {
    this.#child = child;
    this.controlPort = announced.controlPort;
    this.environment = announced.env;
  }

  static async start({
    program,
    config,
    webhooks,
    speed,
    seed,
    latency = {},
    slackMinuteMs,
    writeSeconds,
  }: WorldProcessOptions): Promise<WorldProcess> {
    const args = [
      program,
      "--json",
      "--stop-with-parent",
      "--config",
      config,
      "--webhooks",
      webhooks,
      "--speed",
      String(speed),
      "--seed",
      String(seed),
      ...(slackMinuteMs === undefined ? [] : ["--slack-minute-ms", String(slackMinuteMs)]),
      ...(writeSeconds === undefined ? [] : ["--write-seconds", String(writeSeconds)]),
      ...(latency.slackMs === undefined ? [] : ["--slack-latency-ms", String(latency.slackMs)]),
      ...(latency.pagerDutyMs === undefined ? [] : ["--pagerduty-latency-ms", String(latency.pagerDutyMs)]),
    ];
    const child = spawn(process.execPath, [QUICKER_START, MOST_HEAP, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString("utf8")}`.slice(-2_000);
    });
    const line = await firstLine(child);
    const announced = line === undefined ? undefined : Announced.safeParse(JSON.parse(line)).data;
    if (!announced) {
      child.kill("SIGKILL");
      throw new Bug("world-not-started", `The simulated world did not start. ${complaint}`.trim());
    }
    return new WorldProcess(child, announced);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGTERM");
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await gone;
    clearTimeout(force);
  }
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (!child.stdout) return undefined;
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), START_WITHIN_MS);
    const end = (line: string | undefined) => {
      clearTimeout(timer);
      resolve(line);
    };
    lines.once("line", end);
    child.once("exit", () => end(undefined));
  });
}
