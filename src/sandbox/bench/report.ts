import type { Figures, Injected, Measured, Measurement } from "./measurement.ts";

export interface Line {
  readonly what: string;
  readonly measured: string;
  /** What we hold ourselves to. */
  readonly bar: string;
  readonly isMet: boolean;
}

interface Bar {
  readonly what: string;
  readonly bar: string;
  /** Undefined where that was not measured. */
  readonly read: (figures: Figures) => { readonly measured: string; readonly isMet: boolean } | undefined;
}

const ms = (value: number) => `${Math.round(value)} ms`;
const times = (value: number) => value.toFixed(3);

function atMost(of: (figures: Figures) => number | undefined, most: number, say = ms): Bar["read"] {
  return (figures) => {
    const value = of(figures);
    return value === undefined ? undefined : { measured: say(value), isMet: value <= most };
  };
}

function atLeast(of: (figures: Figures) => number | undefined, least: number): Bar["read"] {
  return (figures) => {
    const value = of(figures);
    return value === undefined ? undefined : { measured: times(value), isMet: value >= least };
  };
}

const SERIAL_TOLERANCE = 1.1;

/** The table of the numbers that we hold ourselves to. */
const BARS: readonly Bar[] = [
  { what: "webhook accepted at 200/s, p99", bar: "≤ 25 ms", read: atMost((of) => of.webhookP99Ms, 25) },
  { what: "alert → first page, p50", bar: "≤ 500 ms", read: atMost((of) => of.alertToPageP50Ms, 500) },
  { what: "alert → first page, p99", bar: "≤ 2000 ms", read: atMost((of) => of.alertToPageP99Ms, 2_000) },
  {
    what: "alert → channel, card, people, p99",
    bar: "≤ 5000 ms",
    read: atMost((of) => of.alertToChannelP99Ms, 5_000),
  },
  { what: "the same ÷ its serial lower bound", bar: "≤ 1.1", read: atMost(serialShare, SERIAL_TOLERANCE, times) },
  { what: "storm: incidents, channels, triggers", bar: "1, 1, 1", read: readConsequences },
  { what: "storm: lost, refused alerts; calls over a limit", bar: "0, 0, 0", read: readLosses },
  { what: "storm: command acknowledged, p99", bar: "≤ 150 ms", read: atMost((of) => of.storm?.ackP99Ms, 150) },
  { what: "1,000 open incidents ÷ 10, cost of one more", bar: "≤ 1.2", read: atMost(costGrowth, 1.2, times) },
  { what: "the same, memory of the bot", bar: "≤ 1.2", read: atMost(memoryGrowth, 1.2, times) },
  { what: "36,500 closed incidents: timeline", bar: "≤ 1000 ms", read: atMost((of) => of.growth?.timelineMs, 1_000) },
  { what: "the same, board", bar: "≤ 300 ms", read: atMost((of) => of.growth?.boardMs, 300) },
  { what: "the same, health answers", bar: "≤ 50 ms", read: atMost((of) => of.growth?.healthMs, 50) },
  { what: "the same, resolve ÷ beside none", bar: "≤ 1.2", read: atMost(resolveGrowth, 1.2, times) },
  {
    what: "failover ÷ critical path, median of worlds",
    bar: "≤ 1.015",
    read: atMost((of) => of.failoverOverhead?.median, 1.015, times),
  },
  { what: "the same, worst world", bar: "≤ 1.04", read: atMost((of) => of.failoverOverhead?.max, 1.04, times) },
  {
    what: "the same at speed 1, by its split",
    bar: "≤ 1.005",
    read: atMost((of) => of.failoverOverhead?.atSpeed1, 1.005, times),
  },
  {
    what: "planned move, home up ÷ critical path",
    bar: "≤ 1.02",
    read: atMost((of) => of.plannedOverhead, 1.02, times),
  },
  {
    what: "sequential script ÷ failover, home dark, median",
    bar: "≥ 1.25",
    read: atLeast((of) => of.speedupVsSequential?.median, 1.25),
  },
  {
    what: "the same, part of what its world allows, median",
    bar: "≥ 0.985",
    read: atLeast((of) => of.speedupVsSequential?.medianOfLimit, 0.985),
  },
  {
    what: "the same, worst world",
    bar: "≥ 0.96",
    read: atLeast((of) => of.speedupVsSequential?.minOfLimit, 0.96),
  },
  { what: "plan with home dark, unknown until then", bar: "≤ 5000 ms", read: atMost((of) => of.coldPlanMs, 5_000) },
  { what: "resume after kill -9, p99", bar: "≤ 2000 ms", read: atMost((of) => of.resumeAfterKillP99Ms, 2_000) },
  {
    what: "idle bot, memory",
    bar: "< 150 MB",
    read: atMost(
      (of) => of.idleRssMb,
      150,
      (mb) => `${Math.round(mb)} MB`,
    ),
  },
  { what: "start to ready", bar: "< 3000 ms", read: atMost((of) => of.readyMs, 3_000) },
];

