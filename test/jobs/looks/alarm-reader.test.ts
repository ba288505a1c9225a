import { afterEach, describe, expect, test } from "@jest/globals";
import type { AlarmReads } from "../../../src/domain/incident/alarm-reads.ts";
import { signalFrom } from "../../../src/doors/webhooks/cloudwatch-alarm.ts";
import { type AlarmReaderDeps, startAlarmReader } from "../../../src/jobs/looks/alarm-reader.ts";
import { alarmNotification } from "../../../src/simulators/aws/alarm-notification.ts";
import { MetricAlarmSpec } from "../../../src/simulators/aws/specs.ts";
import { unreadNotes } from "../../../src/views/alarm-reads.ts";
import { cardText } from "../../../src/views/card-text.ts";
import { type Bridge, bridge, pass, until } from "../../flows/incident/bridge.ts";
import { inventory } from "../../flows/incident/file.ts";
import {
  type AlarmSpec,
  type AlarmWorld,
  alarmCalled,
  REGION,
  startAlarmWorld,
  TOPIC,
} from "../../harness/alarm-world.ts";
import { MINUTE, memoryDocuments, memoryLogger, silent } from "../../harness/fakes/index.ts";
import { quoted } from "../../harness/quoted.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const WORLD = inventory((file) => ({ ...file, alerts: { ...file.alerts, topics: [TOPIC] } }));

interface Place {
  readonly world: AlarmWorld;
  readonly desk: Bridge;
  readonly reads: AlarmReaderDeps["reads"];
  readonly announced: string[];
  /** Both clocks. */
  passes(ms: number): void;
  /** A process of TwoKey begins to read. */
  starts(more?: Partial<AlarmReaderDeps>): { stop(): void };
  /** Resolves when the world was asked so often. */
  asked(times: number): Promise<void>;
}

async function open(alarms: readonly AlarmSpec[]): Promise<Place> {
  const world = await startAlarmWorld(alarms);
  ends.push(() => world.stop());
  const desk = bridge(WORLD);
  const announced: string[] = [];
  const reads = memoryDocuments<AlarmReads>();
  const nowMs = () => desk.clock.now();
  return {
    ...{ world, desk, announced, reads },
    passes: (ms) => {
      world.world.clock.jump(ms);
      desk.clock.move(ms);
    },
    starts: (more = {}) => {
      const reader = startAlarmReader({
        ...{ reads, alerts: desk.alerts, alarms: world.aws.alarms, logger: silent, nowMs, turnEveryMs: 5 },
        announce: async (says) => void announced.push(says),
        policy: () => WORLD.file.alerts,
        enqueue: async (signal) => void (await desk.intake.take(signal)),
        ...more,
      });
      ends.push(() => reader.stop());
      return reader;
    },
    asked: (times) => until(async () => (await world.reads()) >= times),
  };
}

const read = async ({ reads }: Place) => (await reads.get("all"))?.value.regions[REGION];
/** The reader has read the region for the first time, and the installation begins. */
async function installed(place: Place, more: Partial<AlarmReaderDeps> = {}): Promise<void> {
  place.starts(more);
  await until(async () => (await read(place))?.readAtMs !== undefined);
  place.passes(MINUTE);
}

