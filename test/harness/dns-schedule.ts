import { setImmediate as turn } from "node:timers/promises";
import type { z } from "zod";
import { OutcomeUnknown, TransientError } from "../../src/domain/errors.ts";
import { shiftTraffic } from "../../src/flows/resources/entrances/route53/shift-traffic.ts";
import { marksBeside } from "../../src/flows/steps/dns-mark.ts";
import { RecordsInput } from "../../src/flows/steps/schemas.ts";
import { batchOf, speltAs } from "../../src/integrations/aws/record-batch.ts";
import { comparableName, recordSetOf } from "../../src/integrations/aws/record-set.ts";
import type { RecordChange, RecordSet, TrafficControl } from "../../src/ports/traffic.ts";
import { applyChanges } from "../../src/simulators/aws/route53-changes.ts";
import { Change, type Zone } from "../../src/simulators/aws/route53-spec.ts";
import { Random } from "../../src/simulators/world/random.ts";
import { fakeCloud } from "./fakes.ts";

export const NAME = "shop.example.com";
const ZONE = "Z1";
/** What stands at the top of every zone. */
const APEX = [
  Change.shape.ResourceRecordSet.parse({
    ...{ Name: "example.com.", Type: "NS", TTL: 172_800, ResourceRecords: [{ Value: "ns-1.example.org." }] },
  }),
  Change.shape.ResourceRecordSet.parse({
    ...{ Name: "example.com.", Type: "SOA", TTL: 900 },
    ResourceRecords: [{ Value: "ns-1.example.org. hostmaster.example.org. 1 7200 900 1209600 86400" }],
  }),
];
const CHECKS = { hasHealthCheck: () => true, blocksOf: () => [], aliasTarget: () => "found" as const };
const MOST_TRIES = 6;
const MOST_TURNS = 400;

const sides = (first: number): RecordSet[] =>
  [first, 100 - first].map((weight, at) => ({
    ...{ name: NAME, type: "A", setIdentifier: `side-${at}`, weight, ttlSeconds: 60, values: [`192.0.2.${at}`] },
  }));

/** A call of an executor that Route 53 has not yet seen: the schedule says when it does. */
interface Pending {
  readonly epoch: number;
  readonly isWrite: boolean;
  readonly arrives: () => void;
  readonly givenUp: () => void;
}

export interface Played {
  /** Batches that an older hold wrote after a newer one had, or after that one had seen its undo through. */
  readonly late: readonly string[];
  /** Edits by somebody else that a batch wrote over. */
  readonly overwritten: number;
  /** Batches that Route 53 refused, and those that were sent by a hold that was not the newest any more. */
  readonly refused: number;
  readonly zombies: number;
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
  zombies = 0;
  readonly #random: Random;
  readonly #way: "sentinel" | "exact";
  readonly #zone: Zone = { id: ZONE, name: "example.com.", isPrivate: false, records: APEX, inSync: [] };
  #pending: Pending[] = [];
  #epoch = 0;
  #wroteLast = 0;
  #undone = 0;
  #isUnwinding = false;
  #edits = 100;
  #edited: readonly RecordSet[] | undefined;
  #run: { readonly id: string; readonly input: z.infer<typeof RecordsInput> };

  constructor(random: Random, way: "sentinel" | "exact") {
    this.#random = random;
    this.#way = way;
    this.#run = { id: "F-1", input: this.#inputFor([], sides(100)) };
    this.#apply({ zone: ZONE, records: sides(100), comment: "" });
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
    const records = this.#sets(NAME);
    const marks = await marksBeside(
      { records: async (_zone, name) => known(this.#sets(name)) },
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
    const cloud = fakeCloud({ traffic: this.#trafficOf(epoch) });
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
    if (unwinds && isDone) this.#undone = Math.max(this.#undone, epoch);
    // A run that stops here unwinds under the same hold, with what it sent perhaps still on its way.
    if (!unwinds && this.#random.next() < 0.3 && run === this.#run.id) {
      this.#isUnwinding = true;
      if (await untilAnswered(undo)) this.#undone = Math.max(this.#undone, epoch);
    }
  }

  #trafficOf(epoch: number): Partial<TrafficControl> {
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
        this.#pending.push({ epoch, isWrite, arrives, givenUp });
      });
    return {
      records: (_zone, name) => later(false, () => known(this.#sets(name))),
      upsert: (wish) => later(true, () => this.#arrived(wish, epoch)),
    };
  }

  #arrived(wish: RecordChange, epoch: number) {
    if (epoch < this.#epoch) this.zombies += 1;
    const edited = this.#edited;
    try {
      this.#apply(wish);
    } catch (error) {
      this.refused += 1;
      throw new TransientError("records-moved", String(error));
    }
    if (epoch < this.#wroteLast || epoch < this.#undone)
      this.late.push(`${epoch} after ${this.#wroteLast} had written and ${this.#undone} had undone`);
    this.#wroteLast = Math.max(this.#wroteLast, epoch);
    if (edited && JSON.stringify(this.#sets(NAME)) !== JSON.stringify(edited)) {
      this.overwritten += 1;
      this.#edited = undefined;
    }
    return { changeId: "C1", requestIds: ["r"] };
  }

  #edit(): void {
    const [first, second] = this.#sets(NAME);
    if (!first || !second || this.#edited) return;
    this.#edits += 1;
    this.#apply({ zone: ZONE, records: [{ ...first, weight: this.#edits }], comment: "somebody else" });
    this.#edited = this.#sets(NAME);
  }

  #apply(wish: RecordChange): void {
    const spelt = (wish.exchange?.from ?? []).map((set) => {
      const found = speltAs(set, this.#listed(set.name));
      if (!found) throw new Error("moved");
      return found;
    });
    const changes = batchOf(wish, spelt).map((change) => Change.parse(change));
    this.#zone.records = applyChanges(this.#zone, changes, CHECKS);
  }

  #listed(name: string) {
    // None of these sets is routed by latency.
    const named = this.#zone.records.filter((set) => comparableName(set.Name) === name);
    return named.map(({ Region: _none, ...set }) => set);
  }

  #sets(name: string): RecordSet[] {
    const sets = this.#listed(name).map((set) => recordSetOf(set));
    return sets.toSorted((one, other) => ((one.setIdentifier ?? "") < (other.setIdentifier ?? "") ? -1 : 1));
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
