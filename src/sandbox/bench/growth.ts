import { createStores, type Stores } from "../../app/stores.ts";
import { Bug } from "../../domain/errors.ts";
import type { Event } from "../../domain/event.ts";
import type { Incident } from "../../domain/incident/incident.ts";
import { eventsOf } from "../../store/events.ts";
import { readMemory } from "../../store/memory.ts";
import { WITHOUT_KEY } from "../../store/seal.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { resolveIn } from "./alert.ts";
import type { Bench, Growth, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { quantile } from "./samples.ts";
import { openAndTake, settled } from "./scale.ts";

/** A year of a hundred incidents a day, all over, as they stand in the store when nothing has been removed. */
const CLOSED = 36_500;
const QUICK_CLOSED = 2_000;
const ASKED = 5;
/** Written at once. */
const TOGETHER = 200;
const SOON_MS = 30_000;
/** Machine time between two health questions while people ask. */
const HEALTH_EVERY_MS = 20;
const KB = 1024;

/** What people wait for beside ten incidents that are over, and beside 36,500 of them. */
export const growth: Measurement = {
  name: "growth",
  speed: 1,
  injected: {},
  measure: (bench) => onStage(bench, { measurement: growth }, (stage) => play(bench, stage)),
};

interface Waits {
  readonly timelineMs: number;
  readonly boardMs: number;
  readonly resolveMs: number;
  readonly healthMs: number;
}

async function play(bench: Bench, stage: Stage): Promise<Measured> {
  const stores = createStores(stage.redis, Date.now, WITHOUT_KEY);
  const before = await waits(stage, stores);
  const model = await newestClosed(stage, stores);
  const closed = bench.isQuick ? QUICK_CLOSED : CLOSED;
  const used = async () => (await readMemory(stage.redis, undefined)).usedBytes;
  const emptyBytes = await used();
  await fill(stores, { model, count: closed }, bench);
  const kbEach = ((await used()) - emptyBytes) / closed / KB;
  const after = await waits(stage, stores);
  const figures: Growth = {
    closed,
    ...{ timelineMs: after.timelineMs, boardMs: after.boardMs, healthMs: after.healthMs, kbEach },
    resolveMs: [before.resolveMs, after.resolveMs],
  };
  const say = (each: Waits) =>
    `timeline ${Math.round(each.timelineMs)} ms, board ${Math.round(each.boardMs)} ms, resolved with its timeline ${Math.round(each.resolveMs)} ms, slowest health answer ${Math.round(each.healthMs)} ms`;
  return {
    figures: { growth: figures },
    notes: [
      `Beside none: ${say(before)}.`,
      `Beside ${closed} closed incidents of ${model.events.length} events each: ${say(after)}. The slowest of ${ASKED}.`,
      `One closed incident takes ${kbEach.toFixed(1)} KB of Redis.`,
    ],
  };
}

/** An incident's life with people asking meanwhile; the slowest of each. */
async function waits(stage: Stage, stores: Stores): Promise<Waits> {
  const incident = await openAndTake(stage, stores);
  await settled(stores, stage);
  const health = askHealth(stage);
  const timeline: number[] = [];
  const board: number[] = [];
  for (let asked = 0; asked < ASKED; asked += 1) {
    timeline.push(await answered(stage, `/dr timeline ${incident.id}`));
    board.push(await answered(stage, "/dr status"));
  }
  const channel = incident.channel?.id ?? "";
  const startMs = performance.now();
  await resolveIn(stage, channel);
  await stage.world.people.expectMessage(channel, ({ text }) => /timeline/i.test(text), SOON_MS);
  const resolveMs = performance.now() - startMs;
  return {
    ...{ timelineMs: quantile(timeline, 1), boardMs: quantile(board, 1), resolveMs },
    healthMs: quantile(await health.stop(), 1),
  };
}

/** Machine time until the asker has the answer, the look for it included. */
async function answered({ world, inventory }: Stage, words: string): Promise<number> {
  const [person] = inventory.people.filter(({ roles }) => roles.includes("responder"));
  if (!person) throw new Bug("nobody-responds", "The file names no responder");
  const account = accountOf(inventory, person.id);
  const before = new Set((await world.people.ephemerals(account)).map(({ ts }) => ts));
  const startMs = performance.now();
  await world.people.as(account).types(words, { in: inventory.file.alerts.channel });
  await world.people.expectEphemeral(account, ({ ts }) => !before.has(ts), SOON_MS);
  return performance.now() - startMs;
}

function askHealth({ bots }: Stage): { stop(): Promise<readonly number[]> } {
  const took: number[] = [];
  let isOver = false;
  const asking = (async () => {
    const origin = await bots[0]?.origin();
    while (!isOver) {
      for (const path of ["healthz", "readyz"]) {
        const startMs = performance.now();
        const answer = await fetch(`${origin}/${path}`);
        if (!answer.ok) throw new Bug("not-healthy", `/${path} answered ${answer.status}`);
        took.push(performance.now() - startMs);
      }
      await new Promise((resolve) => setTimeout(resolve, HEALTH_EVERY_MS));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await asking;
      return took;
    },
  };
}

interface Model {
  readonly incident: Incident;
  readonly events: readonly Event[];
}

async function newestClosed(stage: Stage, stores: Stores): Promise<Model> {
  const [id = ""] = (await stores.incidents.settledBefore(Number.MAX_SAFE_INTEGER, 1_000)).toReversed();
  const incident = (await stores.incidents.get(id))?.value;
  if (!incident) throw new Bug("incident-not-there", "No incident was closed");
  return { incident, events: await eventsOf(stage.redis, "incident", id) };
}

async function fill(
  stores: Stores,
  { model: { incident, events }, count }: { readonly model: Model; readonly count: number },
  bench: Bench,
): Promise<void> {
  for (let from = 0; from < count; from += TOGETHER) {
    const numbers = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, index) => from + index);
    await Promise.all(
      numbers.map((number) => {
        const id = `past${number}`;
        const own = events.map((event) => ({ ...event, incident: id }));
        return stores.incidents.change(id, () => ({ value: { ...incident, id }, events: own }));
      }),
    );
    if (from % 5_000 === 0) bench.say(`${from} of ${count} incidents are written`);
  }
}
