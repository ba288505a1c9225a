import { expect, test } from "@jest/globals";
import { advanceDuties } from "../../../../src/engine/delivery/duties.ts";
import { dueChange } from "../../../../src/flows/incident/index.ts";
import { resolveIncident, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { MINUTE, START_MS, type Weather } from "../../../harness/fakes/index.ts";
import { RUNS, SEED, WALKED } from "../../../harness/tables.ts";
import { bridge } from "../bridge.ts";
import { signal } from "../file.ts";

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Drawn one after the other: more of them go on where fewer end. */
const NIGHTS = 12 * Math.min(RUNS, 10);

const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };

/** One night: two workers, bad weather, workers that die between intent and outcome, an answer and an end at any time. */
async function night(random: () => number) {
  const desk = bridge();
  const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
  const weather = (): Weather => {
    const roll = random();
    return roll < 0.7 ? "fine" : roll < 0.8 ? "answer-lost" : roll < 0.9 ? "request-lost" : "busy";
  };
  desk.paging.weather = weather;
  desk.chat.weather = weather;
  const ackAt = random() < 0.5 ? START_MS + Math.floor(random() * 30) * MINUTE : Number.POSITIVE_INFINITY;
  const endAt = START_MS + (10 + Math.floor(random() * 35)) * MINUTE;
  const die = async () => {
    // The process ends after its intent was written: nobody ever writes the outcome.
    const dead = { ...desk.worker("dead"), clock: { ...desk.clock, sleep: () => new Promise<never>(() => undefined) } };
    await new Promise<void>((resolve) => {
      const perform = () => {
        resolve();
        return new Promise<never>(() => undefined);
      };
      const rows = dead.rows.map((row) => ({ ...row, perform }));
      void advanceDuties(id, random() < 0.7 ? "pages" : "chat", { ...dead, rows }).then(() => resolve());
    });
  };
  let acked = false;
  let ended = false;
  const act = async () => {
    const nowMs = desk.clock.now();
    if (!acked && nowMs >= ackAt && !ended) {
      acked = true;
      await desk.incidents.change(id, (now) => {
        const changed = now && acknowledge(now, { by: "ana", name: "Ana", door: "slack" }, nowMs);
        return changed && dueChange(changed, nowMs);
      });
    }
    if (!ended && nowMs >= endAt) {
      ended = true;
      await desk.incidents.change(id, (now) => {
        const changed = now && resolveIncident(now, { fields, by: "Ana" }, { actor: TWOKEY, nowMs });
        return changed && dueChange(changed, nowMs);
      });
    }
  };
  while (desk.clock.now() < endAt + 10 * MINUTE) {
    if (random() < 0.05) await die();
    await Promise.all([
      act(),
      desk.pages(id, "one"),
      desk.pages(id, "two"),
      desk.chats(id, "one"),
      desk.chats(id, "two"),
    ]);
    desk.clock.move(Math.floor(random() * 20_000));
  }
  desk.paging.weather = () => "fine";
  desk.chat.weather = () => "fine";
  for (let i = 0; i < 20; i += 1) {
    await Promise.all([desk.pages(id), desk.chats(id)]);
    desk.clock.move(MINUTE);
  }
  // Both happened at the first look after their time.
  const { acks, closedAtMs = Number.POSITIVE_INFINITY } = await desk.incident(id);
  return { desk, id, ackAt: acks[0]?.atMs ?? Number.POSITIVE_INFINITY, endAt: closedAtMs };
}

test(`whatever is lost or dies: no page after the end or the answer, no level lost, no accepted page doubled (${WALKED})`, async () => {
  const random = randomFrom(SEED);
  for (let round = 0; round < NIGHTS; round += 1) {
    const told = `seed ${SEED}, night ${round}`;
    const { desk, id, ackAt, endAt } = await night(random);
    const { triggers, responders, resolved, incidents } = desk.paging;
    // Time stands still during an advance, so what began at the very moment of the end was not after it.
    const afterEnd = [...triggers, ...responders].filter(({ atMs }) => atMs > endAt);
    const afterAck = responders.filter(({ atMs }) => atMs > ackAt);
    expect({ told, afterEnd, afterAck }).toEqual({ told, afterEnd: [], afterAck: [] });
    const keys = responders.map(({ request }) => request.pageKey);
    expect({ told, doubled: keys.length - new Set(keys).size }).toEqual({ told, doubled: 0 });
    const posted = desk.chat.messages.map(({ channel, key }) => `${channel} ${key}`);
    expect({ told, doubled: posted.filter((key, i) => posted.indexOf(key) !== i) }).toEqual({ told, doubled: [] });
    // Ten minutes are enough for a level to get through this weather.
    const stopMs = Math.min(ackAt, endAt);
    const levels = [0, 5, 10].filter((minute) => START_MS + (minute + 5) * MINUTE < stopMs);
    const paged = levels.filter((_minute, rung) => keys.some((key) => key.includes(`:1.${rung}:`)));
    expect({ told, paged }).toEqual({ told, paged: levels });
    expect({ told, open: [...incidents.values()].filter(({ status }) => status !== "resolved") }).toEqual({
      told,
      open: [],
    });
    expect({ told, isResolved: resolved.length > 0 || triggers.length === 0 }).toEqual({ told, isResolved: true });
    expect({ told, stillDue: await desk.incidents.due(desk.clock.now() + 60 * MINUTE, 10), id }).toEqual({
      told,
      stillDue: [],
      id,
    });
  }
});
