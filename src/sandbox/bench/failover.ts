import { fileURLToPath } from "node:url";
import type { Stage } from "../stage.ts";
import { WorldClient } from "../world-client.ts";
import { WorldProcess } from "../world-process.ts";
import { leastTimeMs } from "./least-time.ts";
import type { Bench, Measured, Measurement, Overhead } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { DARK_HOME, PEOPLE_TAKE_MS, type Span, spanOfFailover } from "./rehearsal.ts";
import { quantile } from "./samples.ts";
import { failOverSequentially } from "./sequential.ts";
import { type Split, splitOf, stepTimes } from "./split.ts";

const SPEED = 10;
const WORLDS = 20;
const QUICK_WORLDS = 1;
/** Worlds at once: a failover mostly waits. A script asks little, so that more of them fit. */
const AT_ONCE = { ours: 2, scripts: 5 };
const WORLD = fileURLToPath(new URL("../../world.js", import.meta.url));

/** The last key until verified, against the least that the world allows, and against a script in the same world. */
export const failover: Measurement = {
  name: "failover",
  speed: SPEED,
  injected: {},
  async measure(bench): Promise<Measured> {
    // Each in a world of its own, whose seed decides how long AWS takes.
    const worlds = Array.from({ length: bench.isQuick ? QUICK_WORLDS : WORLDS }, (_, index) => ({
      ...bench,
      seed: bench.seed + index,
    }));
    const ours = await inGroups(worlds, AT_ONCE.ours, (world) =>
      onStage(world, { measurement: failover }, (stage) => timeOfOurs(world, stage)),
    );
    bench.say("the same failovers as a sequential script");
    const scripts = await inGroups(worlds, AT_ONCE.scripts, timeOfScript);
    const pairs = ours.flatMap((mine, index) => {
      const script = scripts[index];
      return script ? [{ mine, script }] : [];
    });
    const failoverOverhead = overheadOf(ours);
    const plain = pairs.map(({ mine, script }) => script.tookMs / mine.tookMs);
    const ofLimit = pairs.map(({ mine, script }) => script.tookMs / mine.tookMs / (script.tookMs / mine.leastMs));
    return {
      figures: {
        failoverOverhead,
        speedupVsSequential: {
          ...spread(plain),
          ...{ minOfLimit: quantile(ofLimit, 0), medianOfLimit: quantile(ofLimit, 0.5) },
        },
        awsCalls: quantile(
          ours.map(({ calls }) => calls),
          0.5,
        ),
      },
      notes: [
        `${ours.length} worlds, in each of which somebody asks ${PEOPLE_TAKE_MS / 1_000} s of machine time after the alarm. ${saySplit(failoverOverhead)}`,
        ...pairs.map(({ mine, script }, index) => sayPair(bench.seed + index, mine, script)),
        ...sayMiddle(ours),
      ],
    };
  },
};

async function inGroups<In, Out>(all: readonly In[], size: number, work: (one: In) => Promise<Out>): Promise<Out[]> {
  const done: Out[] = [];
  for (let at = 0; at < all.length; at += size)
    done.push(...(await Promise.all(all.slice(at, at + size).map((one) => work(one)))));
  return done;
}

interface Ours extends Span {
  readonly leastMs: number;
  readonly promotionMs: number;
  readonly split: Split;
  /** Calls of AWS's APIs since the world began. */
  readonly calls: number;
}
type Script = Awaited<ReturnType<typeof timeOfScript>>;

function spread(samples: readonly number[]) {
  const [min, median, max] = [0, 0.5, 1].map((share) => quantile(samples, share));
  return { min: min ?? 0, median: median ?? 0, max: max ?? 0 };
}

/** Parts of the critical path. At speed 1 a call and the engine take the same machine time, which is then a tenth of the world's. */
function overheadOf(ours: readonly Ours[]): Overhead {
  const median = (of: (mine: Ours) => number) =>
    quantile(
      ours.map((mine) => of(mine) / mine.leastMs),
      0.5,
    );
  const split = {
    polls: median((mine) => mine.split.polls),
    calls: median((mine) => mine.split.calls),
    engine: median((mine) => mine.split.engine),
  };
  return {
    ...spread(ours.map(({ tookMs, leastMs }) => tookMs / leastMs)),
    worlds: ours.length,
    atSpeed1: 1 + split.polls + (split.calls + split.engine) / SPEED,
    split,
  };
}

const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;

const saySplit = ({ atSpeed1, split: { polls, calls, engine } }: Overhead): string =>
  `Lost on the longest way, medians: late looks ${percent(polls)}, calls ${percent(calls)}, engine ${percent(engine)}; at speed 1 that is ${atSpeed1.toFixed(4)}.`;

function sayPair(seed: number, mine: Ours, script: Script): string {
  const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
  return (
    `World ${seed}: ${seconds(mine.tookMs)} of world time, ${(mine.tookMs / mine.leastMs).toFixed(3)} times the critical path of ${seconds(mine.leastMs)}; ` +
    `the script ${seconds(script.tookMs)}. The promotion itself took ${seconds(mine.promotionMs)} with us and ${seconds(script.promotionMs)} with the script. ${mine.calls} calls.`
  );
}

/** The world in the middle, step by step. */
function sayMiddle(ours: readonly Ours[]): string[] {
  const sorted = ours.toSorted((one, other) => one.tookMs / one.leastMs - other.tookMs / other.leastMs);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!middle) return [];
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return [
    "Where the time of the world in the middle went, step by step on its longest way:",
    ...stepTimes(middle.run).map(
      ({ step, tookMs, callsMs, engineMs, lastWaitMs }) =>
        `${step}: ${seconds(tookMs)}; calls ${seconds(callsMs)}, engine ${seconds(engineMs)}, it ended within the last wait of ${seconds(lastWaitMs)}`,
    ),
  ];
}

async function timeOfOurs(bench: Bench, stage: Stage): Promise<Ours> {
  const span = await spanOfFailover(bench, stage, DARK_HOME);
  const entries = await stage.world.log();
  const leastMs = leastTimeMs(entries);
  return {
    ...{ ...span, leastMs, promotionMs: await promotionMs(stage.world) },
    split: splitOf(span.run),
    calls: (await stage.world.awsReads()) + entries.filter(({ kind }) => kind === "aws.mutation").length,
  };
}

async function timeOfScript({ config, seed }: Bench): Promise<{ tookMs: number; promotionMs: number }> {
  // Nobody listens: a script hears no alarm.
  const webhooks = "http://127.0.0.1:9";
  const running = await WorldProcess.start({ program: WORLD, config, webhooks, speed: SPEED, seed });
  try {
    const world = new WorldClient(running.controlPort);
    const tookMs = await failOverSequentially(world, running.environment);
    return { tookMs, promotionMs: await promotionMs(world) };
  } finally {
    await running.stop();
  }
}

/** From accepted to observable, as the world knows it. */
async function promotionMs(world: WorldClient): Promise<number> {
  const [promoted] = await world.log("rds.promotion-observable");
  return Number(promoted?.facts["observableMs"]) - Number(promoted?.facts["acceptedMs"]);
}
