import { createStores, type Stores } from "../../app/stores.ts";
import { Bug } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incident/incident.ts";
import { dueChange } from "../../flows/incident/index.ts";
import { CORRELATION_ID } from "../../flows/incident/intake/correlate.ts";
import type { LogEntry } from "../../simulators/world/log.ts";
import { WITHOUT_KEY } from "../../store/seal.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { gravestAlarm } from "./alarms.ts";
import { isIncidentCard, resolveIn } from "./alert.ts";
import type { Bench, Measured, Measurement, Scale } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { cpuMs, rssMb } from "./process-cost.ts";
import { quantile } from "./samples.ts";

const FEW = 10;
const MANY = 1_000;
const QUICK_MANY = 300;
const LIVES = 5;
const QUICK_LIVES = 2;
/** Machine times, which are world times here. A life begins every so often, as fast as our own pace opens channels. */
const LIFE_EVERY_MS = 5_000;
const STANDING_MS = 20_000;
const QUIET_MS = 10_000;
const SOON_MS = 30_000;
const LOOK_EVERY_MS = 25;
/**
 * How often the pager is read for an incident that somebody has taken, and the part of that in which all of them have
 * their turn: within it we measure what standing open costs, and after it, in the quiet, what one more costs.
 */
const EVIDENCE_EVERY_MS = 60_000;
const EVIDENCE_WITHIN_MS = 16_000;

/**
 * What one more incident costs, from its alarm to its resolution, beside ten open ones and beside a thousand. The open
 * ones are copies of an incident that was really opened and taken, each of a service of its own, all of this minute:
 * opening them one by one would take an hour at the rate at which Slack opens channels.
 */
export const manyIncidents: Measurement = {
  name: "scale",
  speed: 1,
  injected: {},
  measure: (bench) => onStage(bench, { measurement: manyIncidents }, (stage) => play(bench, stage)),
};

interface Cost {
  readonly cpuMs: number;
  readonly commands: number;
}

interface Level {
  /** Of everything that stands open, a minute. */
  readonly standing: Cost;
  /** The median life's. */
  readonly life: Cost;
  readonly rssMb: number;
}

async function play(bench: Bench, stage: Stage): Promise<Measured> {
  const stores = createStores(stage.redis, Date.now, WITHOUT_KEY);
  const taken = await openAndTake(stage, stores);
  await settled(stores, stage);
  // A call that is under way would be made again for every copy.
  const isIdle = ({ duties }: Incident) => Object.values(duties).every(({ state }) => state === "done");
  const model = await seen(
    stores,
    taken.id,
    (incident) => incident.changes === incident.cardChanges && isIdle(incident),
  );
  // The next alarm would join it.
  await resolveAs(stage, stores, model);
  const many = bench.isQuick ? QUICK_MANY : MANY;
  const levels: Level[] = [];
  for (const count of [FEW, many]) {
    await settled(stores, stage);
    await copies(stores, model, { from: levels.length > 0 ? FEW + 1 : 1, to: count, nowMs: await stage.world.now() });
    levels.push(await measureLevel(bench, stage, stores));
    bench.say(`beside ${count} open incidents: ${JSON.stringify(levels.at(-1))}`);
  }
  const [few, lots] = levels;
  if (!few || !lots) throw new Bug("level-missing", "Two levels are compared");
  const scale: Scale = {
    ...{ few: FEW, many },
    cpuMs: [few.life.cpuMs, lots.life.cpuMs],
    commands: [few.life.commands, lots.life.commands],
    rssMb: [few.rssMb, lots.rssMb],
    standingCpuMs: lots.standing.cpuMs / many,
    standingCommands: lots.standing.commands / many,
  };
  const each = (values: readonly [number, number]) => values.map(Math.round).join(" and ");
  return {
    figures: { scale },
    notes: [
      `One more incident, alarm to resolved, beside ${FEW} and beside ${many} open: ${each(scale.cpuMs)} ms of the bot's processor time, ${each(scale.commands)} commands of Redis, medians of ${bench.isQuick ? QUICK_LIVES : LIVES}.`,
      `An open incident itself: ${scale.standingCpuMs.toFixed(1)} ms and ${scale.standingCommands.toFixed(1)} commands a minute.`,
      `The bot's stores afterwards: ${each(scale.rssMb)} MB.`,
    ],
  };
}

