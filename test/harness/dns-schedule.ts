import { setImmediate as turn } from "node:timers/promises";
import type { z } from "zod";
import { OutcomeUnknown, TransientError } from "../../src/domain/errors.ts";
import { shiftTraffic } from "../../src/flows/resources/entrances/route53/shift-traffic.ts";
import { marksBeside } from "../../src/flows/steps/dns-mark.ts";
import { RecordsInput } from "../../src/flows/steps/schemas.ts";
import type { Hold } from "../../src/ports/step.ts";
import type { RecordChange, RecordSet, TrafficControl } from "../../src/ports/traffic.ts";
import { Random } from "../../src/simulators/world/random.ts";
import { OneZone, ZONE } from "./dns-zone.ts";
import { fakeCloud } from "./fakes/index.ts";

export const NAME = "shop.example.com";
const MOST_TRIES = 6;
const MOST_TURNS = 400;

const sides = (first: number): RecordSet[] =>
  [first, 100 - first].map((weight, at) => ({
    ...{ name: NAME, type: "A", setIdentifier: `side-${at}`, weight, ttlSeconds: 60, values: [`192.0.2.${at}`] },
  }));

interface Sending extends Hold {
  /** The run that was the newest when that hold had looked. */
  readonly during: string | undefined;
}

/** A call of an executor that Route 53 has not yet seen: the schedule says when it does. */
interface Pending {
  readonly isWrite: boolean;
  readonly arrives: () => void;
  readonly givenUp: () => void;
}

/**
 * A hold is overtaken when a newer one has claimed the run. What it has sent may arrive at any time after that, and whose turn
 * it is Route 53 learns from the newer one's first batch alone.
 */
export interface Played {
  /** Batches of an overtaken hold that were accepted after a newer one had written, or one of its run had seen its step or its undo through. */
  readonly late: readonly string[];
  /**
   * Batches of the run before, accepted after the next run had found everything as it wants it, and had written nothing. They were made
   * from a look after that run had begun, so whoever asks first whether the run is still theirs never sends them.
   */
  readonly unasked: number;
  /** Batches of an overtaken hold that were accepted before that: the newer one's own batch then has to fit what they left. */
  readonly early: number;
  /** Batches of an overtaken hold that Route 53 refused. */
  readonly stopped: number;
  /** All batches that Route 53 refused. */
  readonly refused: number;
  /** Edits by somebody else that a batch wrote over. */
  readonly overwritten: number;
}

/** Executors of two runs that never ask whether they still hold them, over one zone, in an order that the seed draws. */
export async function playDns(seed: number, way: "sentinel" | "exact"): Promise<Played> {
  const schedule = new Schedule(new Random(seed), way);
  await schedule.play();
  return schedule;
}

class Schedule implements Played {
  readonly late: string[] = [];
  overwritten = 0;
  refused = 0;
  unasked = 0;
  early = 0;
  stopped = 0;
  readonly #random: Random;
  readonly #way: "sentinel" | "exact";
  readonly #zone = new OneZone();
  #pending: Pending[] = [];
  #epoch = 0;
  #wroteLast = 0;
  /** The newest hold that has seen its undo through, which writes in any case, and the newest that has seen its step through. */
  #undone = 0;
  #finished = { epoch: 0, run: "" };
  #isUnwinding = false;
  /** Which run was the newest when a hold looked last. */
  readonly #looked = new Map<number, string>();
  #edits = 100;
  #edited: readonly RecordSet[] | undefined;
  #run: { readonly id: string; readonly input: z.infer<typeof RecordsInput> };

  constructor(random: Random, way: "sentinel" | "exact") {
    this.#random = random;
    this.#way = way;
    this.#run = { id: "F-1", input: this.#inputFor([], sides(100)) };
    this.#zone.apply({ zone: ZONE, records: sides(100), comment: "" });
  }

  async play(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      await this.#oneTurn();
      // Reads and answers go through several promises before the next call is made.
      await turn();
      if (this.#epoch >= 6 && this.#pending.length === 0) return;
    }
  }