function serialShare({ alertToChannelP99Ms, channelSerialBoundMs }: Figures): number | undefined {
  if (alertToChannelP99Ms === undefined || channelSerialBoundMs === undefined) return undefined;
  return alertToChannelP99Ms / channelSerialBoundMs;
}

/** Of processor time and of commands whichever grew more. */
function costGrowth({ scale }: Figures): number | undefined {
  return scale && Math.max(scale.cpuMs[1] / scale.cpuMs[0], scale.commands[1] / scale.commands[0]);
}

function resolveGrowth({ growth }: Figures): number | undefined {
  return growth && growth.resolveMs[1] / growth.resolveMs[0];
}

function memoryGrowth({ scale }: Figures): number | undefined {
  return scale && scale.rssMb[1] / scale.rssMb[0];
}

function readConsequences({ storm }: Figures) {
  if (!storm) return undefined;
  const counts = [storm.incidents, storm.channels, storm.triggers];
  return { measured: counts.join(", "), isMet: counts.every((count) => count === 1) };
}

function readLosses({ storm }: Figures) {
  if (!storm) return undefined;
  const counts = [storm.lost, storm.refused, storm.limited];
  return { measured: counts.join(", "), isMet: counts.every((count) => count === 0) };
}

export function linesOf(figures: Figures): Line[] {
  return BARS.flatMap(({ what, bar, read }) => {
    const found = read(figures);
    return found ? [{ what, bar, ...found }] : [];
  });
}

export interface Finished {
  readonly measurement: Pick<Measurement, "name" | "speed" | "injected">;
  readonly measured: Measured;
}

export interface Circumstances {
  readonly seed: number;
  readonly isQuick: boolean;
  /** Of the machine over the last minute, before and after: what others did on it meanwhile shows here. */
  readonly load: readonly [number, number];
  /** Machine milliseconds of a fixed piece of work, before and after. */
  readonly noise: readonly [number, number];
}

export function tableOf(finished: readonly Finished[], circumstances: Circumstances): string {
  const rows = [
    ["what", "measured", "bar", ""],
    ...linesOf(figuresOf(finished)).map(({ what, measured, bar, isMet }) => [
      what,
      measured,
      bar,
      isMet ? "met" : "missed",
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...table, "", ...finished.flatMap(sayCircumstances), ...sayRun(circumstances), ""].join("\n");
}

export function jsonOf(finished: readonly Finished[], { seed, isQuick, load, noise }: Circumstances): string {
  const by = <T>(read: (measurement: Finished["measurement"]) => T) =>
    Object.fromEntries(finished.map(({ measurement }) => [measurement.name, read(measurement)]));
  return JSON.stringify({
    ...figuresOf(finished),
    speed: by(({ speed }) => speed),
    injected: by(({ injected }) => injected),
    seed,
    quick: isQuick,
    loadAverage: load,
    noise: { beforeMs: noise[0], afterMs: noise[1] },
  });
}

function figuresOf(finished: readonly Finished[]): Figures {
  return Object.assign({}, ...finished.map(({ measured }) => measured.figures));
}

function sayCircumstances({ measurement: { name, speed, injected }, measured }: Finished): string[] {
  return [`${name}: speed ${speed}, ${sayInjected(injected)}`, ...measured.notes.map((note) => `  ${note}`)];
}

function sayInjected({ slackMs = 0, pagerDutyMs = 0, webhooksPerSecond }: Injected): string {
  const load = webhooksPerSecond === undefined ? "" : `, ${webhooksPerSecond} webhooks a second`;
  return `Slack ${slackMs} ms and PagerDuty ${pagerDutyMs} ms a call${load}.`;
}

function sayRun({ seed, isQuick, load, noise }: Circumstances): string[] {
  const [before, after] = load.map((each) => each.toFixed(1));
  return [
    `Seed ${seed}. Load average of the machine ${before} before and ${after} after, this run's own included; a fixed piece of work took ${noise[0]} ms before and ${noise[1]} ms after.${isQuick ? " Quick: small samples, a look and not a verdict." : ""}`,
  ];
}
