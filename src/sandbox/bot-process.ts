import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { Bug } from "../domain/errors.ts";
import { BOT_ENVIRONMENT, BOT_OPTIONS } from "./node-options.ts";

export interface BotSettings {
  /** The compiled production entry point: what rehearses is what runs. */
  readonly program: string;
  /** Absent: as `npm start` and the image start it. */
  readonly nodeOptions?: readonly string[];
  readonly path: string;
  /** Of its log. */
  readonly directory: string;
  readonly ledgers: string;
  readonly redisUrl: string;
  readonly ledgerKey: string;
  /** What leads into the world. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What the bot logs when it has started. */
const ReadyLine = z.looseObject({ msg: z.literal("TwoKey is ready"), port: z.number() });

/** Machine times. A process that ends is not waited for; one that only is slow gets the time of a busy machine. */
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 25;

/** The real bot as a process of its own. It ends with us, however we end: it holds the other end of a pipe. */
export class Bot {
  readonly name: string;
  readonly #settings: BotSettings;
  readonly #listening: (port: number) => Promise<void>;
  #child: ChildProcess | undefined;
  #port: Promise<number> | undefined;

  /** `listening` is told the port at every start: each takes one that is free. */
  constructor(name: string, settings: BotSettings, listening: (port: number) => Promise<void> = async () => undefined) {
    this.name = name;
    this.#settings = settings;
    this.#listening = listening;
  }

  /** Where webhooks and health are served; throws when the process ended without ever getting there. */
  async origin(): Promise<string> {
    if (!this.#port) throw new Bug("bot-not-started", `${this.name} was never started`);
    return `http://127.0.0.1:${await this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get logFile(): string {
    return join(this.#settings.directory, `${this.name}.log`);
  }

  start(): void {
    const { program, nodeOptions = BOT_OPTIONS, path, ledgers, redisUrl, ledgerKey, environment } = this.#settings;
    const child = spawn(process.execPath, [...nodeOptions, program, "--stop-with-parent"], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...BOT_ENVIRONMENT,
        ...environment,
        PATH: path,
        REDIS_URL: redisUrl,
        TWOKEY_LEDGER_DIR: ledgers,
        TWOKEY_LEDGER_KEY: ledgerKey,
        TWOKEY_HTTP_PORT: "0",
        TWOKEY_PROCESS_NAME: this.name,
      },
    });
    const log = createWriteStream(this.logFile, { flags: "a" });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#child = child;
    this.#port = this.#saidPort(child);
    // Who never asks for the origin is told by `ready`.
    this.#port.catch(() => undefined);
  }

  /** Resolves when the bot says that it is ready; throws with where its log is when it does not. */
  async ready(): Promise<void> {
    const origin = await this.origin();
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline && this.#child?.exitCode === null) {
      const answer = await fetch(`${origin}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw this.#notReady();
  }

  /** From the line that the bot logs when everything is open. */
  async #saidPort(child: ChildProcess): Promise<number> {
    const port = await new Promise<number>((resolve, reject) => {
      const give = () => reject(this.#notReady());
      const limit = setTimeout(give, READY_WITHIN_MS);
      child.once("exit", give);
      if (!child.stdout) return give();
      createInterface({ input: child.stdout }).on("line", (line) => {
        const ready = ReadyLine.safeParse(jsonOf(line)).data;
        if (!ready) return;
        clearTimeout(limit);
        resolve(ready.port);
      });
    });
    await this.#listening(port);
    return port;
  }

  #notReady(): Bug {
    return new Bug("bot-not-ready", `${this.name} did not become ready; its log is ${this.logFile}`);
  }

  /** As the power does it: no chance to say goodbye. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    await gone;
    clearTimeout(force);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
