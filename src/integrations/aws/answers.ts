import type { Answering } from "../../domain/service/observation.ts";
import type { Region } from "../../domain/service/region.ts";
import { classify, type FailureKind, type VendorFailure } from "./errors.ts";

/** Machine time that counts as lately: a look or two of an observer, and the one that somebody waits for. */
const LATELY_MS = 60_000;
/** Reads of one region within that time, at the busiest. */
const MOST_KEPT = 1_000;

/** Of a control plane that is in trouble; a refusal is an answer like any other. */
const BAD_ANSWERS: ReadonlySet<FailureKind> = new Set<FailureKind>(["retryLater", "ambiguous", "unreachable"]);

/** A read that may be made again. */
type Look = (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
type Failed = Pick<VendorFailure, "kind" | "byAws">;

interface Read {
  readonly atMs: number;
  readonly tookMs: number;
  readonly hasFailed: boolean;
}

/** Counts each attempt of a read, also those that were repeated: what a caller repeats in silence is trouble as well. */
export class Answers {
  readonly #now: () => number;
  readonly #isBack: () => void;
  readonly #read = new Map<Region, Read[]>();
  readonly #answered = new Map<Region, Look>();
  #answeredMs: number;
  #failedMs = Number.NEGATIVE_INFINITY;
  #isCutOff = false;

  /** Machine time. `isBack`: called when this process was cut off and is answered again. */
  constructor(now: () => number = () => performance.now(), isBack: () => void = () => undefined) {
    this.#now = now;
    this.#isBack = isBack;
    this.#answeredMs = now();
  }

  /** Begins an attempt; whoever has the answer says how it failed. */
  begin(region: Region, look?: Look): (failure: Failed | undefined) => void {
    const beganMs = this.#now();
    return (failure) => {
      const atMs = this.#now();
      const isAnswered = failure === undefined || failure.byAws === true;
      if (isAnswered && look) this.#answered.set(region, look);
      if (isAnswered) this.#answeredMs = atMs;
      else this.#failedMs = atMs;
      if (isAnswered) this.cutOff(false);
      if (this.#isCutOff) return;
      const hasFailed = failure !== undefined && BAD_ANSWERS.has(failure.kind);
      const before = this.#lately(region).slice(1 - MOST_KEPT);
      this.#read.set(region, [...before, { atMs, tookMs: atMs - beganMs, hasFailed }]);
    };
  }

  /** Asks each region what it has answered last. Resolves at the first answer, if only that it refuses; throws where there is none. */
  async askAgain(abortSignal: AbortSignal): Promise<void> {
    const ask = async (look: Look): Promise<void> => {
      try {
        await look({ abortSignal });
      } catch (error) {
        if (classify(error).byAws !== true) throw error;
      }
      this.#answeredMs = this.#now();
    };
    await Promise.any([...this.#answered.values()].map(ask));
  }

  /** Since the newest answer of any region; before the first: since the start. */
  sinceAnswerMs(): number {
    return this.#now() - this.#answeredMs;
  }

  /** Since the newest attempt that nothing answered. */
  sinceFailureMs(): number {
    return this.#now() - this.#failedMs;
  }

  /** Whether this process is cut off: what has failed since the newest answer, and fails meanwhile, then says nothing of AWS. */
  cutOff(isCutOff: boolean): void {
    const wasCutOff = this.#isCutOff;
    this.#isCutOff = isCutOff;
    if (wasCutOff && !isCutOff) this.#isBack();
    if (!isCutOff) return;
    for (const [region, reads] of this.#read)
      this.#read.set(
        region,
        reads.filter(({ atMs, hasFailed }) => !hasFailed || atMs <= this.#answeredMs),
      );
  }

  of(region: Region): Answering {
    const lately = this.#lately(region);
    const times = lately.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other);
    return {
      asked: lately.length,
      failed: lately.filter(({ hasFailed }) => hasFailed).length,
      typicalMs: Math.round(times[Math.floor((times.length - 1) / 2)] ?? 0),
    };
  }

  #lately(region: Region): Read[] {
    const since = this.#now() - LATELY_MS;
    return (this.#read.get(region) ?? []).filter(({ atMs }) => atMs > since);
  }
}
