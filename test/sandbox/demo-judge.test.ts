import { describe, expect, test } from "@jest/globals";
import { duplicateEffects, firstGoodWriteMs, machineMsUntil, rpoSeconds } from "../../src/sandbox/story/judge.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";

const DARK_AT_MS = 1_000_000;

/** A log of the world; each entry one world second and 100 machine milliseconds after the one before. */
function logOf(...entries: readonly (readonly [kind: string, facts: LogEntry["facts"]])[]): LogEntry[] {
  return entries.map(([kind, facts], index) => ({
    seq: index + 1,
    worldMs: DARK_AT_MS + index * 1_000,
    machineMs: 5_000 + index * 100,
    kind,
    facts,
  }));
}

const promotion = (region: string, instance: string) =>
  ["aws.mutation", { operation: "PromoteReadReplica", region, input: { DBInstanceIdentifier: instance } }] as const;

describe("effects that happened twice", () => {
  test("the same accepted call with the same input in the same region is one", () => {
    const entries = logOf(promotion("eu-central-1", "replica"), promotion("eu-central-1", "replica"));
    expect(duplicateEffects(entries)).toHaveLength(1);
  });

  test("another region or another input is another effect", () => {
    const entries = logOf(
      promotion("eu-central-1", "replica"),
      promotion("eu-west-1", "replica"),
      promotion("eu-central-1", "other"),
    );
    expect(duplicateEffects(entries)).toEqual([]);
  });

  test("a third time counts again", () => {
    const once = promotion("eu-central-1", "replica");
    expect(duplicateEffects(logOf(once, once, once))).toHaveLength(2);
  });

  test("a refused or unanswered call is no effect", () => {
    const facts = { operation: "PromoteReadReplica", region: "eu-central-1", input: {} };
    expect(duplicateEffects(logOf(["aws.refused", facts], ["aws.unanswered", facts], ["aws.mutation", facts]))).toEqual(
      [],
    );
  });

  test("a message is known by its channel and key; one without a key may be said again", () => {
    const keyed = (channel: string) => ["slack.message-posted", { channel, key: "plan:1" }] as const;
    const plain = ["slack.message-posted", { channel: "C1", text: "hello" }] as const;
    expect(duplicateEffects(logOf(keyed("C1"), keyed("C2"), plain, plain))).toEqual([]);
    expect(duplicateEffects(logOf(keyed("C1"), keyed("C1")))).toHaveLength(1);
  });

  test.each([
    ["pagerduty.incident-created", { incidentKey: "dr:production:INC-1" }],
    ["pagerduty.responders-requested", { message: "page 1 of INC-1" }],
    ["slack.channel-created", { name: "inc-1-inventory" }],
  ])("%s twice for one name is one", (kind, facts) => {
    expect(duplicateEffects(logOf([kind, facts]))).toEqual([]);
    expect(duplicateEffects(logOf([kind, facts], [kind, facts]))).toHaveLength(1);
  });
});

describe("lost writes", () => {
  test("none lost is zero seconds, however late it is", () => {
    expect(rpoSeconds({ lostWrites: 0, oldestLostMs: null }, DARK_AT_MS)).toBe(0);
  });

  test("the span reaches from the oldest lost write to the darkness", () => {
    expect(rpoSeconds({ lostWrites: 3, oldestLostMs: DARK_AT_MS - 2_500 }, DARK_AT_MS)).toBe(2.5);
  });
});

describe("the end of the outage", () => {
  const write = (region: string) => ["app.write-acknowledged", { region, application: "inventory" }] as const;

  test("a write that the old side acknowledged at the last moment does not end it", () => {
    const entries = logOf(write("eu-west-1"), write("eu-west-1"), write("eu-central-1"));
    expect(firstGoodWriteMs(entries, "eu-central-1", DARK_AT_MS)).toBe(DARK_AT_MS + 2_000);
  });

  test("refused writes do not end it", () => {
    const entries = logOf(write("eu-west-1"), ["app.write-refused", { region: "eu-central-1" }]);
    expect(firstGoodWriteMs(entries, "eu-central-1", DARK_AT_MS)).toBeUndefined();
  });
});

describe("machine time between two entries", () => {
  const entries = logOf(
    ["pagerduty.event-accepted", { of: "yesterday" }],
    ["cloudwatch.alarm", {}],
    ["slack.invited", { channel: "C2" }],
    ["slack.invited", { channel: "C1" }],
  );
  const [, alarm] = entries;

  test("what came before does not count", () => {
    expect(alarm && machineMsUntil(entries, alarm, { kind: "pagerduty.event-accepted" })).toBeUndefined();
  });

  test("the first that fits is taken", () => {
    expect(alarm && machineMsUntil(entries, alarm, { kind: "slack.invited" })).toBe(100);
    expect(
      alarm &&
        machineMsUntil(entries, alarm, { kind: "slack.invited", fits: ({ facts }) => facts["channel"] === "C1" }),
    ).toBe(200);
  });
});
