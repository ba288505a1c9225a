import { setTimeout as nap } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { inventoryFrom } from "../../src/domain/service/inventory.ts";
import type { Service } from "../../src/domain/service/service.ts";
import type { Aws } from "../../src/integrations/aws/aws.ts";
import { gravestAlarm } from "../../src/sandbox/bench/alarms.ts";
import { seenRun } from "../../src/sandbox/bench/rehearsal.ts";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { rewrite, rewritesFor } from "../../src/sandbox/rewrites.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { Outcome, SeenMessage, SlackPeople } from "../../src/simulators/slack/people.ts";
import { eventually } from "./eventually.ts";
import { silent, UNASKED } from "./fakes/index.ts";
import { freshRedisUrl } from "./redis.ts";

/** The built one: it starts the built bot and the built world beside itself. */
const BUILT = new URL("../../dist/sandbox/stage.js", import.meta.url).href;
/** Machine time: what AWS is asked in a dark region runs out first. */
const SOON_MS = 60_000;
/** A plan is to be started within 15 minutes: three for the machine. */
export const SPEED_FOR_KEYS = 5;

export interface StageWish {
  readonly example: "inventory" | "regami";
  readonly speed: number;
  readonly bots?: number;
  /** A server of the test's own, empty; absent: a database of the test run's Redis. */
  readonly redisUrl?: string;
  /** The bots read their secrets from files. */
  readonly secretsInFiles?: boolean;
  /** Where the bots' ledgers lie; absent: beside their logs. */
  readonly ledgers?: string;
}

/** A simulated world and real bots, each in a process of its own, on a database of the test's Redis. */
export async function startTestStage({
  example,
  speed,
  bots = 1,
  redisUrl,
  secretsInFiles = false,
  ledgers,
}: StageWish): Promise<Stage> {
  // Compiled from the module whose type this is.
  const { startStage } = (await import(BUILT)) as typeof import("../../src/sandbox/stage.ts");
  const stage = await startStage({
    ...{ speed, bots, seed: 1, logger: silent, secretsInFiles },
    ...(ledgers === undefined ? {} : { ledgers }),
    // A quarter less to compute than within the small heap of `npm start`: what a bot says and does hangs on no heap.
    botOptions: [QUICKER_START],
    config: fileURLToPath(new URL(`../../examples/${example}.yaml`, import.meta.url)),
    inherited: {
      path: process.env["PATH"] ?? "",
      home: process.env["HOME"] ?? "",
      redisUrl: redisUrl ?? (await freshRedisUrl()),
      redisSkip: undefined,
    },
  });
  if (bots === 0) return stage;
  // A bot is ready without Slack; whoever types has to find it connected.
  const connected = stage.world.expectLog("slack.socket-opened", ({ facts }) => Number(facts["open"]) >= bots, SOON_MS);
  await connected.catch(async (error: unknown) => {
    await stage.stop();
    throw error;
  });
  return stage;
}

/** The run as soon as it fits; throws after that much machine time, with what it is instead. */
export function runWhere(
  stage: Stage,
  { id, withinMs = 60_000 }: { readonly id: string; readonly withinMs?: number | undefined },
  fits: (run: RunState) => boolean,
) {
  return seenRun(stage, { id, withinMs }, fits);
}

/** How often an operation took effect in this world. */
export async function timesOf({ world }: Stage, operation: string): Promise<number> {
  return (await world.log("aws.mutation")).filter(({ facts }) => facts["operation"] === operation).length;
}

/** A plan that waits for keys: the run's id, and the card that people press. */
export interface WaitingPlan {
  readonly id: string;
  readonly card: SeenMessage;
}

/** Somebody types the words; resolves when the card of the plan that came of it is there. */
export async function askFor(
  stage: Stage,
  {
    slackId,
    words,
    channel = stage.inventory.file.alerts.channel,
  }: { readonly slackId: string; readonly words: string; readonly channel?: string | undefined },
): Promise<WaitingPlan> {
  const { people } = stage.world;
  const said = await answerTo(stage, { slackId, words, channel }, / is made\./);
  const [, id = ""] = /Plan (\S+) is made/.exec(said.text) ?? [];
  const card = await people.expectMessage(
    channel,
    (message) => message.text.includes(id) && buttonOf(message, "approve") !== undefined,
    SOON_MS,
  );
  await seenRun(stage, { id, withinMs: SOON_MS }, ({ state }) => state === "waiting-for-keys");
  return { id, card };
}

/** What only the person who typed the words is told, as soon as it fits; the error shows what was said instead. */
export async function answerTo(
  { world }: Stage,
  { slackId, words, channel }: { readonly slackId: string; readonly words: string; readonly channel: string },
  fits: RegExp,
) {
  return answerAfter(world.people, { slackId, fits }, async () => {
    const { ack } = await world.people.as(slackId).types(words, { in: channel });
    if (!ack.ok) throw new Error(`“${words}” was not acknowledged: ${ack.error ?? ""}`);
  });
}

