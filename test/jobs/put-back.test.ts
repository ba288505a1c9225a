import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { isOpen } from "../../src/domain/incident/incident.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { dueChange } from "../../src/flows/incident/index.ts";
import { CORRELATION_ID } from "../../src/flows/incident/intake/correlate.ts";
import { createIntake } from "../../src/flows/incident/intake/intake.ts";
import { resolveIncident, TWOKEY } from "../../src/flows/incident/life/changes.ts";
import { createPutBack } from "../../src/jobs/put-back.ts";
import { KEYS } from "../../src/store/keys.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { createUnlisted } from "../../src/store/unlisted.ts";
import { inventory as file, signal } from "../flows/incident/file.ts";
import { example } from "../harness/example.ts";
import { memoryLogger, testClock } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { planFor } from "../harness/plans.ts";
import { quoted } from "../harness/quoted.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const FIELDS = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };

let bench: StoreBench;
let redis: ScriptedRedis;
let stores: Stores;
let told: string[];
let clock: ReturnType<typeof testClock>;
let incident: string;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  clock = testClock();
  stores = createStores(redis, () => clock.now(), JOURNAL);
  told = [];
  incident = await filled();
});
afterEach(() => bench.close());

const nothing = async () => undefined;
const intake = () =>
  createIntake({
    ...{ ...stores, clock, inventory: () => file() },
    wake: { incidentPages: nothing, incidentChat: nothing, card: nothing },
  });

/** One open incident with its alert and its card, one that is over, a plan that waits for keys, a call that is open at the pager. */
async function filled(): Promise<string> {
  const over = (await intake().take(signal("a-lag"))).incident ?? "";
  await stores.incidents.change(over, (current) => {
    const changed =
      current && resolveIncident(current, { fields: FIELDS, by: "Ana" }, { actor: TWOKEY, nowMs: clock.now() });
    return changed && dueChange(changed, clock.now());
  });
  await stores.correlation.change(
    CORRELATION_ID,
    (current) => current && { value: { ...current, open: [] }, events: [] },
  );
  clock.move(3_600_000);
  const plan = planFor(inventory, { id: "F-1" });
  await stores.runs.create(plan, planDigest(plan), []);
  const calls = { reason: "r", round: 0, told: [], failures: 0, outcome: "accepted", open: ["dr:production:F-1"] };
  await stores.calls.change("F-1", () => ({ value: calls, events: [] }));
  const opened = (await intake().take(signal("a-5xx", { changedAtMs: clock.now() }))).incident;
  if (opened === undefined) throw new Error("no incident was opened");
  return opened;
}

/** Nothing is in the way of anything here. */
const NEVER = {
  failed: async (_: unknown, error: unknown) => {
    throw error;
  },
  succeeded: () => undefined,
};

/** All that is stored is passed this often. */
async function passes(times: number, read: Stores = stores): Promise<void> {
  const unlisted = createUnlisted(redis);
  let whole = 0;
  const next = async () => {
    const part = await unlisted.next();
    if (part.isWhole) whole += 1;
    return part;
  };
  const putBack = createPutBack({
    ...{ unlisted: { ...unlisted, next }, stores: read, clock, logger: memoryLogger().logger, inVain: NEVER },
    announce: async (says) => void told.push(says),
  });
  while (whole < times) await putBack.look();
}

/** What every list has, in an order of its own. */
async function lists(): Promise<Readonly<Record<string, readonly string[]>>> {
  const names = (await redis.keys("*")).filter((key) => /:(?:open|due|labelled|settled)$/.test(key)).toSorted();
  const members = names.map(async (key) => {
    const isSet = (await redis.type(key)) === "set";
    return [
      key,
      (isSet ? await redis.smembers(key) : await redis.zrangebyscore(key, "-inf", "+inf")).toSorted(),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(members));
}

test("where nothing is lost nothing is listed again, and nobody is told of anything", async () => {
  const before = await lists();
  const journal = await redis.get(KEYS.position);

  await passes(2);
  clock.move(24 * 3_600_000);
  await passes(2);

  expect(await lists()).toEqual(before);
  expect(await redis.get(KEYS.position)).toBe(journal);
  expect(told).toEqual([]);
});

test.each([
  ["what is open among incidents", KEYS.openDocuments("incident")],
  ["when incidents are due", KEYS.dueDocuments("incident")],
  ["by what incidents are found", KEYS.labelledDocuments("incident")],
  ["which alerts are open", KEYS.openDocuments("alert")],
  ["by what alerts are found", KEYS.labelledDocuments("alert")],
  ["which cards are owed", KEYS.openDocuments("card")],
  ["when cards are due", KEYS.dueDocuments("card")],
  ["which runs are open", KEYS.openRuns],
  ["what is open at the pager", KEYS.openDocuments("run-calls")],
  ["which incidents are over", KEYS.settledDocuments("incident")],
])("guard lost list: a list of %s that is lost is whole again, and people are told once", async (_what, key) => {
  const before = await lists();
  expect(before[key]?.length).toBeGreaterThan(0);
  await redis.del(key);

  await passes(2);

  expect(await lists()).toEqual(before);
  expect(told).toEqual([
    expect.stringMatching(
      quoted(
        "Lists in Redis did not name what is open: …. Nobody looked at it meanwhile. TwoKey has listed it again, and looks for more. Somebody else can write to Redis, or a part of it was lost.",
      ),
    ),
  ]);
});

test("an incident of which every list is lost is looked at by the next sweep, and the board has it", async () => {
  for (const key of Object.keys(await lists())) await redis.del(key);
  expect([await stores.incidents.due(clock.now(), 9), await stores.incidents.openIds("service:a")]).toEqual([[], []]);

  await passes(1);

  expect(await stores.incidents.due(clock.now(), 9)).toContain(incident);
  expect(await stores.incidents.openIds("service:a")).toEqual([incident]);
  expect(await stores.runs.openIds()).toEqual(["F-1"]);
});

test("guard lost row: an index of open incidents that began again has their rows again, so that the next alarm joins", async () => {
  await redis.del(KEYS.document("correlation", CORRELATION_ID));

  await passes(1);

  clock.move(60_000);
  const joined = await intake().take(signal("a-lag", { changedAtMs: clock.now() }));
  expect(joined.incident).toBe(incident);
  const open = await Promise.all((await stores.incidents.openIds()).map((id) => stores.incidents.get(id)));
  expect(open.filter((stored) => stored && isOpen(stored.value))).toHaveLength(1);
  expect(told).toHaveLength(1);
});

test("what is found by a label that it shares with a storm is asked for alone: no look reads all that the label finds", async () => {
  const before = await lists();
  await redis.zremrangebyrank(KEYS.labelledDocuments("alert"), 0, -1);
  const openIds = async () => Promise.reject(new Error("all that a label finds was read"));

  await passes(1, {
    ...stores,
    alerts: { ...stores.alerts, openIds },
    incidents: { ...stores.incidents, openIds },
  });

  expect(await lists()).toEqual(before);
});

test("what was put aside stays out of the lists, and so does what has ended meanwhile", async () => {
  await redis.hset(KEYS.document("incident", incident), { schema: 99 });
  await stores.incidents.get(incident).catch(nothing);
  expect(await stores.incidents.openIds()).toEqual([]);

  await passes(2);

  expect(await stores.incidents.openIds()).toEqual([]);
  expect(told).toEqual([]);
});
