import { createStores } from "../../app/stores.ts";
import { createQueues } from "../../jobs/queues.ts";
import { Random } from "../../simulators/world/random.ts";
import { WITHOUT_KEY } from "../../store/seal.ts";
import { gravestAlarm, quietAlarm } from "../bench/alarms.ts";
import { benchLogger } from "../bench/measurement.ts";
import type { Stage } from "../stage.ts";
import { type SoakAlarm, soakAlarm } from "./alarm.ts";
import type { SoakArguments } from "./arguments.ts";
import { playIncident } from "./incident.ts";
import { kindOfRun } from "./kinds.ts";
import { castOf, type Playing } from "./playing.ts";
import { nextDue, quiet } from "./quiet.ts";
import { type Sample, takeSample } from "./sample.ts";
import { standbyOf } from "./standby.ts";

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 30;
/** What goes wrong rings more than once: alarms change several times within minutes. */
const CHANGES_AT_ONCE = 5;
/** Things that became due between two alerts; more of them wait for the next one. */
const MOST_DUE_STOPS = 10;

/** World time between two looks of people who wait for a replica. */
const BUILDING_MS = 600_000;
/** World time. The clocks of bot and world differ by a little: right at its time the bot would put it off. */
const PAST_DUE_MS = 1_000;

interface Alarms {
  /** Opens an incident. */
  readonly gravest: SoakAlarm;
  /** Is only threaded. */
  readonly gentle: SoakAlarm;
}

interface Day extends Alarms {
  /** From 1. */
  readonly number: number;
  /** World time. */
  readonly fromMs: number;
}

export interface Played {
  readonly samples: readonly Sample[];
  /** How many plans of each runbook ended in each way. */
  readonly runs: Readonly<Record<string, number>>;
}

/** Day by day: alarms change, one of them opens an incident, and on some days a run of some kind is played in it. */
export async function playDays(stage: Stage, wanted: SoakArguments, say: (line: string) => void): Promise<Played> {
  const queues = createQueues({ url: stage.redisUrl }, benchLogger());
  try {
    const hands = { stage, stores: createStores(stage.redis, Date.now, WITHOUT_KEY), cast: castOf(stage) };
    const ended = new Map<string, number>();
    const samples = await playWith({ ...hands, wanted, say, queues, ended, standby: standbyOf(hands) });
    return { samples, runs: Object.fromEntries(ended) };
  } finally {
    await queues.close();
  }
}

async function playWith(playing: Playing): Promise<Sample[]> {
  const { stage, wanted, say } = playing;
  const random = new Random(wanted.seed);
  const samples = [await takeSample(stage, 0)];
  const startMs = stage.now();
  const { inventory } = stage;
  const alarms = {
    gravest: soakAlarm(gravestAlarm(inventory), playing),
    gentle: soakAlarm(quietAlarm(inventory), playing),
  };
  for (let day = 1; day <= wanted.days; day += 1) {
    await playDay({ ...alarms, number: day, fromMs: startMs + (day - 1) * DAY_MS }, random, playing);
    await advanceTo(startMs + day * DAY_MS, alarms, playing);
    if (day % DAYS_A_MONTH !== 0 && day !== wanted.days) continue;
    await quiet(playing);
    const sample = await takeSample(stage, day);
    samples.push(sample);
    say(`day ${day} of ${wanted.days}: ${JSON.stringify(sample)}`);
  }
  return samples;
}

async function playDay(day: Day, random: Random, playing: Playing): Promise<void> {
  const { alertsADay, runsAMonth } = playing.wanted;
  const times = Array.from(
    { length: Math.ceil(alertsADay / CHANGES_AT_ONCE) },
    () => day.fromMs + random.integer(0, DAY_MS - 1),
  ).toSorted((one, other) => one - other);
  const opening = random.integer(0, alertsADay - 1);
  const runsBy = (days: number) => Math.floor((days * runsAMonth) / DAYS_A_MONTH);
  const turn = runsBy(day.number) > runsBy(day.number - 1) ? runsBy(day.number - 1) : undefined;
  const needsStandby = turn !== undefined && kindOfRun(turn).needsStandby === true;
  await playing.standby.tend(needsStandby, () => advanceTo(playing.stage.now() + BUILDING_MS, day, playing));
  for (let index = 0; index < alertsADay; index += 1) {
    const atMs = index % CHANGES_AT_ONCE === 0 ? times[index / CHANGES_AT_ONCE] : undefined;
    if (atMs !== undefined) await advanceTo(atMs, day, playing);
    if (index !== opening) await day.gentle.change();
    else {
      await day.gravest.change();
      await playIncident(turn, playing);
      await day.gravest.change();
    }
  }
}

/** The clock jumps to whatever is due next, and waits there until it is done. */
async function advanceTo(atMs: number, { gravest, gentle }: Alarms, playing: Playing): Promise<void> {
  const { stage, queues } = playing;
  await Promise.all([gravest.takenIn(), gentle.takenIn()]);
  await quiet(playing);
  for (let stops = 0; stops < MOST_DUE_STOPS; stops += 1) {
    const dueMs = await nextDue(playing);
    if (dueMs >= atMs) break;
    await stage.jump(Math.max(0, dueMs - stage.now()) + PAST_DUE_MS);
    // What the clock jumped over waits for no timer of a queue: the sweep finds it.
    await queues.sweepNow();
    await quiet(playing);
  }
  const aheadMs = atMs - stage.now();
  if (aheadMs > 0) await stage.jump(aheadMs);
}
