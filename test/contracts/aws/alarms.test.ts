import { afterEach, expect, test } from "@jest/globals";
import { triggerLines } from "../../../src/views/alarm-trigger.ts";
import {
  type AlarmWorld,
  alarmCalled,
  OTHER_REGION,
  REGION,
  startAlarmWorld,
  TOPIC,
} from "../../harness/alarm-world.ts";
import { START_MS } from "../../harness/fakes/index.ts";
import { factOf } from "./inventory-world.ts";

let place: AlarmWorld | undefined;
afterEach(async () => {
  await place?.stop();
});

test("every alarm that is in ALARM is read, over all pages, and no other", async () => {
  const names = Array.from({ length: 230 }, (_, at) => `lag-${String(at).padStart(3, "0")}`);
  place = await startAlarmWorld([...names, "quiet"].map((name) => alarmCalled(name)));
  for (const name of names) await place.alarm(name, "ALARM");

  const ringing = factOf(await place.aws.alarms.ringing(REGION));

  expect(ringing.map(({ name }) => name).toSorted()).toEqual(names);
  expect(await place.reads()).toBe(3);
});

test("an alarm is read with what rules match, what it tells and since when", async () => {
  place = await startAlarmWorld([alarmCalled("lag", { description: "Orders are behind." })]);
  place.world.clock.jump(60_000);
  await place.alarm("lag", "ALARM");
  place.world.clock.jump(60_000);

  const [alarm] = factOf(await place.aws.alarms.ringing(REGION));

  expect(alarm).toMatchObject({
    ...{ fingerprint: `arn:aws:cloudwatch:${REGION}:111122223333:alarm:lag`, name: "lag", region: REGION },
    ...{ account: "111122223333", description: "Orders are behind.", reason: "Set by the simulated world" },
    ...{ namespace: "AWS/RDS", metric: "ReplicaLag", dimensions: { DBInstanceIdentifier: "a-db" } },
    ...{ state: "alarm", tells: [TOPIC] },
  });
  expect(Math.round((alarm?.changedAtMs ?? 0) - START_MS)).toBe(60_000);
  expect(alarm?.trigger && triggerLines(alarm.trigger)).toEqual([
    "Watches ReplicaLag of a-db (AWS/RDS, average) ≥ 240, 3 of 3 times in 1 min each",
  ]);
});

test("metric maths, anomaly bands and composite alarms are read too, and those that tell nobody say so", async () => {
  place = await startAlarmWorld([
    alarmCalled("maths", { maths: { expression: "m1*2", label: "twice" } }),
    alarmCalled("band", { anomalyBand: 2 }),
    { ...{ kind: "composite", name: "down", region: REGION, alarmActions: [TOPIC] }, rule: 'ALARM("maths")' },
    alarmCalled("muted", { actionsEnabled: false }),
  ]);
  for (const name of ["maths", "band", "down", "muted"]) await place.alarm(name, "ALARM");

  const found = new Map(factOf(await place.aws.alarms.ringing(REGION)).map((alarm) => [alarm.name, alarm]));

  const words = (name: string) => triggerLines(found.get(name)?.trigger ?? { metrics: [], expressions: [] });
  expect(words("maths")).toEqual([expect.stringContaining("Watches twice ≥ 240"), "e1 = m1*2", expect.any(String)]);
  expect(words("band")[0]).toContain("outside its expected band");
  expect(found.get("maths")).toMatchObject({ metric: "ReplicaLag", namespace: "AWS/RDS" });
  expect(found.get("down")).toMatchObject({ description: "", madeOf: 'ALARM("maths")', metric: "", tells: [TOPIC] });
  expect(found.get("muted")?.tells).toEqual([]);
});

test("by their names alarms are read in whatever state, and one that was deleted is not among them", async () => {
  place = await startAlarmWorld([alarmCalled("one"), alarmCalled("two")]);
  await place.alarm("two", "ALARM");
  const named = factOf(await place.aws.alarms.named(REGION, ["one", "two", "never-was"]));
  expect(named.map(({ name, state }) => [name, state])).toEqual([
    ["one", "ok"],
    ["two", "alarm"],
  ]);
});

test("of a region without an answer nothing is known, and of another one everything", async () => {
  place = await startAlarmWorld([alarmCalled("lag")]);
  place.world.regions.set(REGION, "dark");
  expect(await place.aws.alarms.ringing(REGION)).toMatchObject({ known: false, cause: "unreachable" });
  expect(factOf(await place.aws.alarms.ringing(OTHER_REGION))).toEqual([]);
});