  async #oneTurn(): Promise<void> {
    const drawn = this.#random.next();
    if (this.#pending.length === 0 || (drawn < 0.12 && this.#epoch < 6)) return this.#begin();
    if (drawn < 0.15) return this.#edit();
    const [call] = this.#pending.splice(this.#random.integer(0, this.#pending.length - 1), 1);
    if (!call) return;
    if (!call.isWrite || this.#random.next() < 0.6) return call.arrives();
    // The answer is waited for no more, and the call arrives all the same: at once, or any time later.
    call.givenUp();
    if (this.#random.next() < 0.3) call.arrives();
    else this.#pending.push({ ...call, givenUp: () => undefined });
  }

  async #begin(): Promise<void> {
    if (this.#epoch >= 6) return;
    this.#epoch += 1;
    if (this.#epoch === 4) await this.#nextRun();
    this.#isUnwinding ||= this.#random.next() < 0.3;
    void this.#perform(this.#epoch, this.#isUnwinding);
  }

  /** Its plan rests on what stands there now. */
  async #nextRun(): Promise<void> {
    const records = this.#zone.sets(NAME);
    const marks = await marksBeside(
      { records: async (_zone, name) => known(this.#zone.sets(name)) },
      { zone: ZONE, name: NAME },
    );
    this.#isUnwinding = false;
    this.#edited = undefined;
    this.#run = { id: "F-2", input: this.#inputFor(marks.known ? marks.value : [], records) };
  }

  #inputFor(mark: readonly RecordSet[], before: readonly RecordSet[]) {
    const after = before.map((set) => ({ ...set, weight: Math.abs(100 - (set.weight ?? 0)) }));
    return RecordsInput.parse({ region: "r", zone: ZONE, name: NAME, before, after, write: this.#way, mark });
  }

  async #perform(epoch: number, unwinds: boolean): Promise<void> {
    const { id: run, input } = this.#run;
    const { signal } = new AbortController();
    const cloud = fakeCloud({ traffic: this.#trafficOf({ run, epoch }) });
    const context = {
      cloud,
      signal,
      hold: { run, epoch },
      tries: 1,
      mayHaveAsked: false,
      outputOf: () => undefined,
    };
    const undo = async () => {
      if (typeof shiftTraffic.undo !== "function") throw new Error("It has a way back");
      await shiftTraffic.undo(input, context);
    };
    const isDone = unwinds ? await untilAnswered(undo) : await untilAnswered(() => shiftTraffic.run(input, context));
    if (isDone) this.#through({ epoch, run, unwinds });
    // A run that stops here unwinds under the same hold, with what it sent perhaps still on its way. That it unwinds has to be
    // written into the journal first, which takes nothing from an overtaken hold.
    if (!unwinds && this.#random.next() < 0.3 && epoch === this.#epoch) {
      this.#isUnwinding = true;
      if (await untilAnswered(undo)) this.#through({ epoch, run, unwinds: true });
    }
  }

  #through({ epoch, run, unwinds }: { readonly epoch: number; readonly run: string; readonly unwinds: boolean }): void {
    if (unwinds) this.#undone = Math.max(this.#undone, epoch);
    if (epoch > this.#finished.epoch) this.#finished = { epoch, run };
  }

  #trafficOf(hold: Hold): Partial<TrafficControl> {
    const later = <T>(isWrite: boolean, look: () => T) =>
      new Promise<T>((resolve, reject) => {
        const arrives = () => {
          try {
            resolve(look());
          } catch (error) {
            reject(error);
          }
        };
        const givenUp = () => reject(new OutcomeUnknown("lost", "no answer"));
        this.#pending.push({ isWrite, arrives, givenUp });
      });
    return {
      records: (_zone, name) =>
        later(false, () => {
          this.#looked.set(hold.epoch, this.#run.id);
          return known(this.#zone.sets(name));
        }),
      upsert: (wish) => {
        const during = this.#looked.get(hold.epoch);
        return later(true, () => this.#arrived(wish, { ...hold, during }));
      },
    };
  }

  #arrived(wish: RecordChange, { run, epoch, during }: Sending) {
    const isOvertaken = epoch < this.#epoch;
    const edited = this.#edited;
    try {
      this.#zone.apply(wish);
    } catch (error) {
      this.refused += 1;
      if (isOvertaken) this.stopped += 1;
      throw new TransientError("records-moved", String(error));
    }
    const isBehind = epoch < this.#finished.epoch;
    if (epoch < this.#wroteLast || epoch < this.#undone || (isBehind && during === run))
      this.late.push(`${epoch} of ${run} after ${this.#wroteLast} had written and ${this.#finished.epoch} was through`);
    else if (isBehind) this.unasked += 1;
    else if (isOvertaken) this.early += 1;
    this.#wroteLast = Math.max(this.#wroteLast, epoch);
    if (edited && JSON.stringify(this.#zone.sets(NAME)) !== JSON.stringify(edited)) {
      this.overwritten += 1;
      this.#edited = undefined;
    }
    return { changeId: "C1", requestIds: ["r"] };
  }

  #edit(): void {
    const [first, second] = this.#zone.sets(NAME);
    if (!first || !second || this.#edited) return;
    this.#edits += 1;
    this.#zone.apply({ zone: ZONE, records: [{ ...first, weight: this.#edits }], comment: "somebody else" });
    this.#edited = this.#zone.sets(NAME);
  }
}

const known = <T>(value: T) => ({ known: true as const, value, atMs: 0 });

async function untilAnswered(ask: () => Promise<unknown>): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      await ask();
      return true;
    } catch (error) {
      if (!(error instanceof TransientError || error instanceof OutcomeUnknown)) return false;
    }
  }
  return false;
}
