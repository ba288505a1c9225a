import { z } from "zod";
import { Bug } from "../../domain/errors.ts";
import type { LogEntry } from "../../simulators/world/log.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { gravestAlarm } from "./alarms.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { quantile } from "./samples.ts";

const SLACK_MS = 300;
const PAGERDUTY_MS = 100;
const ALERTS = 20;
const QUICK_ALERTS = 5;
/** Machine times. Our own pace opens 12 channels a minute in the long run: no incident waits for the one before it. */
const EVERY_MS = 5_000;
const COMPLETE_WITHIN_MS = 30_000;
const Calls = z.array(z.looseObject({ durationMs: z.number(), args: z.record(z.string(), z.unknown()) }));

/** From the alarm's change of state until the pager took the first page, and until the people have their channel. */
export const alertToPeople: Measurement = {
  name: "alert",
  speed: 1,
  injected: { slackMs: SLACK_MS, pagerDutyMs: PAGERDUTY_MS },
  measure: (bench) => onStage(bench, { measurement: alertToPeople }, (stage) => play(bench, stage)),
};

async function play(bench: Bench, stage: Stage): Promise<Measured> {
  const count = bench.isQuick ? QUICK_ALERTS : ALERTS;
  const reached: Reached[] = [];
  while (reached.length < count) {
    const pause = new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    reached.push(await oneIncident(stage));
    bench.say(`incident ${reached.length} of ${count}: ${JSON.stringify(reached.at(-1))}`);
    await pause;
  }
  const pages = reached.map(({ pageMs }) => pageMs);
  const channels = reached.map(({ channelMs }) => channelMs);
  const bounds = reached.map(({ serialMs }) => serialMs);
  return {
    figures: {
      alertToPageP50Ms: quantile(pages, 0.5),
      alertToPageP99Ms: quantile(pages, 0.99),
      alertToChannelP50Ms: quantile(channels, 0.5),
      alertToChannelP99Ms: quantile(channels, 0.99),
      channelSerialBoundMs: quantile(bounds, 0.5),
    },
    notes: [
      `${count} incidents, one after another; the first is the first that the bot ever sees.`,
      `Alert to channel p50 ${Math.round(quantile(channels, 0.5))} ms, ${(quantile(channels, 0.5) / quantile(bounds, 0.5)).toFixed(3)} times the bound; the first ${Math.round(channels[0] ?? 0)} ms.`,
    ],
  };
}

interface Reached {
  readonly pageMs: number;
  readonly channelMs: number;
  readonly serialMs: number;
}

async function oneIncident(stage: Stage): Promise<Reached> {
  const { world, inventory } = stage;
  const alarm = gravestAlarm(inventory);
  const set = (state: "OK" | "ALARM") =>
    world.post("/cloudwatch/alarm", { region: alarm.region, name: alarm.name, state, reason: `${state} by the bench` });
  await set("OK");
  const seen = (await world.log()).at(-1)?.seq ?? 0;
  await set("ALARM");
  const after = async (kind: string, fits: (entry: LogEntry) => boolean = () => true) =>
    world.expectLog(kind, (entry) => entry.seq > seen && fits(entry), COMPLETE_WITHIN_MS);
  const raised = await after("cloudwatch.alarm");
  const page = await after("pagerduty.event-accepted", ({ facts }) => facts["action"] === "trigger");
  const created = await after("slack.channel-created");
  const channel = String(created.facts["channel"]);
  const here = ({ facts }: LogEntry) => facts["channel"] === channel;
  const card = await after("slack.message-posted", (entry) => here(entry) && isIncidentCard(entry));
  const invited = await after("slack.invited", here);
  await resolveIn(stage, channel);
  return {
    pageMs: page.machineMs - raised.machineMs,
    serialMs: await serialBoundMs(stage, created),
    channelMs: Math.max(created.machineMs, card.machineMs, invited.machineMs) - raised.machineMs,
  };
}

/**
 * What can only follow one another, whatever the software, by what Slack itself kept: the channel's id comes from the answer
 * to its creation; the card and the invitations need that id and nothing of each other.
 */
async function serialBoundMs({ world }: Stage, created: LogEntry): Promise<number> {
  const longest = async (method: string, fits: (args: Readonly<Record<string, unknown>>) => boolean) => {
    const calls = Calls.parse(await world.get(`/slack/calls?method=${method}`));
    return Math.max(0, ...calls.filter(({ args }) => fits(args)).map(({ durationMs }) => durationMs));
  };
  const { channel, name } = created.facts;
  const [creation, ...next] = await Promise.all([
    longest("conversations.create", (args) => args["name"] === name),
    longest("conversations.invite", (args) => args["channel"] === channel),
    longest("chat.postMessage", (args) => args["channel"] === channel),
  ]);
  if (!(creation > 0)) throw new Bug("call-unseen", `Slack has kept no creation of ${String(name)}`);
  return creation + Math.max(...next);
}

export const isIncidentCard = ({ facts }: LogEntry): boolean => String(facts["key"]).startsWith("incident:");

/** Otherwise the next alarm would join this incident. */
export async function resolveIn({ world, inventory }: Stage, channel: string): Promise<void> {
  const [person] = inventory.people.filter(({ roles }) => roles.includes("responder"));
  if (!person) throw new Bug("nobody-responds", "The file names no responder");
  const words = '/dr resolve "it was a rehearsal" "nobody" "none" "none yet" "its alarms belong to the rehearsal"';
  await world.people.as(accountOf(inventory, person.id)).types(words, { in: channel });
  await world.people.expectMessage(channel, ({ text }) => /resolved/i.test(text), COMPLETE_WITHIN_MS);
}
