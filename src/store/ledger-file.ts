import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Redis } from "ioredis";
import { Bug } from "../domain/errors.ts";
import { isCovered, type Recovery, type Testimony } from "../domain/plan-run/recovery.ts";
import type { Secret } from "../domain/secret.ts";
import type { LostStore } from "../ports/lost-store.ts";
import type { Ledger, LedgerEntry, LedgerHead } from "../ports/runs.ts";
import { throwUnwritable } from "./disk-probe.ts";
import { isBack, type LedgerEnd, signedAs, unknownTo, WENT_BACK } from "./ledger-agreement.ts";
import { headOf, signOff, toldOf, unseen, witnessed } from "./ledger-entries.ts";
import { chained } from "./ledger-lines.ts";
import { type Head, readHeads, readMarks, type StoredMarks, takeBack, testify, writeMark } from "./ledger-marks.ts";
import { LedgerMemory } from "./ledger-memory.ts";
import { type FoundLedger, type LedgerPlace, openFound, type TornEnd } from "./ledger-opening.ts";
import { openNext, SEGMENT, SEGMENT_BYTES, SEGMENT_MS, segmentPaths } from "./ledger-segments.ts";
import type { LineFile } from "./line-file.ts";
import { type Seals, sealedWith } from "./seal.ts";

export interface LedgerOptions extends LedgerPlace {
  readonly key: Secret;
  /** When a segment ends; absent: SEGMENT_BYTES, SEGMENT_MS. */
  readonly segment?: { readonly bytes: number; readonly ms: number };
}

/**
 * Appends one fsynced line for each act, in files of its own process (segments): one is written, the ones before it are
 * closed. Two processes of one name would overwrite each other's mark, and both would see a disagreement: that stops them, which is safe.
 */
export class LedgerFile implements Ledger, LostStore {
  readonly #redis: Redis;
  readonly #process: string;
  readonly #options: LedgerOptions;
  readonly #seals: Seals;
  /** The segment that is written now, and its first line's time. */
  #file: LineFile;
  #number: number;
  #sinceMs: number | undefined;
  #lines: number;
  /** The file ended in a piece of a line when it was opened. */
  readonly torn: TornEnd | undefined;
  #chain: string;
  #mark: string;
  /** The newest line's act, as the others are told it; undefined: that line is for nobody else. */
  #head: Head | undefined;
  /** What the store has of this process, as far as it was read or written. */
  #stored: readonly string[] = [];
  /** The newest mark of any process up to which all acts of the others stand here; empty: nothing was looked at since the start. */
  #witnessed = "";
  /** What its lines say, as far as it matters. */
  readonly memory = new LedgerMemory();
  #queue: Promise<void> = Promise.resolve();

  private constructor(redis: Redis, options: LedgerOptions, found: FoundLedger) {
    this.#redis = redis;
    this.#options = options;
    this.#seals = sealedWith(options.key);
    this.#process = options.process;
    this.#file = found.file;
    this.#number = found.number;
    this.#sinceMs = found.lines[0]?.entry.atMs;
    this.torn = found.torn;
    for (const { entry } of [...found.before, ...found.lines]) this.memory.note(entry);
    const last = found.lines.at(-1);
    this.#chain = last?.chain ?? "";
    this.#mark = last?.mark ?? "";
    this.#lines = found.lines.length;
    this.#head = last && headOf(last, { process: options.process, lines: this.#lines });
  }

  static async open(redis: Redis, options: LedgerOptions): Promise<LedgerFile> {
    const ledger = new LedgerFile(redis, options, await openFound(options));
    await ledger.#begin().catch(() => undefined);
    return ledger;
  }

  append(entry: LedgerEntry): Promise<void> {
    return this.#inTurn(() => this.#write(entry));
  }

