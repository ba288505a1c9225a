import { createStores } from "../../app/stores.ts";
import type { MetricAlarmSpec } from "../../simulators/aws/specs.ts";
import { Random } from "../../simulators/world/random.ts";
import { KEYS } from "../../store/keys.ts";
import { gravestAlarm, quietAlarm } from "../bench/alarms.ts";
import type { Stage } from "../stage.ts";
import type { SoakArguments } from "./arguments.ts";
import { playIncident } from "./incident.ts";
import type { Playing } from "./playing.ts";
import { type Sample, takeSample } from "./sample.ts";

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 30;
/** Things that became due between two alerts; more of them wait for the next one. */
const MOST_DUE_STOPS = 10;
/** Machine times. */
const LOOK_EVERY_MS = 20;
const SETTLED_WITHIN_MS = 10_000;

/** Day by day: alarms change, one of them opens an incident, and on some days a run is started and aborted in it. */
export async function playDays(stage: Stage, wanted: SoakArguments, say: (line: string) => void): Promise<Sample[]> {
  const playing: Playing = { stage, wanted, say, stores: createStores(stage.redis, Date.now) };
  const random = new Random(wanted.seed);
  const samples = [await takeSample(stage, 0)];
  const startMs = await stage.world.now();
  for (let day = 1; day <= wanted.days; day += 1) {
    await playDay(day, startMs + (day - 1) * DAY_MS, random, playing);
    await advanceTo(startMs + day * DAY_MS, playing);
    if (day % DAYS_A_MONTH !== 0 && day !== wanted.days) continue;
    await settled(playing);
    const sample = await takeSample(stage, day);
    samples.push(sample);
    say(`day ${day} of ${wanted.days}: ${JSON.stringify(sample)}`);
  }
  return samples;
}

async function playDay(day: number, fromMs: number, random: Random, playing: Playing): Promise<void> {
  const { alertsADay, runsAMonth } = playing.wanted;
  const { inventory } = playing.stage;
  const times = Array.from({ length: alertsADay }, () => fromMs + random.integer(0, DAY_MS - 1)).toSorted(
    (one, other) => one - other,
  );
  const [gravest, quiet] = [gravestAlarm(inventory), quietAlarm(inventory)];
  const opening = random.integer(0, alertsADay - 1);
  const runsBy = (days: number) => Math.floor((days * runsAMonth) / DAYS_A_MONTH);
  for (const [index, atMs] of times.entries()) {
    await advanceTo(atMs, playing);
    if (index !== opening) await change(quiet, index % 2 === 0 ? "ALARM" : "OK", playing);
    else {
      await change(gravest, "ALARM", playing);
      await playIncident(runsBy(day) > runsBy(day - 1), playing);
      await change(gravest, "OK", playing);
    }
  }
}

async function change({ region, name }: MetricAlarmSpec, state: "ALARM" | "OK", { stage }: Playing): Promise<void> {
  await stage.world.post("/cloudwatch/alarm", { region, name, state, reason: `${state} by the soak` });
}

/** The clock jumps to whatever is due next, and waits there until it is done. */
async function advanceTo(atMs: number, playing: Playing): Promise<void> {
  const { stage } = playing;
  for (let stops = 0; stops < MOST_DUE_STOPS; stops += 1) {
    const nowMs = await stage.world.now();
    const dueMs = await nextDue(stage);
    if (dueMs === undefined || dueMs >= atMs) break;
    if (dueMs > nowMs) await stage.jump(dueMs - nowMs);
    await settled(playing);
  }
  const nowMs = await stage.world.now();
  if (atMs > nowMs) await stage.jump(atMs - nowMs);
}

async function nextDue({ redis }: Stage): Promise<number | undefined> {
  const heads = await Promise.all(
    ["incident", "card"].map((kind) =>
      redis.zrangebyscore(KEYS.dueDocuments(kind), "-inf", "+inf", "WITHSCORES", "LIMIT", 0, 1),
    ),
  );
  const times = heads.flatMap(([, score]) => (score === undefined ? [] : [Number(score)]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Nothing is due any more. What Slack's limits hold back goes on beside the days that follow. */
async function settled({ stage, stores }: Playing): Promise<void> {
  for (const deadline = Date.now() + SETTLED_WITHIN_MS; Date.now() < deadline; ) {
    const nowMs = await stage.world.now();
    const [incidents, cards] = await Promise.all([stores.incidents.due(nowMs, 1), stores.cards.due(nowMs, 1)]);
    if (incidents.length + cards.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
