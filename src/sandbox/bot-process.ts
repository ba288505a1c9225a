import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Bug } from "../domain/errors.ts";

export interface BotSettings {
  /** The compiled production entry point: what rehearses is what runs. */
  readonly program: string;
  readonly path: string;
  readonly directory: string;
  readonly redisUrl: string;
  readonly ledgerKey: string;
  /** What leads into the world. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * As `npm start` and the image start it. Start-up leaves as much garbage as the bot lives on, and V8 lets it stand until its
 * first large collection, which a quiet bot may not reach for hours; these bring that collection forward and limit no heap.
 */
export const NODE_OPTIONS = ["--max-semi-space-size=2", "--initial-old-space-size=32", "--optimize-for-size"] as const;

/** Machine times. */
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 25;

/** The real bot as a process of its own. It ends with us, however we end: it holds the other end of a pipe. */
export class Bot {
  readonly name: string;
  readonly port: number;
  readonly #settings: BotSettings;
  #child: ChildProcess | undefined;

  constructor(name: string, port: number, settings: BotSettings) {
    this.name = name;
    this.port = port;
    this.#settings = settings;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get logFile(): string {
    return join(this.#settings.directory, `${this.name}.log`);
  }

  start(): void {
    const { program, path, directory, redisUrl, ledgerKey, environment } = this.#settings;
    const child = spawn(process.execPath, [...NODE_OPTIONS, program, "--stop-with-parent"], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...environment,
        PATH: path,
        REDIS_URL: redisUrl,
        TWOKEY_LEDGER_DIR: join(directory, "ledger"),
        TWOKEY_LEDGER_KEY: ledgerKey,
        TWOKEY_HTTP_PORT: String(this.port),
        TWOKEY_PROCESS_NAME: this.name,
      },
    });
    const log = createWriteStream(this.logFile, { flags: "a" });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#child = child;
  }

  /** Resolves when the bot says that it is ready; throws with where its log is when it does not. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline && this.#child?.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Bug("bot-not-ready", `${this.name} did not become ready; its log is ${this.logFile}`);
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