  keepUp(): Promise<void> {
    return this.#inTurn(async () => {
      const { head: newestHead, recovery } = await this.#agreed();
      if (this.#isUntold) await this.#settle();
      await this.#noteSignOff(recovery);
      if (!newestHead || newestHead.mark === this.#witnessed) return;
      const heads = await readHeads(this.#redis, this.#seals);
      // None for its witnessing, or two of them would write for ever.
      for (const head of unseen(heads, { process: this.#process, last: this.#witnessed, acts: this.memory.acts })) {
        await this.#line(witnessed(head));
        await this.#goOnIfFull(head.act.atMs);
      }
      this.#witnessed = heads[0]?.mark ?? newestHead.mark;
    });
  }

  async disagreement(): Promise<string | undefined> {
    return this.#judge(await this.#marks());
  }

  async testimonies(): Promise<readonly Testimony[]> {
    const { testimonies, recovery } = await this.#marks();
    return testimonies.filter((testimony) => !isCovered(recovery, testimony));
  }

  /** Only here a ledger that was put back says so, or a second machine of its name would. What does not fit is said by the next question. */
  async #begin(): Promise<void> {
    if (isBack(await this.#marks(), this.#end)) await takeBack(this.#redis, this.#process);
    await this.#agreed().then(() => this.#settle());
  }

  readonly #marks = () => readMarks(this.#redis, this.#process, this.#seals);

  get #end(): LedgerEnd {
    return { process: this.#process, mark: this.#mark, lines: this.#lines, seal: this.#chain };
  }

  async #judge(stored: StoredMarks): Promise<string | undefined> {
    const about = { process: this.#process, mark: signedAs(stored, this.#mark) };
    const why = isCovered(stored.recovery, about) ? undefined : unknownTo(stored, this.#end);
    if (why !== undefined) {
      // Whoever notices first stops all the others.
      const { epoch, acts } = this.memory;
      await testify(this.#redis, { ...about, why, epoch, acts: toldOf(acts) });
      return why;
    }
    const told = stored.testimonies.find((testimony) => !isCovered(stored.recovery, testimony));
    return told && `${told.why}, says ${told.process}`;
  }

  /** One at a time: the chain needs the previous line's hash. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(write);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #agreed(): Promise<StoredMarks> {
    const stored = await this.#marks();
    const wrong = await this.#judge(stored);
    if (wrong !== undefined) throw new Bug("store-lost", wrong);
    this.#stored = stored.own ?? [];
    return stored;
  }

  async #write(entry: LedgerEntry): Promise<void> {
    const { recovery } = await this.#agreed();
    await this.#noteSignOff(recovery);
    await this.#line(entry);
    await this.#goOnIfFull(entry.atMs);
  }

  /** The line before it is written: whatever becomes of the segment, that line counts. */
  async #goOnIfFull(atMs: number): Promise<void> {
    const { bytes, ms } = this.#options.segment ?? { bytes: SEGMENT_BYTES, ms: SEGMENT_MS };
    if (this.#file.bytes < bytes && atMs - (this.#sinceMs ?? atMs) < ms) return;
    await this.#goOn(atMs).catch(() => undefined);
  }

  /**
   * Closes this segment and goes on in another one, whose first line is sealed behind the last of this one. What fails leaves
   * this one as it is: it is tried again behind the next line.
   */
  async #goOn(atMs: number): Promise<void> {
    const paths = segmentPaths(this.#options.directory, this.#process);
    const closed = paths.closed(this.#number, atMs);
    const run = basename(closed);
    const mark = randomUUID();
    const number = this.#number + 1;
    const says = `goes on from ${run}, whose last line is sealed ${this.#chain}`;
    const goesOn = { segment: number, chain: this.#chain };
    const body = {
      mark,
      goesOn,
      installation: this.#options.whose,
      entry: { atMs, run, epoch: this.memory.epoch, kind: SEGMENT, says },
    };
    const chain = chained(this.#options.key, this.#chain, body);
    await this.#tell([mark, this.#mark]);
    const full = this.#file;
    this.#file = await openNext(paths, closed, JSON.stringify({ ...body, chain }));
    this.#number = number;
    this.#lines = 1;
    this.#sinceMs = atMs;
    this.#chain = chain;
    this.#mark = mark;
    this.#head = undefined;
    await full.close();
  }

  /** Who signed stands before the first act in the store that they signed for. */
  async #noteSignOff(recovery: Recovery | undefined): Promise<void> {
    if (recovery?.state === "accepted" && !this.memory.hasSignedOff(recovery.id)) await this.#line(signOff(recovery));
  }

  async #line(entry: LedgerEntry): Promise<void> {
    const mark = randomUUID();
    const body = { mark, ...(this.#lines === 0 && { installation: this.#options.whose }), entry };
    const chain = chained(this.#options.key, this.#chain, body);
    await this.#tell([mark, this.#mark]);
    await this.#file.append(JSON.stringify({ ...body, chain })).catch(throwUnwritable);
    this.#sinceMs ??= entry.atMs;
    this.#lines += 1;
    this.#chain = chain;
    this.#mark = mark;
    this.#head = headOf({ mark, entry, chain }, { process: this.#process, lines: this.#lines });
    this.memory.note(entry);
    // Only now: whoever compares meanwhile has to find in the store what this ledger ends with.
    await this.#settle();
  }

  /** The line is in the file: from here on the one before it is not the last any more, and a ledger that ends there lost one. */
  async #settle(): Promise<void> {
    // Left undone, as with Redis away, it only forgives one line until the next look or line.
    if (this.#mark !== "") await this.#tell([this.#mark]).catch(() => undefined);
  }

  /**
   * The newest line stands in the file, and the store still holds the mark before it too: its act was given to nobody, because both
   * are one step of the store. So it is after a kill between the two, or where that word to the store was lost.
   */
  get #isUntold(): boolean {
    return this.#stored.length > 1 && this.#stored[0] === this.#mark;
  }

  /** With the newest line's act, where it is owed. */
  async #tell(marks: readonly string[]): Promise<void> {
    const head = this.#isUntold ? this.#head : undefined;
    const isTold = await writeMark(
      this.#redis,
      { process: this.#process, over: this.#stored, marks, head },
      this.#seals,
    );
    if (!isTold) throw new Bug("store-lost", WENT_BACK);
    this.#stored = marks;
  }

  head(): LedgerHead | undefined {
    return this.#lines === 0 ? undefined : { process: this.#process, lines: this.#lines, seal: this.#chain };
  }

  highestEpoch(): number {
    return this.memory.epoch;
  }

  async close(): Promise<void> {
    await this.#queue.then(() => this.#file.close());
  }
}
