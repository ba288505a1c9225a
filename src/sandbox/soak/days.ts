import { createStores } from "../../app/stores.ts";
import { createQueues } from "../../jobs/queues.ts";
import type { MetricAlarmSpec } from "../../simulators/aws/specs.ts";
import { Random } from "../../simulators/world/random.ts";
import { gravestAlarm, quietAlarm } from "../bench/alarms.ts";
import { benchLogger } from "../bench/measurement.ts";
import type { Stage } from "../stage.ts";
import type { SoakArguments } from "./arguments.ts";
import { playIncident } from "./incident.ts";
import { type Playing, soon } from "./playing.ts";
import { nextDue, quiet } from "./quiet.ts";
import { type Sample, takeSample } from "./sample.ts";

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 30;
/** What goes wrong rings more than once: alarms change several times within minutes. */
const CHANGES_AT_ONCE = 5;
/** Things that became due between two alerts; more of them wait for the next one. */
const MOST_DUE_STOPS = 10;
/** World time. The clocks of bot and world differ by a little: right at its time the bot would put it off. */
const PAST_DUE_MS = 1_000;
/** Machine time from a change of an alarm until the bot knows it. */
const TAKEN_IN_WITHIN_MS = 30_000;
const REDELIVER_AFTER_MS = 500;
/** World time. */
const SNS_TRIES_AGAIN_AFTER_MS = 20_000;

/** Day by day: alarms change, one of them opens an incident, and on some days a run is started and aborted in it. */
export async function playDays(stage: Stage, wanted: SoakArguments, say: (line: string) => void): Promise<Sample[]> {
  const queues = createQueues({ url: stage.redisUrl }, benchLogger());
  try {
    return await playWith({ stage, wanted, say, queues, stores: createStores(stage.redis, Date.now) });
  } finally {
    await queues.close();
  }
}

async function playWith(playing: Playing): Promise<Sample[]> {
  const { stage, wanted, say } = playing;
  const random = new Random(wanted.seed);
  const samples = [await takeSample(stage, 0)];
  const startMs = stage.now();
  for (let day = 1; day <= wanted.days; day += 1) {
    await playDay(day, startMs + (day - 1) * DAY_MS, random, playing);
    await advanceTo(startMs + day * DAY_MS, playing);
    if (day % DAYS_A_MONTH !== 0 && day !== wanted.days) continue;
    await quiet(playing);
    const sample = await takeSample(stage, day);
    samples.push(sample);
    say(`day ${day} of ${wanted.days}: ${JSON.stringify(sample)}`);
  }
  return samples;
}

async function playDay(day: number, fromMs: number, random: Random, playing: Playing): Promise<void> {
  const { alertsADay, runsAMonth } = playing.wanted;
  const { inventory } = playing.stage;
  const times = Array.from(
    { length: Math.ceil(alertsADay / CHANGES_AT_ONCE) },
    () => fromMs + random.integer(0, DAY_MS - 1),
  ).toSorted((one, other) => one - other);
  const [gravest, gentle] = [gravestAlarm(inventory), quietAlarm(inventory)];
  const opening = random.integer(0, alertsADay - 1);
  const runsBy = (days: number) => Math.floor((days * runsAMonth) / DAYS_A_MONTH);
  for (let index = 0; index < alertsADay; index += 1) {
    const atMs = index % CHANGES_AT_ONCE === 0 ? times[index / CHANGES_AT_ONCE] : undefined;
    if (atMs !== undefined) await advanceTo(atMs, playing);
    if (index !== opening) await change(gentle, index % 2 === 0 ? "ALARM" : "OK", playing);
    else {
      await change(gravest, "ALARM", playing);
      await playIncident(runsBy(day) > runsBy(day - 1), playing);
      await change(gravest, "OK", playing);
    }
  }
}

/** Resolves when the bot knows it: no jump may make the message older than it is. */
async function change({ region, name }: MetricAlarmSpec, state: "ALARM" | "OK", playing: Playing): Promise<void> {
  const { stage, stores } = playing;
  await stage.world.post("/cloudwatch/alarm", { region, name, state, reason: `${state} by the soak` });
  let redeliveredAtMs = Date.now() + REDELIVER_AFTER_MS;
  await soon(`alarm ${name} in ${state}`, TAKEN_IN_WITHIN_MS, async () => {
    const isRinging = (await stores.alerts.openIds()).some((fingerprint) => fingerprint.endsWith(`:alarm:${name}`));
    if (isRinging === (state === "ALARM")) return true;
    if (Date.now() < redeliveredAtMs) return undefined;
    // To a bot that had not heard of the last jump yet the message came from the future: it refused it, and SNS tries again.
    redeliveredAtMs = Date.now() + REDELIVER_AFTER_MS;
    await stage.jump(SNS_TRIES_AGAIN_AFTER_MS);
    return undefined;
  });
}

/** The clock jumps to whatever is due next, and waits there until it is done. */
async function advanceTo(atMs: number, playing: Playing): Promise<void> {
  const { stage, queues } = playing;
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