describe("The states of alarms are read again", () => {
  test("guard read again: an alarm whose message was lost opens its incident within five minutes, and pages once", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    place.passes(5 * MINUTE);
    await until(() => place.desk.incidents.all().length === 1);
    const [incident] = place.desk.incidents.all();
    await pass(place.desk, incident?.id ?? "", 1);
    place.passes(5 * MINUTE);
    await place.asked(3);
    await pass(place.desk, incident?.id ?? "", 1);

    expect(place.desk.incidents.all()).toHaveLength(1);
    expect([...place.desk.paging.incidents.keys()]).toEqual([`dr:test:${incident?.id}:1`]);
    expect(place.desk.alerts.all()[0]).toMatchObject({ state: "alarm", signals: 1 });
  });

  test("guard one transition: a message that comes after all, or twice, is the same alert", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    place.passes(5 * MINUTE);
    await until(() => place.desk.alerts.all().length === 1);
    const { value } = (await place.desk.alerts.get(`arn:aws:cloudwatch:${REGION}:111122223333:alarm:a-lag`)) ?? {};
    const changedMs = value?.changedAtMs ?? 0;
    const spec = MetricAlarmSpec.parse(alarmCalled("a-lag"));
    const alarm = { spec, configuredMs: 0, changedMs, state: "ALARM", reason: "late" } as const;
    for (const messageId of ["m-1", "m-2"]) {
      const arrival = { messageId, publishedAtMs: changedMs, receivedAtMs: place.desk.clock.now(), late: false };
      const signal = signalFrom(alarmNotification(alarm, "OK", []).message, arrival);
      if (signal) expect((await place.desk.intake.take(signal)).replay).toBe(true);
    }
    expect(place.desk.alerts.all()[0]).toMatchObject({ signals: 1, alarms: 1 });
  });

  test("an alarm whose message came late, and opened nothing, opens its incident when it is read", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    const changedMs = place.world.world.clock.now();
    const spec = MetricAlarmSpec.parse(alarmCalled("a-lag"));
    const alarm = { spec, configuredMs: 0, changedMs, state: "ALARM", reason: "late" } as const;
    const arrival = { messageId: "m-1", publishedAtMs: changedMs, receivedAtMs: place.desk.clock.now(), late: true };
    const signal = signalFrom(alarmNotification(alarm, "OK", []).message, arrival);
    if (signal) await place.desk.intake.take(signal);
    expect(place.desk.incidents.all()).toEqual([]);
    place.passes(5 * MINUTE);
    await until(() => place.desk.incidents.all().length === 1);
  });

  test("guard older than we: what rang before the installation is only shown", async () => {
    const place = await open([alarmCalled("a-lag"), alarmCalled("a-errors"), alarmCalled("b-lag")]);
    for (const name of ["a-lag", "b-lag"]) await place.world.alarm(name, "ALARM", { isLost: true });
    place.passes(MINUTE);
    place.starts();
    await until(() => place.desk.alerts.all().length === 2);
    await until(() => place.desk.cards.all().length === 2);
    expect(place.desk.cards.all().map(({ kind }) => kind)).toEqual(["alert", "alert"]);
    expect(place.desk.incidents.all()).toEqual([]);

    // After the start it is news.
    await place.world.alarm("a-errors", "ALARM", { isLost: true });
    place.passes(5 * MINUTE);
    await until(() => place.desk.incidents.all().length === 1);
    expect(place.desk.incidents.all()[0]?.services).toEqual(["a"]);
  });

  test("an answer that is old when it comes is no silence: they are read again, and nobody is told", async () => {
    const place = await open([alarmCalled("a-lag")]);
    const { alarms } = place.world.aws;
    let isFirst = true;
    place.starts({
      alarms: {
        named: (...asked) => alarms.named(...asked),
        async ringing(...asked) {
          const answer = await alarms.ringing(...asked);
          if (isFirst) place.passes(85 * MINUTE);
          isFirst = false;
          return answer;
        },
      },
    });
    await until(async () => ((await read(place))?.readAtMs ?? 0) >= place.desk.clock.now());

    expect(place.announced).toEqual([]);
  });

  test("what rang while the process was away is news to the next one: the installation began with the first", async () => {
    const place = await open([alarmCalled("a-lag")]);
    const first = place.starts();
    await until(async () => (await read(place))?.readAtMs !== undefined);
    first.stop();
    place.passes(MINUTE);
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    place.passes(MINUTE);
    place.starts();

    await until(() => place.desk.incidents.all().length === 1);
  });

  test("at the start, and when the store was away and is back, they are read at once", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    const asked = await place.world.reads();
    let isAway = true;
    const reads: AlarmReaderDeps["reads"] = {
      ...place.reads,
      get: (id) => (isAway ? Promise.reject(new Error("no Redis")) : place.reads.get(id)),
    };
    place.starts({ reads });
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    expect(await place.world.reads()).toBe(asked);
    isAway = false;
    await until(() => place.desk.incidents.all().length === 1);
  });

  test("an OK whose message was lost moves the card", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    await place.world.alarm("a-lag", "ALARM", { isLost: true });
    place.passes(5 * MINUTE);
    await until(() => place.desk.alerts.all()[0]?.state === "alarm");
    await place.world.alarm("a-lag", "OK", { isLost: true });
    place.passes(5 * MINUTE);
    await until(() => place.desk.alerts.all()[0]?.state === "ok");
  });

  test("guard ours alone: alarms that tell somebody else, are switched off or have no rule are left alone", async () => {
    const place = await open([
      alarmCalled("a-elsewhere", { alarmActions: [`${TOPIC}-of-others`] }),
      alarmCalled("a-muted", { actionsEnabled: false }),
      alarmCalled("unruled"),
      alarmCalled("a-lag"),
    ]);
    await installed(place);
    for (const name of ["a-elsewhere", "a-muted", "unruled", "a-lag"])
      await place.world.alarm(name, "ALARM", { isLost: true }).catch(() => undefined);
    place.passes(5 * MINUTE);
    await until(() => place.desk.alerts.all().length > 0);
    place.passes(5 * MINUTE);
    await place.asked(3);
    expect(place.desk.alerts.all().map(({ name }) => name)).toEqual(["a-lag"]);
  });

  test("two processes read once", async () => {
    const place = await open([alarmCalled("a-lag")]);
    await installed(place);
    place.starts();
    await until(async () => (await place.world.reads()) === 2);
    place.passes(5 * MINUTE);
    await place.asked(3);
    await until(async () => (await read(place))?.readAtMs === place.desk.clock.now());
    expect(await place.world.reads()).toBe(3);
  });

  test("guard dark alarms: while their region gives no answer they are unknown, people are told once, and then that they are known again", async () => {
    const place = await open([alarmCalled("a-lag")]);
    const { logger, lines } = memoryLogger();
    await installed(place, { logger });
    expect(lines).toEqual([]);
    place.world.world.regions.set(REGION, "refusing");
    place.passes(5 * MINUTE);
    await until(async () => (await read(place))?.unread === "unreachable");
    const board = () => place.reads.get("all").then((stored) => unreadNotes(stored?.value, place.desk.clock.now()));
    expect(cardText({ text: "", parts: await board() })).toContain(
      `Alarms of ${REGION}: unknown, last read at 03:00:00Z. AWS gives no answer.`,
    );
    expect(place.announced).toEqual([]);
    place.passes(5 * MINUTE);
    await until(() => place.announced.length === 1);
    place.passes(MINUTE);
    await place.asked(2);
    place.world.world.regions.set(REGION, "up");
    place.passes(MINUTE);
    await until(() => place.announced.length === 2);
    expect(await board()).toEqual([]);
    expect(place.announced).toEqual([
      expect.stringMatching(
        quoted(
          "The states of the alarms in … cannot be read…: …. An alarm whose message was lost is not known meanwhile. TwoKey tries again.",
        ),
      ),
      "The states of the alarms in us-east-1 can be read again.",
    ]);
    // What the SDK says stands in the log alone.
    const facts = { region: REGION, why: expect.stringMatching(/./) };
    expect(lines).toContainEqual({ level: "warn", sentence: "The states of the alarms could not be read", facts });
    expect(place.announced.join(" ")).not.toMatch(/ECONN|SDK|socket|127\.0\.0\.1/);
  });
});
