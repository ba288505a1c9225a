import type { Mode } from "../../src/domain/plan-run/plan.ts";
import { Random } from "../../src/simulators/world/random.ts";
import type { ExampleName } from "../harness/example.ts";
import { DRAWN_FAULTS, FAULT_NAMES, type FaultName, MOMENTS, WAITS_FOR_ITS_CALL } from "./fault-names.ts";
import { WORDS, type Word } from "./people.ts";

/** One world of many: a pure function of seed and index, so that it can be played again alone. */
export interface WorldPlan {
  readonly seed: number;
  readonly index: number;
  /** World time by machine time; absent: that of most worlds. */
  readonly speed?: number;
  readonly example: ExampleName;
  readonly service: string;
  readonly mode: Mode;
  /** Replication lag at the start, world seconds. */
  readonly lagSeconds: number;
  readonly lag: readonly LagPoint[];
  /** World seconds between two orders; the source is idle where it is long. */
  readonly orderSeconds: number;
  readonly sessionSeconds: number;
  readonly jobSeconds: number;
  readonly stopSeconds: number;
  readonly faults: readonly FaultPlan[];
  /** Absent: PostgreSQL. */
  readonly engine?: "mysql";
  /** Of MySQL: how late its replica notices that nothing arrives; absent: as the engine has it. */
  readonly netTimeoutSeconds?: number;
  /** What people decide, in this order, each time that the run waits for them; after the last one nobody decides any more. */
  readonly people: readonly Word[];
}

/** From `afterSeconds` of the run on the replica is that far behind, or cut off. */
export interface LagPoint {
  readonly afterSeconds: number;
  readonly seconds: number | "broken";
}

export interface FaultPlan {
  readonly name: FaultName;
  /** The moment it is counted from: the start, the intent of a step whose id begins so, or the end of the run. */
  readonly from: string;
  readonly plusSeconds: number;
  readonly lastsSeconds: number;
  /** Which one, where there are several: of calls, of sizes. */
  readonly pick: number;
}

const PLACES: readonly [readonly [ExampleName, string], ...(readonly [ExampleName, string])[]] = [
  ["inventory", "inventory"],
  ["inventory", "inventory"],
  ["every-kind", "bookings"],
  ["every-kind", "desk"],
];
const MOST_FAULTS = 5;
export const SPEED = 150;
/** What a look takes is machine time, and is nearly nothing here: what is heard late was not looked for. */
export const SLOW_SPEED = 10;
const SLOW_EVERY = 10;
/** One in ten is slow: it takes a minute or two, and most of that is waiting. */
export const speedOf = (index: number): number => (index % SLOW_EVERY === SLOW_EVERY - 1 ? SLOW_SPEED : SPEED);

export function worldOf(seed: number, index: number): WorldPlan {
  const random = new Random(seed).fork(`world ${index}`);
  const [example, service] = random.pick(PLACES);
  const lagSeconds = random.pick([0, 1, 4, 20, 90]);
  const plan: WorldPlan = {
    ...{ seed, index, speed: speedOf(index), example, service, lagSeconds },
    mode: random.pick(["planned", "unplanned"]),
    lag: random.pick(LAG_CURVES)(random, lagSeconds),
    orderSeconds: random.pick([2, 2, 2, 0.5, 40]),
    sessionSeconds: random.pick([1, 60, 600]),
    jobSeconds: random.pick([0, 0, 3]),
    stopSeconds: random.pick([30, 30, 120]),
    faults: faultsFrom(random, index),
    people: Array.from({ length: random.integer(0, 3) }, () => random.pick(["go-on", "go-on", ...WORDS])),
  };
  const isMySql = plan.faults.some(({ name }) => name === "lag-zero-over-dead-link") || random.next() < 0.25;
  if (!isMySql) return plan;
  const netTimeoutSeconds = random.pick(NET_TIMEOUTS);
  return { ...plan, engine: "mysql", ...(netTimeoutSeconds !== undefined && { netTimeoutSeconds }) };
}

const NET_TIMEOUTS = [undefined, undefined, 20, 300, 3_600] as const;
const FOR_GOOD_SECONDS = 3_600;

/** The first one goes round, so that no kind is rare among many worlds; the others are drawn. */
function faultsFrom(random: Random, index: number): FaultPlan[] {
  const names = Array.from({ length: random.integer(0, MOST_FAULTS) }, () => random.pick(DRAWN_FAULTS));
  return names.map((drawn, at) =>
    faultFrom(random, at === 0 ? (FAULT_NAMES[index % FAULT_NAMES.length] ?? drawn) : drawn),
  );
}

function faultFrom(random: Random, name: FaultName): FaultPlan {
  const waits = WAITS_FOR_ITS_CALL.has(name);
  return {
    name,
    from: random.pick<string>(MOMENTS[name]),
    plusSeconds: waits ? 0 : random.integer(0, 20),
    lastsSeconds: waits ? FOR_GOOD_SECONDS : random.integer(20, 240),
    pick: random.integer(0, 1_000),
  };
}

type Curve = (random: Random, lagSeconds: number) => readonly LagPoint[];

const flat: Curve = () => [];
const growing: Curve = (random, lagSeconds) => {
  const step = random.integer(5, 40);
  return Array.from({ length: 8 }, (_, turn) => ({
    afterSeconds: 15 * (turn + 1),
    seconds: lagSeconds + step * (turn + 1),
  }));
};
const jumping: Curve = (random, lagSeconds) => {
  const afterSeconds = random.integer(0, 60);
  const back = { afterSeconds: afterSeconds + random.integer(20, 90), seconds: lagSeconds };
  return [{ afterSeconds, seconds: random.integer(60, 600) }, back];
};
const cut: Curve = (random, lagSeconds) => {
  const afterSeconds = random.integer(0, 60);
  const back = { afterSeconds: afterSeconds + random.integer(30, 200), seconds: lagSeconds };
  return [{ afterSeconds, seconds: "broken" }, ...(random.next() < 0.5 ? [back] : [])];
};
const LAG_CURVES: readonly [Curve, ...Curve[]] = [flat, flat, flat, growing, jumping, cut];

/** In one sentence, to be told apart from the next one by people. */
export function sayWorld(plan: WorldPlan): string {
  const { netTimeoutSeconds: timeout } = plan;
  const engine = timeout === undefined ? (plan.engine ?? "postgres") : `${plan.engine} (net timeout ${timeout} s)`;
  const { index, seed, service, mode, lagSeconds, lag, orderSeconds, sessionSeconds, jobSeconds, stopSeconds } = plan;
  const curve = lag.map(({ afterSeconds, seconds }) => `${seconds} at ${afterSeconds} s`).join(", ");
  const faults = plan.faults.map(
    ({ name, from, plusSeconds, lastsSeconds, pick }) =>
      `${name} ${plusSeconds} s after ${from} for ${lastsSeconds} s (${pick})`,
  );
  return [
    `${seed}:${index} ${service} ${mode}, ${engine} ${lagSeconds} s behind${curve ? ` (then ${curve})` : ""}`,
    `an order every ${orderSeconds} s, a job every ${jobSeconds} s, sessions of ${sessionSeconds} s, stops take ${stopSeconds} s`,
    faults.length > 0 ? faults.join(", ") : "nothing goes wrong",
    `people: ${plan.people.join(", ") || "nobody"}`,
    ...(plan.speed === SLOW_SPEED ? ["slow"] : []),
  ].join("; ");
}