async function measureLevel(bench: Bench, stage: Stage, stores: Stores): Promise<Level> {
  const standing = await costOf(stage, () => pause(STANDING_MS));
  const quiet = await costOf(stage, () => pause(QUIET_MS));
  const lives: Cost[] = [];
  while (lives.length < (bench.isQuick ? QUICK_LIVES : LIVES)) {
    const spent = await costOf(stage, () => Promise.all([oneLife(stage, stores), pause(LIFE_EVERY_MS)]));
    // What would have been spent anyhow in that time.
    const share = spent.tookMs / quiet.tookMs;
    lives.push({ cpuMs: spent.cpuMs - quiet.cpuMs * share, commands: spent.commands - quiet.commands * share });
  }
  const median = (of: (cost: Cost) => number) => quantile(lives.map(of), 0.5);
  // Each stands in that part of the minute once; what goes on without them does not count.
  const share = standing.tookMs / quiet.tookMs;
  return {
    standing: {
      cpuMs: standing.cpuMs - quiet.cpuMs * share,
      commands: standing.commands - quiet.commands * share,
    },
    life: { cpuMs: median((cost) => cost.cpuMs), commands: median((cost) => cost.commands) },
    rssMb: await rssMb(stage.bots[0]?.pid),
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function costOf({ bots, redis }: Stage, work: () => Promise<unknown>): Promise<Cost & { tookMs: number }> {
  const [bot] = bots;
  const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
  const before = { cpu: await cpuMs(bot?.pid), commands: await commands(), atMs: performance.now() };
  await work();
  const tookMs = performance.now() - before.atMs;
  return { tookMs, commands: (await commands()) - before.commands, cpuMs: (await cpuMs(bot?.pid)) - before.cpu };
}

/** Alarm, channel with card and people, somebody takes it, resolved. */
async function oneLife(stage: Stage, stores: Stores): Promise<void> {
  await resolveAs(stage, stores, await openAndTake(stage, stores));
}

async function resolveAs(stage: Stage, stores: Stores, { id, channel }: Incident): Promise<void> {
  await resolveIn(stage, channel?.id ?? "");
  await seen(stores, id, ({ state }) => state !== "open");
}

export async function openAndTake(stage: Stage, stores: Stores): Promise<Incident> {
  const { world, inventory } = stage;
  const alarm = gravestAlarm(inventory);
  const set = (state: "OK" | "ALARM") =>
    world.post("/cloudwatch/alarm", { region: alarm.region, name: alarm.name, state, reason: `${state} by the bench` });
  await set("OK");
  const before = (await world.log()).at(-1)?.seq ?? 0;
  await set("ALARM");
  const after = (kind: string, fits: (entry: LogEntry) => boolean = () => true) =>
    world.expectLog(kind, (entry) => entry.seq > before && fits(entry), SOON_MS);
  const { facts } = await after("slack.channel-created");
  const channel = String(facts["channel"]);
  await after("slack.message-posted", (entry) => entry.facts["channel"] === channel && isIncidentCard(entry));
  await after("slack.invited", (entry) => entry.facts["channel"] === channel);
  const [person] = inventory.people.filter(({ roles }) => roles.includes("responder"));
  if (!person) throw new Bug("nobody-responds", "The file names no responder");
  await world.people.as(accountOf(inventory, person.id)).types("/dr ack", { in: channel });
  const id = String(facts["name"]).split("-").at(-1) ?? "";
  return seen(stores, id, ({ acks }) => acks.length > 0);
}

async function seen({ incidents }: Stores, id: string, fits: (incident: Incident) => boolean): Promise<Incident> {
  for (const deadline = Date.now() + SOON_MS; Date.now() < deadline; await pause(LOOK_EVERY_MS)) {
    const found = (await incidents.get(id))?.value;
    if (found && fits(found)) return found;
  }
  throw new Bug("incident-not-there", `Incident ${id} did not get there within ${SOON_MS} ms`);
}

/** Nothing is due any more: what opening has set off must not count as standing. */
export async function settled(stores: Stores, { world }: Stage): Promise<void> {
  for (const deadline = Date.now() + SOON_MS; Date.now() < deadline; await pause(LOOK_EVERY_MS)) {
    const nowMs = await world.now();
    const [incidents, cards] = await Promise.all([stores.incidents.due(nowMs, 1), stores.cards.due(nowMs, 1)]);
    if (incidents.length + cards.length === 0) return;
  }
}

interface Copies {
  readonly from: number;
  readonly to: number;
  readonly nowMs: number;
}

async function copies({ incidents, correlation }: Stores, model: Incident, { from, to, nowMs }: Copies): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const rows = numbers.map((number) => ({
    id: `copy${number}`,
    scope: "service" as const,
    services: [`service-${number}`],
    severity: model.severity,
    openedAtMs: nowMs,
    absorbed: [],
  }));
  for (const [index, { id, services }] of rows.entries()) {
    const trigger = model.duties["trigger:1"];
    if (!trigger) throw new Bug("never-paged", "The incident that is copied was never at the pager");
    const retryAtMs = nowMs + ((index + 1) / rows.length) * EVIDENCE_WITHIN_MS;
    const value: Incident = {
      ...model,
      ...{ id, services, channelName: `${model.channelName}-${id}` },
      ...(model.channel === undefined ? {} : { channel: { id: `C${id.toUpperCase()}`, name: `inc-${id}` } }),
      duties: {
        ...model.duties,
        "trigger:1": { ...trigger, intentAtMs: nowMs - EVIDENCE_EVERY_MS },
        evidence: { ...trigger, state: "retry", retryAtMs },
      },
    };
    await incidents.change(id, () => dueChange({ value, events: [] }, nowMs));
  }
  await correlation.change(CORRELATION_ID, (current) => ({
    value: { alarms: current?.alarms ?? [], open: [...(current?.open ?? []), ...rows] },
    events: [],
  }));
}
