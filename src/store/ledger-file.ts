import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { Bug, messageOf, TransientError, UserError } from "../domain/errors.ts";
import {
  type Act,
  isCovered,
  type Recovery,
  recoveryDigest,
  type Testimony,
  WITNESSED,
} from "../domain/plan-run/recovery.ts";
import type { Secret } from "../domain/secret.ts";
import type { LostStore } from "../ports/lost-store.ts";
import type { Ledger, LedgerEntry } from "../ports/runs.ts";
import { EXPORTED } from "./archive-file.ts";
import { chained, type Line, readLines } from "./ledger-lines.ts";
import { type Head, readMarks, type StoredMarks, testify, writeMark } from "./ledger-marks.ts";
import { LineFile } from "./line-file.ts";

/** Lines of a testimony: what a person can read, and more than one executor has under way. */
const ACTS_TOLD = 12;
/** Lines that no other process has to write down. */
const NO_ACTS: ReadonlySet<string> = new Set([WITNESSED, EXPORTED]);
/** A line that says who signed that this store counts again. */
const ACCEPTED = "store-accepted";

export interface LedgerOptions {
  readonly directory: string;
  readonly process: string;
  readonly key: Secret;
}

/** A last line that was cut off while it was written. What it tells was not asked of the cloud yet, or is in the journal. */
export interface TornEnd {
  readonly piece: string;
  /** The file that it was put aside into; undefined: it could not be kept. */
  readonly keptIn: string | undefined;
}

/**
 * Appends one fsynced line for each act, in one file a process. Two processes of one name would overwrite each other's
 * mark, and both would see a disagreement: that stops them, which is safe.
 */
export class LedgerFile implements Ledger, LostStore {
  readonly #redis: Redis;
  readonly #process: string;
  readonly #key: Secret;
  readonly #file: LineFile;
  /** The file ended in a piece of a line when it was opened. */
  readonly torn: TornEnd | undefined;
  #chain: string;
  #mark: string;
  /** The newest mark of another process that stands in this file. */
  #witnessed = "";
  #epoch: number;
  #acts: readonly Act[];
  /** Recoveries that stand in this file. */
  readonly #signedOff: Set<string>;
  #queue: Promise<void> = Promise.resolve();

  private constructor(redis: Redis, options: LedgerOptions, file: LineFile, found: Found) {
    this.#redis = redis;
    this.#key = options.key;
    this.#process = options.process;
    this.#file = file;
    this.torn = found.torn;
    const { lines } = found;
    const last = lines.at(-1);
    this.#chain = last?.chain ?? "";
    this.#mark = last?.mark ?? "";
    this.#epoch = Math.max(0, ...lines.map((line) => line.entry.epoch));
    this.#acts = lines.flatMap(({ entry }) => actOf(entry)).slice(-ACTS_TOLD);
    this.#signedOff = new Set(lines.filter(({ entry }) => entry.kind === ACCEPTED).map(({ entry }) => entry.run));
  }

