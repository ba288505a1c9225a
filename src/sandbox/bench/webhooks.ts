import { Bug } from "../../domain/errors.ts";
import { KEYS } from "../../store/keys.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { alarmsOfOneCause, gravestAlarm } from "./alarms.ts";
import { Collector } from "./collector.ts";
import { durableWrites } from "./durable-writes.ts";
import { type Answered, isAccepted, sendOpenLoop } from "./load.ts";
import type { Bench, Measured, Measurement, Storm } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { quantile } from "./samples.ts";

const PER_SECOND = 200;
const SECONDS = 20;
const QUICK_SECONDS = 5;

const STORM_ALERTS = 100_000;
const STORM_SECONDS = 60;
const QUICK_STORM_ALERTS = 10_000;
/** Machine times. */
const COMMAND_EVERY_MS = 500;
const DRAIN_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

/** Signed notifications at a steady rate: from the moment at which each is due until it is durable and answered 2xx. */
export const webhookIntake: Measurement = {
  name: "webhook",
  speed: 1,
  injected: { webhooksPerSecond: PER_SECOND },
  async measure(bench) {
    const count = PER_SECOND * (bench.isQuick ? QUICK_SECONDS : SECONDS);
    const load = { count, perSecond: PER_SECOND };
    const { answers, writes } = await underLoad(bench, { measurement: this, load }, async ({ redis }, send) => ({
      answers: await send(),
      writes: await durableWrites(redis, PER_SECOND * QUICK_SECONDS, PER_SECOND),
    }));
    const accepted = answers.filter(isAccepted);
    if (accepted.length === 0) throw new Bug("nothing-accepted", "The bot accepted none of the webhooks");
    const notes = [
      `${accepted.length} of ${count} webhooks accepted.`,
      `A write of the same size to Redis alone, at the same rate, is on the disk after ${quantile(writes, 0.99).toFixed(1)} ms (p99).`,
    ];
    return {
      figures: {
        webhookP99Ms: quantile(
          accepted.map(({ afterMs }) => afterMs),
          0.99,
        ),
      },
      notes,
    };
  },
};

/** Thousands of alarms of one cause within a minute, while somebody keeps typing commands. */
export const alertStorm: Measurement = {
  name: "storm",
  speed: 1,
  injected: { webhooksPerSecond: Math.round(STORM_ALERTS / STORM_SECONDS) },
  async measure(bench): Promise<Measured> {
    const count = bench.isQuick ? QUICK_STORM_ALERTS : STORM_ALERTS;
    const load = { count, perSecond: STORM_ALERTS / STORM_SECONDS };
    return underLoad(bench, { measurement: this, load }, async (stage, send) => {
      const typing = new AbortController();
      const acks = typeUntil(stage, typing.signal);
      const answers = await send();
      typing.abort();
      const ackMs = await acks;
      const accepted = answers.filter(isAccepted);
      const drainMs = await drained(stage, accepted.length);
      const storm = await consequences(stage, { alerts: count, accepted: accepted.length, ackMs });
      const notes = [
        `${count} alarms in ${Math.round(count / load.perSecond)} s; ${ackMs.length} commands typed meanwhile.`,
        `The last webhook was answered p99 ${Math.round(
          quantile(
            answers.map(({ afterMs }) => afterMs),
            0.99,
          ),
        )} ms after it was due; the queue was empty ${drainMs} ms after that.`,
      ];
      return { figures: { storm }, notes };
    });
  },
};

interface Load {
  readonly count: number;
  readonly perSecond: number;
}

type Send = () => Promise<readonly Answered[]>;

async function underLoad<T>(
  bench: Bench,
  { measurement, load: { count, perSecond } }: { readonly measurement: Measurement; readonly load: Load },
  play: (stage: Stage, send: Send) => Promise<T>,
): Promise<T> {
  const collector = await Collector.open();
  try {
    const options = { webhooks: collector.origin };
    return await onStage(bench, { measurement, options }, async (stage) => {
      const alarm = gravestAlarm(stage.inventory);
      bench.say(`signing ${count} notifications`);
      const signed = await collector.sign(stage.world, alarmsOfOneCause(alarm, count, await stage.world.now()));
      bench.say(`sending them at ${Math.round(perSecond)}/s`);
      const url = `${await stage.bots[0]?.origin()}/webhooks/sns`;
      return play(stage, () => sendOpenLoop(url, signed, perSecond));
    });
  } finally {
    await collector.close();
  }
}

/** Milliseconds until Slack had each command's acknowledgement, as Slack measured it. */
async function typeUntil({ world, inventory }: Stage, stopped: AbortSignal): Promise<readonly number[]> {
  const [person] = inventory.people.filter(({ roles }) => roles.includes("responder"));
  if (!person) throw new Bug("nobody-responds", "The file names no responder");
  const typed: Promise<number>[] = [];
  while (!stopped.aborted) {
    const outcome = world.people
      .as(accountOf(inventory, person.id))
      .types("/dr status", { in: inventory.file.alerts.channel });
    typed.push(outcome.then(({ ackMs }) => ackMs));
    await new Promise((resolve) => setTimeout(resolve, COMMAND_EVERY_MS));
  }
  return Promise.all(typed);
}

/** Waits until every accepted alert has a document, or until nothing comes any more; how long that took. */
async function drained({ redis }: Stage, accepted: number): Promise<number> {
  const beganMs = Date.now();
  while ((await redis.scard(KEYS.openDocuments("alert"))) < accepted && Date.now() < beganMs + DRAIN_WITHIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return Date.now() - beganMs;
}

interface Sent {
  readonly alerts: number;
  readonly accepted: number;
  readonly ackMs: readonly number[];
}

/** What the storm came to: counted in the world where the world can see it, in the store where only that can. */
async function consequences({ world, redis }: Stage, { alerts, accepted, ackMs }: Sent): Promise<Storm> {
  const [channels, events, slackLimited, pagerLimited, recorded, incidents] = await Promise.all([
    world.log("slack.channel-created"),
    world.log("pagerduty.event-accepted"),
    world.log("slack.rate-limited"),
    world.log("pagerduty.throttled"),
    redis.scard(KEYS.openDocuments("alert")),
    redis.scard(KEYS.openDocuments("incident")),
  ]);
  return {
    alerts,
    incidents,
    channels: channels.length,
    triggers: events.filter(({ facts }) => facts["action"] === "trigger").length,
    lost: accepted - recorded,
    refused: alerts - accepted,
    limited: slackLimited.length + pagerLimited.length,
    ackP99Ms: quantile(ackMs, 0.99),
  };
}