/** What only this person is told after the act, as soon as it fits. */
export async function answerAfter(
  people: SlackPeople,
  { slackId, fits }: { readonly slackId: string; readonly fits: RegExp },
  act: () => Promise<unknown>,
): Promise<SeenMessage> {
  const before = new Set((await people.ephemerals(slackId)).map(({ ts }) => ts));
  await act();
  return people.expectEphemeral(slackId, ({ ts, text }) => !before.has(ts) && fits.test(text), SOON_MS);
}

/** “Review and turn my key” on the card, as it was when the plan was made. */
export function pressKey({ world, inventory }: Stage, slackId: string, { card }: WaitingPlan): Promise<Outcome> {
  const button = buttonOf(card, "approve") ?? "";
  const channel = card.channel ?? inventory.file.alerts.channel;
  return world.people.as(slackId).clicks(button, { in: channel, message: card, stale: true });
}

/** The button, and the form behind it, every sentence of it agreed to. Resolves to what is said of it. */
export async function turnKey(
  stage: Stage,
  slackId: string,
  { plan, fits = /^Your key/ }: { readonly plan: WaitingPlan; readonly fits?: RegExp | undefined },
): Promise<SeenMessage> {
  const { people } = stage.world;
  return answerAfter(people, { slackId, fits }, async () => {
    await pressKey(stage, slackId, plan);
    await agreeToAll(stage, slackId);
  });
}

/** Agrees to every sentence of the form that is open. */
export async function agreeToAll({ world: { people } }: Stage, slackId: string): Promise<void> {
  const form = await people.expectView(slackId, undefined, SOON_MS);
  const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
  await people.as(slackId).submits(form, Object.fromEntries(inputs.map((id) => [id, "yes"])));
}

interface Button {
  readonly intent: string;
  /** The run that the button is about: other cards may still show theirs. */
  readonly run: string;
  readonly channel: string;
}

/** A button of a run's card in the channel, as soon as it is there. */
export async function press({ world }: Stage, slackId: string, { intent, run, channel }: Button): Promise<Outcome> {
  const isAbout = ({ blocks }: SeenMessage) => JSON.stringify(blocks).includes(`"value":"${run}"`);
  const message = await world.people.expectMessage(
    channel,
    (each) => isAbout(each) && buttonOf(each, intent) !== undefined,
    SOON_MS,
  );
  return world.people.as(slackId).clicks(buttonOf(message, intent) ?? "", { in: channel, message });
}

/** The gravest alarm rings although every region answers. Resolves to the incident's channel when `slackIds` are in it. */
export async function openIncident({ world, inventory }: Stage, slackIds: readonly string[]): Promise<string> {
  const { region, name } = gravestAlarm(inventory);
  await world.raiseAlarm(region, name, "the application answers with errors");
  const channel = await world.people.expectChannel(
    (each) => each.name?.startsWith("inc-") === true && slackIds.every((id) => each.members.includes(id)),
    SOON_MS,
  );
  return channel.id;
}

/** The first service as it is in this world: what is named otherwise there is renamed. */
export function serviceInWorld({ inventory: { file } }: Stage): Service {
  const [service] = inventoryFrom(rewrite(file, rewritesFor(file))).services;
  if (!service) throw new Error("the example has a service");
  return service;
}

/** AWS of this world for somebody who is not the bot: to look, and to change what the bot does not know of. */
export async function somebodyElsesAws({ world, inventory }: Stage): Promise<Aws> {
  // Half of what a scenario loads, for the few that ask AWS themselves.
  const { createAws } = await import("../../src/integrations/aws/aws.ts");
  const { LOOK_ACTIONS } = await import("../../src/flows/resources/looks.ts");
  const env = z.record(z.string(), z.string()).parse(await world.get("/env"));
  const aws = createAws({
    ...{ stsRegion: inventory.file.aws.sts, endpoint: env["AWS_ENDPOINT_URL"] },
    clock: { now: Date.now, speed: 1, sleep: (ms) => nap(ms) },
    looks: LOOK_ACTIONS,
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
  return { ...aws, ...aws.guardedBy(UNASKED, []) };
}

/** Resolves when the stage itself reaches Redis again: it fails fast, as the bots do. */
export async function reconnected({ redis }: Stage): Promise<void> {
  await eventually("connection to Redis", () => redis.ping().catch(() => undefined));
}

/** Resolves when that much world time has gone by. */
export async function worldTimePasses({ world }: Stage, worldMs: number): Promise<void> {
  const untilMs = (await world.now()) + worldMs;
  await eventually(`world time ${untilMs}`, async () => ((await world.now()) >= untilMs ? true : undefined));
}
