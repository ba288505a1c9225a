import { describe, expect, test } from "@jest/globals";
import { readBenchArguments } from "../../src/sandbox/bench/arguments.ts";
import { leastPlannedMs, leastTimeMs } from "../../src/sandbox/bench/least-time.ts";
import { jsonOf, linesOf, tableOf } from "../../src/sandbox/bench/report.ts";
import { quantile, spreadOf } from "../../src/sandbox/bench/samples.ts";

describe("quantiles", () => {
  test("the 99th of a hundred is the last but one, whatever the order", () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(samples, 0.99)).toBe(99);
    expect(quantile(samples, 1)).toBe(100);
    expect(quantile(samples, 0.5)).toBe(50);
  });

  test("of a few samples the 99th is the largest: nothing is interpolated into being better", () => {
    expect(quantile([3, 900, 1], 0.99)).toBe(900);
  });

  test("a median comes with how many there were and how far they lay apart", () => {
    expect(spreadOf([5, 1, 9])).toEqual({ samples: 3, least: 1, median: 5, most: 9 });
  });

  test("nothing measured is an error, not a zero", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe("arguments", () => {
  const names = ["storm", "idle"];

  test("a wrong call is told in one sentence", () => {
    expect(readBenchArguments(["--only", "speed"], names)).toEqual({
      kind: "wrong",
      why: "--only cannot be speed. It is one of storm, idle.",
    });
    for (const args of [["--seed", "x"], ["--seed", "-1"], ["--seed", ""], ["--fast"], ["storm"]]) {
      expect(readBenchArguments(args, names).kind).toBe("wrong");
    }
  });

  test("everything is measured with seed 1 unless said otherwise", () => {
    expect(readBenchArguments([], names)).toEqual({
      kind: "run",
      wanted: { only: undefined, config: undefined, isQuick: false, isJson: false, seed: 1 },
    });
    expect(readBenchArguments(["--only", "idle", "--quick", "--json", "--seed", "7"], names)).toMatchObject({
      wanted: { only: "idle", isQuick: true, isJson: true, seed: 7 },
    });
  });
});

describe("the report", () => {
  test("a bar is met up to its value and missed above it", () => {
    const isMet = (webhookP99Ms: number) => linesOf({ webhookP99Ms })[0]?.isMet;
    expect([isMet(25), isMet(25.1)]).toEqual([true, false]);
    const speedup = { min: 1.2, max: 1.3, minOfLimit: 0.96, medianOfLimit: 0.984 };
    const areFaster = (median: number) =>
      linesOf({ speedupVsSequential: { ...speedup, median } }).map((line) => line.isMet);
    expect(areFaster(1.25)).toEqual([true, false, true]);
    expect(areFaster(1.24)).toEqual([false, false, true]);
  });

  test("a storm with a second trigger, a lost alert or a refused call is no success", () => {
    const good = { alerts: 9, incidents: 1, channels: 1, triggers: 1, lost: 0, refused: 0, limited: 0, ackP99Ms: 9 };
    const met = (storm: typeof good) => linesOf({ storm }).map(({ isMet }) => isMet);
    expect(met(good)).toEqual([true, true, true]);
    expect(met({ ...good, triggers: 2 })).toEqual([false, true, true]);
    expect(met({ ...good, incidents: 0 })).toEqual([false, true, true]);
    expect(met({ ...good, lost: 1 })).toEqual([true, false, true]);
    expect(met({ ...good, limited: 1 })).toEqual([true, false, true]);
    expect(met({ ...good, refused: 1 })).toEqual([true, false, true]);
  });

  test("beside a thousand open incidents the worse of time and commands counts, and memory by itself", () => {
    const scale = { few: 10, many: 1_000, standingCpuMs: 1, standingCommands: 9 };
    const met = (cpuMs: [number, number], commands: [number, number], rssMb: [number, number]) =>
      linesOf({ scale: { ...scale, cpuMs, commands, rssMb } }).map(({ isMet }) => isMet);
    expect(met([100, 120], [50, 60], [100, 120])).toEqual([true, true]);
    expect(met([100, 90], [50, 61], [100, 100])).toEqual([false, true]);
    expect(met([100, 121], [50, 50], [100, 121])).toEqual([false, false]);
  });

  test("what was not measured has no line, and what was has its circumstances beside it", () => {
    const measurement = { name: "idle", speed: 1, injected: { slackMs: 300 } };
    const finished = [{ measurement, measured: { figures: { idleRssMb: 120 }, notes: ["After a nap."] } }];
    const table = tableOf(finished, { seed: 3, isQuick: true, load: [0.5, 7.25], noise: [90, 140] });
    expect(table.match(/ met$/gm)).toHaveLength(1);
    for (const part of [
      "120 MB",
      "speed 1",
      "Slack 300 ms",
      "After a nap.",
      "Seed 3",
      "Quick",
      "0.5 before and 7.3 after",
      "took 90 ms before and 140 ms after",
    ]) {
      expect(table).toContain(part);
    }
    expect(JSON.parse(jsonOf(finished, { seed: 3, isQuick: true, load: [0.5, 7.25], noise: [90, 140] }))).toEqual({
      idleRssMb: 120,
      speed: { idle: 1 },
      injected: { idle: { slackMs: 300 } },
      seed: 3,
      quick: true,
      loadAverage: [0.5, 7.25],
      noise: { beforeMs: 90, afterMs: 140 },
    });
  });
});

describe("the least time of a failover", () => {
  const region = "eu-central-1";
  const change = (id: string) => ({ change: id });
  type Event = readonly [worldMs: number, kind: string, facts: Record<string, unknown>];
  const logOf = (events: readonly Event[]) =>
    events.map(([worldMs, kind, facts], index) => ({ seq: index + 1, worldMs, machineMs: 0, kind, facts }));
  const log = (askedLateMs: number, more: readonly Event[] = []) => {
    const events: Event[] = [
      [1_000, "ecs.scale-accepted", { region }],
      [1_000, "rds.promotion-accepted", { region }],
      [61_000, "ecs.tasks-running", { region, running: 5 }],
      [301_000, "rds.promotion-observable", { region, acceptedMs: 1_000, observableMs: 301_000 }],
      [301_000 + askedLateMs, "route53.change-accepted", change("one")],
      [331_000 + askedLateMs, "route53.change-insync", change("one")],
      [351_000 + askedLateMs, "elb.targets-healthy", { region, state: "healthy", healthy: 5 }],
      [351_000 + 2 * askedLateMs, "route53.change-accepted", change("two")],
      [391_000 + 2 * askedLateMs, "route53.change-insync", change("two")],
    ];
    return logOf([...more, ...events]);
  };

  test("is the sum of what the world took along the longest way, and one TTL", () => {
    expect(leastTimeMs(log(0))).toBe(300_000 + 30_000 + 20_000 + 40_000 + 60_000);
  });

  test("a bot that asks late makes it no longer", () => {
    expect(leastTimeMs(log(45_000))).toBe(leastTimeMs(log(0)));
  });

  test("holds the backup after the promotion where a change of the new primary waited for it", () => {
    const over: Event = [901_000, "rds.promotion-over", { region, acceptedMs: 1_000, overMs: 901_000 }];
    const changed: Event = [905_000, "aws.mutation", { operation: "ModifyDBInstance", region }];

    expect(leastTimeMs(log(0, [over, changed]))).toBe(900_000);
    expect(leastTimeMs(log(0, [over]))).toBe(leastTimeMs(log(0)));
  });

  test("with home up begins with tasks that end, the database that is closed, and samples that say that nothing is missing", () => {
    const home = "eu-west-1";
    const service = { region: home, cluster: "production", service: "inventory" };
    const scaled = (from: number): Event => [-400_000, "ecs.scale-accepted", { ...service, from, desired: 0 }];
    const stopped = (worldMs: number): Event => [worldMs, "ecs.task-stopped", service];
    const closing: Event[] = [
      [-300_000, "aws.mutation", { operation: "RevokeSecurityGroupIngress", region: home }],
      [-298_000, "ec2.rules-enforced", { region: home }],
    ];
    const fence = [scaled(5), scaled(0), stopped(-350_000), stopped(-335_000), ...closing];
    const restart: Event = [-230_000, "rds.restarted", { region: home, acceptedMs: -300_000, restartedMs: -230_000 }];
    const later = leastTimeMs(log(0));

    // Closed 67 s after it began at 0; the first whole minute after that is the second one.
    expect(leastPlannedMs(log(0, fence), 0)).toBe(67_000 + (240_000 - 67_000) + later);
    expect(leastPlannedMs(log(0, [...fence, restart]), 0)).toBe(135_000 + (300_000 - 135_000) + later);
    expect(() => leastPlannedMs(log(0, [scaled(5)]), 0)).toThrow("no task of the old side");
  });

  test("a log without a failover has none", () => {
    expect(() => leastTimeMs(log(0).slice(0, 3))).toThrow("no whole failover");
  });
});