  static async open(redis: Redis, options: LedgerOptions): Promise<LedgerFile> {
    const path = join(options.directory, `${options.process}.jsonl`);
    try {
      return await LedgerFile.#opened(redis, options, path);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(
        "ledger-unusable",
        `The ledger ${path} cannot be opened. Check TWOKEY_LEDGER_DIR and who may write there.`,
        { cause: error },
      );
    }
  }

  static async #opened(redis: Redis, options: LedgerOptions, path: string): Promise<LedgerFile> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const { lines, torn, wholeBytes, tail } = await readLines(path);
    // Only the last line can be torn by a crash. Anything after a line that does not parse is not ours to drop.
    if (torn === "inside")
      throw new UserError(
        "ledger-damaged",
        `${path} has a damaged line ${lines.length + 1}. Keep the file for the review, move it aside, and start again.`,
      );
    const end = torn === "end" ? { piece: tail, keptIn: await keptBeside(path, tail) } : undefined;
    const file = await LineFile.open(path, wholeBytes);
    // A disk that does not even let it be cut off refuses the first append: pages and cards need no ledger.
    await file.cutTornEnd().catch(() => undefined);
    return new LedgerFile(redis, options, file, { lines, torn: end });
  }

  append(entry: LedgerEntry): Promise<void> {
    return this.#inTurn(() => this.#write(entry));
  }

  keepUp(): Promise<void> {
    return this.#inTurn(async () => {
      const { head, recovery } = await this.#agreed();
      await this.#noteSignOff(recovery);
      // None for its witnessing, or two of them would write for ever.
      if (!head || head.process === this.#process || head.mark === this.#witnessed) return;
      await this.#line(witnessed(head));
      this.#witnessed = head.mark;
    });
  }

  async disagreement(): Promise<string | undefined> {
    return this.#judge(await readMarks(this.#redis, this.#process));
  }

  async testimonies(): Promise<readonly Testimony[]> {
    const { testimonies, recovery } = await readMarks(this.#redis, this.#process);
    return testimonies.filter((testimony) => !isCovered(recovery, testimony));
  }

  async #judge(stored: StoredMarks): Promise<string | undefined> {
    const about = { process: this.#process, mark: this.#mark };
    const why = isCovered(stored.recovery, about) ? undefined : this.#unknownTo(stored);
    if (why !== undefined) {
      // Whoever notices first stops all the others.
      await testify(this.#redis, { ...about, why, epoch: this.#epoch, acts: [...this.#acts] });
      return why;
    }
    const told = stored.testimonies.find((testimony) => !isCovered(stored.recovery, testimony));
    return told && `${told.why}, says ${told.process}`;
  }

  #unknownTo({ own }: StoredMarks): string | undefined {
    if (this.#mark === "" || own?.includes(this.#mark)) return undefined;
    return own === undefined
      ? "Redis came back empty or older, or it is another one: it does not know this ledger"
      : "Redis does not know the newest line of this ledger: Redis went back in time, or the ledger lost its end";
  }

  /** One at a time: the chain needs the previous line's hash. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(write);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #agreed(): Promise<StoredMarks> {
    const stored = await readMarks(this.#redis, this.#process);
    const wrong = await this.#judge(stored);
    if (wrong !== undefined) throw new Bug("store-lost", wrong);
    return stored;
  }

  async #write(entry: LedgerEntry): Promise<void> {
    const { recovery } = await this.#agreed();
    await this.#noteSignOff(recovery);
    await this.#line(entry);
  }

  /** Who signed stands before the first act in the store that they signed for. */
  async #noteSignOff(recovery: Recovery | undefined): Promise<void> {
    if (recovery?.state === "accepted" && !this.#signedOff.has(recovery.id)) await this.#line(signOff(recovery));
  }

  async #line(entry: LedgerEntry): Promise<void> {
    const mark = randomUUID();
    const [act] = NO_ACTS.has(entry.kind) ? [] : actOf(entry);
    const head = act && { process: this.#process, mark, act };
    await writeMark(this.#redis, this.#process, [mark, this.#mark], head);
    const body = { mark, entry };
    const chain = chained(this.#key, this.#chain, body);
    await this.#file.append(JSON.stringify({ ...body, chain })).catch((cause: unknown) => {
      throw new TransientError("ledger-unwritable", `The ledger cannot be written: ${messageOf(cause)}`, { cause });
    });
    this.#chain = chain;
    this.#mark = mark;
    this.#epoch = Math.max(this.#epoch, entry.epoch);
    this.#acts = [...this.#acts, ...actOf(entry)].slice(-ACTS_TOLD);
    if (entry.kind === ACCEPTED) this.#signedOff.add(entry.run);
  }

  highestEpoch(): number {
    return this.#epoch;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#file.close();
  }
}

interface Found {
  readonly lines: readonly Line[];
  readonly torn: TornEnd | undefined;
}

/** Undefined: it could not be kept, as on a full disk. */
async function keptBeside(path: string, piece: string): Promise<string | undefined> {
  const beside = `${path}.torn-${new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;
  return writeFile(beside, piece, { mode: 0o600, flush: true }).then(
    () => beside,
    () => undefined,
  );
}

type Written = Line["entry"] | LedgerEntry;

function actOf({ door: _door, strength: _strength, requestIds = [], ...act }: Written): Act[] {
  return act.kind === ACCEPTED || act.kind === EXPORTED ? [] : [{ ...act, requestIds: [...requestIds] }];
}

/** The newest act of another process, in words: its machine may be lost together with the store. */
function witnessed({ process, act: { atMs, run, service, epoch, step, kind, says, requestIds } }: Head): LedgerEntry {
  return {
    ...{ atMs, run, epoch, kind: WITNESSED, says: `${process}, ${kind}: ${says}`, requestIds },
    ...(service === undefined ? {} : { service }),
    ...(step === undefined ? {} : { step }),
  };
}

/** Its number is above every one that was ever used, so that fencing numbers never decrease (G6). */
function signOff(recovery: Recovery): LedgerEntry {
  const who = recovery.signatures.map(({ by }) => by).join(" and ");
  return {
    atMs: Math.max(...recovery.signatures.map(({ atMs }) => atMs)),
    run: recovery.id,
    epoch: Math.max(...recovery.testimonies.map(({ epoch }) => epoch)),
    kind: ACCEPTED,
    by: who,
    says: `${who} have looked and signed: this store counts from here on (${recoveryDigest(recovery)})`,
  };
}
