import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { runOf } from "../harness/failover-runs.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";

const PROGRAM = fileURLToPath(new URL("worker.mjs", import.meta.url));
/** Machine times. */
const READY_WITHIN_MS = 30_000;
const DONE_WITHIN_MS = 60_000;

const isLastWord = (line: string): boolean => /^(killed|ended|refused) /.test(line);

/** What a suspended executor says when it comes back. A question to the store that was under way then is given up first. */
export const TOO_LATE = /^refused (Superseded run-taken-over|Error undefined Command timed out)/;

/** `test/crash/worker.mjs` as a process; it ends with us, since it reads from a pipe of ours. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #gone: Promise<void>;
  #heard: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = new Promise((resolve) => child.once("exit", () => resolve()));
    const hear = (line: string) => {
      this.#lines.push(line);
      this.#heard();
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", hear);
    void this.#gone.then(() => this.#heard());
  }

  static start(at: FailoverWorld, name: string): Worker {
    const env = { ...at.environment, PATH: process.env["PATH"] ?? "", TWOKEY_PROCESS_NAME: name };
    return new Worker(spawn(process.execPath, [QUICKER_START, PROGRAM], { env, stdio: ["pipe", "pipe", "pipe"] }));
  }

  async ready(): Promise<void> {
    await this.#until((line) => line === "ready", READY_WITHIN_MS);
  }

  drives(run: string, points: readonly string[] = [], freezeAt?: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ run, points, freezeAt })}\n`);
  }

  /** Resolves when it stands still at its `freezeAt`. */
  async frozen(): Promise<void> {
    await this.#until((line) => line === "frozen", DONE_WITHIN_MS);
  }

  /** Its last words, when it is gone: `killed <point>, …`, `ended <state>` or `refused <why>`. */
  async lastWords(): Promise<string> {
    const words = await this.#until(isLastWord, DONE_WITHIN_MS);
    await this.#gone;
    return words;
  }

  /** The same of a worker that may be killed from outside; undefined: it said nothing. */
  async lastWordsIfAny(): Promise<string | undefined> {
    await this.#gone;
    return this.#lines.find(isLastWord);
  }

  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  get gone(): Promise<void> {
    return this.#gone;
  }

  async #until(fits: (line: string) => boolean, withinMs: number): Promise<string> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.#lines.find(fits);
      if (found !== undefined) return found;
      const isGone = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (isGone || Date.now() > deadline) throw new Error(`The worker said only: ${this.#lines.join(" | ")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** The world stands still for all practical purposes while nobody drives. */
const STANDING_STILL = 0.001;

/**
 * Drives one run with worker after worker, each of which dies at the first of `points` that it reaches; a point kills once. One
 * that an entry reaches while another one kills has killed too.
 * World time stands still between two workers, so that their start costs the run nothing. Resolves to the points that killed.
 */
export async function driveThroughKills(
  at: FailoverWorld,
  points: readonly string[],
  speed: number,
): Promise<string[]> {
  const killedAt: string[] = [];
  const left = new Set(points);
  let driving = Worker.start(at, "worker");
  let next: Worker | undefined;
  try {
    for (;;) {
      const worker = driving;
      await worker.ready();
      await at.setSpeed(speed);
      worker.drives("F-1", [...left]);
      // Whom nothing kills needs no successor.
      next = left.size > 0 ? Worker.start(at, "worker") : undefined;
      const words = await worker.lastWords();
      if (words.startsWith("refused ")) throw new Error(words);
      if (!next || !words.startsWith("killed ")) return killedAt;
      await at.setSpeed(STANDING_STILL);
      driving = next;
      for (const point of words.slice("killed ".length).split(", ")) {
        killedAt.push(point);
        left.delete(point);
      }
    }
  } finally {
    for (const worker of [driving, next]) worker?.kill("SIGKILL");
    await Promise.all([driving, next].map((worker) => worker?.gone));
  }
}

/**
 * Drives one run with worker after worker, each of which is killed at the moment at which one of `calls` (`operation region`)
 * has taken effect, before it can learn so; an entry kills once. Resolves to the calls that killed, in their order.
 */
export async function driveThroughEffects(
  at: FailoverWorld,
  calls: readonly string[],
  speed: number,
): Promise<string[]> {
  const killedAt: string[] = [];
  const left = [...calls];
  let driving = Worker.start(at, "worker");
  let next: Worker | undefined;
  const stopListening = at.whole.world.log.follow(({ kind, facts }) => {
    const index = left.indexOf(`${String(facts["operation"])} ${String(facts["region"])}`);
    if (kind !== "aws.mutation" || index === -1) return;
    killedAt.push(...left.splice(index, 1));
    driving.kill("SIGKILL");
  });
  try {
    for (;;) {
      await driving.ready();
      await at.setSpeed(speed);
      driving.drives("F-1");
      next = left.length > 0 ? Worker.start(at, "worker") : undefined;
      const words = await driving.lastWordsIfAny();
      if (words?.startsWith("refused ")) throw new Error(words);
      if (words !== undefined) return killedAt;
      // The last call may have killed it before anybody else was ready.
      next ??= Worker.start(at, "worker");
      await at.setSpeed(STANDING_STILL);
      driving = next;
    }
  } finally {
    stopListening();
    for (const worker of [driving, next]) worker?.kill("SIGKILL");
    await Promise.all([driving, next].map((worker) => worker?.gone));
  }
}

export async function stateOfRun(at: FailoverWorld): Promise<string> {
  const { state, why } = await runOf(at);
  return why === "" ? state : `${state}: ${why}`;
}
