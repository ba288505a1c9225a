import { type Reception, Secret } from "../domain/secret.ts";
import type { EnvironmentProblem } from "./problem.ts";
import { fileVariable, readSecretFile, type SecretFile } from "./secret-files.ts";

/** Machine time for which what is signed with a value that was replaced still counts: who signs needs a while to take the new one. */
export const ACCEPTED_FOR_MS = 3_600_000;
/** Machine time after which a refused value is sent again while another one is taken: each failed sign-in brings an account nearer to being locked. */
export const REFUSED_AGAIN_MS = 60_000;
const SPARINGLY_MS = 1_000;
/** More than anybody changes in that time. */
const MOST_BEFORE = 4;

/** Why a new value cannot be taken into use; undefined: it can. Never holds a value. */
export type JudgeSecret = (change: {
  readonly variable: string;
  readonly before: string;
  readonly next: string;
}) => Pick<EnvironmentProblem, "what" | "instead"> | undefined;

/**
 * The secrets that stand in files: the present value of each by its variable, and who wants to hear that one changed. What cannot be
 * read, or cannot be used, leaves the value before it in use.
 */
export class Secrets {
  readonly #held: ReadonlyMap<string, Held>;
  readonly #nowMs: () => number;
  #sparinglyMs = Number.NEGATIVE_INFINITY;
  readonly #hearers: ((variables: readonly string[]) => void)[] = [];

  constructor(files: ReadonlyMap<string, SecretFile>, judge: JudgeSecret, nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
    const hold = ([variable, file]: [string, SecretFile]): [string, Held] => [
      variable,
      new Held({ variable, file, judge, nowMs }),
    ];
    this.#held = new Map([...files].map(hold));
  }

  get paths(): readonly string[] {
    return [...this.#held.values()].map(({ path }) => path);
  }

  /** By their variables. What looks at one again looks at all: they may have changed together. */
  all(): Readonly<Record<string, Secret>> {
    return Object.fromEntries(
      [...this.#held].map(([variable, held]) => [
        variable,
        new Secret({
          present: () => held.present,
          accepted: () => held.accepted(),
          toSend: () => held.toSend(),
          heard: (value, reception) => held.heard(value, reception),
          lookAgain: () => this.look(),
          lookSparingly: () => this.#lookSparingly(),
        }),
      ]),
    );
  }

  /** Reads every file again; whoever wants to hear it hears which variables have another value now. */
  look(): void {
    const changed = [...this.#held].flatMap(([variable, held]) => (held.look() ? [variable] : []));
    if (changed.length > 0) for (const hear of this.#hearers) hear(changed);
  }

  #lookSparingly(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#sparinglyMs < SPARINGLY_MS) return;
    this.#sparinglyMs = nowMs;
    this.look();
  }

  /** What stands in the files and is not in use, by the last look. */
  problems(): readonly EnvironmentProblem[] {
    return [...this.#held.values()].flatMap(({ problem }) => problem ?? []);
  }

  onChange(hear: (variables: readonly string[]) => void): void {
    this.#hearers.push(hear);
  }
}

interface HeldFrom {
  readonly variable: string;
  readonly file: SecretFile;
  readonly judge: JudgeSecret;
  readonly nowMs: () => number;
}

/** One secret, and what it held a short while ago. */
class Held {
  readonly #from: HeldFrom;
  #present: string;
  #before: readonly { readonly value: string; readonly untilMs: number }[] = [];
  /** Taken by its vendor last, as far as anybody knows; it does not age. */
  #taken: string;
  /** When the present value was refused last. */
  #refusedMs = Number.NEGATIVE_INFINITY;
  problem: EnvironmentProblem | undefined;

  constructor(from: HeldFrom) {
    this.#from = from;
    this.#present = from.file.value;
    this.#taken = from.file.value;
  }

  get path(): string {
    return this.#from.file.path;
  }

  get present(): string {
    return this.#present;
  }

  accepted(): readonly string[] {
    const nowMs = this.#from.nowMs();
    return [this.#present, ...this.#before.filter(({ untilMs }) => nowMs < untilMs).map(({ value }) => value)];
  }

  toSend(): readonly string[] {
    const isRefused = this.#from.nowMs() - this.#refusedMs < REFUSED_AGAIN_MS;
    const first = isRefused ? [this.#taken, this.#present] : [this.#present, this.#taken];
    return [...new Set([...first, ...this.accepted()])];
  }

  /** Once the present value was taken, an earlier one is only of use where the present one is not known yet. */
  heard(value: string, reception: Reception): void {
    if (reception === "taken" && this.#taken !== this.#present) this.#taken = value;
    if (value !== this.#present || this.#taken === value || reception === "unknown") return;
    this.#refusedMs = this.#from.nowMs();
  }

  /** Whether another value is in use since. */
  look(): boolean {
    const { variable, judge, nowMs } = this.#from;
    const read = readSecretFile(this.path);
    const before = this.#present;
    const wrong = "what" in read ? read : judge({ variable, before, next: read.value });
    this.problem = wrong && { variable: fileVariable(variable), ...wrong };
    if (wrong || "what" in read || read.value === before) return false;
    const kept = [{ value: before, untilMs: nowMs() + ACCEPTED_FOR_MS }, ...this.#before];
    this.#before = kept.filter(({ value }) => value !== read.value).slice(0, MOST_BEFORE);
    this.#present = read.value;
    this.#refusedMs = Number.NEGATIVE_INFINITY;
    return true;
  }
}
