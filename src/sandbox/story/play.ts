import { Bug } from "../../domain/errors.ts";
import type { Person } from "../../domain/people/person.ts";
import { isOver } from "../../domain/plan-run/run.ts";
import { approversOf } from "../../domain/service/access.ts";
import { findPerson } from "../../domain/service/inventory.ts";
import type { Service } from "../../domain/service/service.ts";
import type { SeenMessage, SeenView } from "../../simulators/slack/people.ts";
import type { LogEntry } from "../../simulators/world/log.ts";
import { gravestAlarm } from "../bench/alarms.ts";
import { seenRun } from "../bench/rehearsal.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import type { Transcript } from "./transcript.ts";

/** Machine times. */
const SOON_MS = 20_000;
const VERIFIED_WITHIN_MS = 180_000;
const CLOCK_SETTLES_MS = 2_200;
const READING_MS = 6_000;
/** World times. */
const UPDATE_DUE_MS = 30 * 60_000;
/** Nobody writes an update by hand: the target for the first one passes, and the channel is told. */
const UPDATE_WANTED_MS = 20 * 60_000;
/** The draft lies open for two minutes before it goes out; the story joins in the middle of that. */
const BEFORE_UPDATE_MS = 60_000;

/** What the story needs to be judged, beside the world's log. */
export interface Played {
  readonly runId: string;
  readonly channel: string;
  readonly darkAtMs: number;
  readonly alarm: LogEntry;
  readonly requester: Person;
  readonly keyHolders: readonly Person[];
  readonly refusedRequester: boolean;
  readonly lastKeyMs: number;
  readonly verifiedMs: number;
  readonly runState: string;
  readonly workerKills: number;
  readonly resumedAfterMs: number;
}

/** UTC. When the story begins. */
export const BEFORE_DAWN = { hours: 3, minutes: 12 };

/** The worst night of the year, in five acts. World time is moved only between them. */
export async function play(stage: Stage, transcript: Transcript, names: Map<string, string>): Promise<Played> {
  const [service] = stage.inventory.services;
  if (!service) throw new Bug("nothing-protected", "The file protects no service");
  const told: Told = { stage, transcript, service, cast: castOf(stage, service.name) };
  const { cast } = told;

  await quietNight(told);
  const { darkAtMs, alarm, channel } = await homeGoesDark(told, names);
  const { started, refusedRequester } = await twoKeys(told, channel);
  const { verified, resumedAfterMs } = await failoverAndKill(told, { run: started.plan.id, channel });
  await transcript.act(5, "Half an hour goes by, and the incident is closed");
  await halfAnHour(stage, { alarm, channel });
  await resolve(stage, cast.onCall, channel);

  return {
    runId: started.plan.id,
    ...{ channel, darkAtMs, alarm, requester: cast.requester, refusedRequester },
    keyHolders: started.keys.flatMap(({ by }) => findPerson(stage.inventory, by) ?? []),
    lastKeyMs: Math.max(...started.keys.map(({ atMs }) => atMs)),
    verifiedMs: verified.endedAtMs ?? 0,
    workerKills: resumedAfterMs.length,
    resumedAfterMs: Math.max(...resumedAfterMs),
    runState: verified.state,
  };
}

interface Told {
  readonly stage: Stage;
  readonly transcript: Transcript;
  readonly service: Service;
  readonly cast: ReturnType<typeof castOf>;
}

const as = ({ world, inventory }: Stage, person: Person) => world.people.as(accountOf(inventory, person.id));

async function quietNight({ stage, transcript, service, cast }: Told): Promise<void> {
  transcript.say(
    `${cast.onCall.name} is on call. ${cast.requester.name} will ask for the failover; two others must agree.`,
  );
  await transcript.act(1, `A quiet night. ${service.name} serves from ${service.home}`);
  transcript.follow();
  await as(stage, cast.onCall).types("/dr status", { in: stage.inventory.file.alerts.channel });
}

/** Ends when somebody has acknowledged. `names`: of channels, which grow by the incident's. */
async function homeGoesDark({ stage, transcript, service, cast }: Told, names: Map<string, string>) {
  const { world, inventory } = stage;
  await transcript.act(2, `${service.home} goes dark`);
  await world.setRegion(service.home, "dark");
  const darkAtMs = await world.now();
  const { region, name } = gravestAlarm(inventory);
  await world.raiseAlarm(region, name, `${service.name} does not answer`);
  const alarm = await world.expectLog(
    "cloudwatch.alarm",
    ({ facts }) => facts["name"] === name && facts["state"] === "ALARM",
    SOON_MS,
  );
  // Responders and who is on call are invited by two duties, each in its own time.
  const wanted = [cast.requester, cast.onCall].map(({ id }) => accountOf(inventory, id));
  const channel = await world.people.expectChannel(
    ({ name: room = "", members }) => room.startsWith("inc-") && wanted.every((account) => members.includes(account)),
    SOON_MS,
  );
  names.set(channel.id, `#${channel.name ?? ""}`);
  const card = await world.people.expectMessage(
    channel.id,
    (message) => buttonOf(message, "ack") !== undefined,
    SOON_MS,
  );
  await as(stage, cast.onCall).clicks(buttonOf(card, "ack") ?? "", { in: channel.id, message: card });
  await world.expectLog("pagerduty.acknowledged", () => true, SOON_MS);
  return { darkAtMs, alarm, channel: channel.id };
}

/** Ends when the run has begun. */
async function twoKeys({ stage, transcript, service, cast }: Told, channel: string) {
  const { world, inventory } = stage;
  await transcript.act(3, "Two keys");
  await as(stage, cast.requester).types(`/dr failover ${service.name} because ${service.home} is dark`, {
    in: channel,
  });
  const plan = await world.people.expectMessage(
    channel,
    (message) => buttonOf(message, "approve") !== undefined,
    SOON_MS,
  );
  // People read before they sign: a minute of the night.
  await new Promise((resolve) => setTimeout(resolve, READING_MS));
  // It would not count, so no form opens.
  await pressKey(stage, cast.requester, { plan, channel });
  const refusedRequester = await world.people
    .expectEphemeral(
      accountOf(inventory, cast.requester.id),
      ({ text }) => text.includes("your own key does not count"),
      SOON_MS,
    )
    .then(
      () => true,
      () => false,
    );
  for (const person of cast.keyHolders) await turnKey(stage, person, { plan, channel });
  const started = await seenRun(
    stage,
    { id: undefined, withinMs: SOON_MS },
    ({ state }) => state !== "waiting-for-keys",
  );
  return { started, refusedRequester };
}

/** Ends when the run is verified, and throws where it ends otherwise. `resumedAfterMs`: of each kill, machine time. */
async function failoverAndKill(
  { stage, transcript }: Told,
  { run: id, channel }: { readonly run: string; readonly channel: string },
) {
  const { world } = stage;
  await transcript.act(4, "The failover, and a worker killed in the middle of it");
  await world.expectLog("rds.promotion-accepted", () => true, VERIFIED_WITHIN_MS);
  const resumedAfterMs = [await killDriver(stage, id, transcript)];
  const verified = await seenRun(
    stage,
    { id, withinMs: VERIFIED_WITHIN_MS },
    (run) => isOver(run) || run.state === "stopped",
  );
  if (verified.state !== "verified")
    throw new Bug("story-not-verified", `The run is ${verified.state}: ${verified.why}`);
  await world.people.expectMessage(channel, ({ text }) => text.includes("verified"), SOON_MS);
  return { verified, resumedAfterMs };
}

/** Ends when the update that nobody wrote has gone out. */
async function halfAnHour(
  stage: Stage,
  { alarm, channel }: { readonly alarm: LogEntry; readonly channel: string },
): Promise<void> {
  const { world } = stage;
  for (const afterMs of [UPDATE_WANTED_MS, UPDATE_DUE_MS - BEFORE_UPDATE_MS])
    await jump(stage, Math.max(0, alarm.worldMs + afterMs - (await world.now())));
  await world.people.expectMessage(channel, ({ text }) => text.startsWith("Status update"), SOON_MS);
}

/** One approver asks, two others turn their keys, and somebody on call acknowledges. */
function castOf({ inventory }: Stage, service: string) {
  const approvers = approversOf(inventory, service);
  const requester = approvers.find(({ roles }) => roles.includes("responder"));
  const keyHolders = approvers.filter((person) => person !== requester).slice(0, inventory.file.approvals.required);
  // Whoever is on call in a derived world: see `derivePagerDuty`.
  const [onCall] = inventory.people
    .filter((person) => person.roles.includes("responder") && !approvers.includes(person))
    .toSorted((one, other) => Number(one.roles.includes("commander")) - Number(other.roles.includes("commander")));
  if (!requester || !onCall || keyHolders.length < 2)
    throw new Bug("cast-too-small", "The file has too few people for the story");
  return { requester, keyHolders, onCall };
}

/** Bots follow the shared clock within a second; nobody acts before they have. */
async function jump(stage: Stage, worldMs: number): Promise<void> {
  await stage.jump(worldMs);
  await new Promise((resolve) => setTimeout(resolve, CLOCK_SETTLES_MS));
}

interface PlanCard {
  readonly plan: SeenMessage;
  readonly channel: string;
}

async function pressKey({ world, inventory }: Stage, person: Person, { plan, channel }: PlanCard): Promise<void> {
  const me = world.people.as(accountOf(inventory, person.id));
  await me.clicks(buttonOf(plan, "approve") ?? "", { in: channel, message: plan });
}

async function turnKey(stage: Stage, person: Person, card: PlanCard): Promise<void> {
  await pressKey(stage, person, card);
  const { world, inventory } = stage;
  const account = accountOf(inventory, person.id);
  const form = await world.people.expectView(account, undefined, SOON_MS);
  await world.people.as(account).submits(
    form,
    answers(form, () => "yes"),
  );
}

/** As the power would do it. Machine milliseconds until the other bot has taken the run over. */
async function killDriver(stage: Stage, id: string, transcript: Transcript): Promise<number> {
  const { epoch, worker } = await seenRun(stage, { id, withinMs: SOON_MS }, (run) => run.epoch > 0);
  const driver = stage.bots.find(({ pid }) => pid !== undefined && worker?.endsWith(`:${pid}`));
  if (!driver) throw new Bug("driver-unknown", `No bot of this stage is ${worker ?? "the driver"}`);
  const killedMs = Date.now();
  transcript.say(`kill -9 ${driver.pid ?? ""} (${driver.name}, which was driving the run)`);
  await driver.kill();
  await seenRun(stage, { id, withinMs: VERIFIED_WITHIN_MS }, (run) => run.epoch > epoch || isOver(run));
  const tookMs = Date.now() - killedMs;
  transcript.say(`the other bot has the run, ${(tookMs / 1_000).toFixed(1)} s later`);
  driver.start();
  await driver.ready();
  return tookMs;
}

const RESOLUTION: Readonly<Record<string, string>> = {
  details: "Users are served by the standby region; its database was promoted.",
  impact: "Orders could not be placed from the moment the region went dark until users were moved.",
  followUps: "Build a new replica in the old region, then plan the way back.",
  lessons: "Two people, one plan, no hero.",
};

async function resolve({ world, inventory }: Stage, person: Person, channel: string): Promise<void> {
  const account = accountOf(inventory, person.id);
  const me = world.people.as(account);
  await me.types("/dr resolve", { in: channel });
  const form = await world.people.expectView(account, undefined, SOON_MS);
  await me.submits(
    form,
    answers(form, (id) => RESOLUTION[id] ?? "nothing to add"),
  );
  await world.people.expectMessage(channel, ({ text }) => text.startsWith("Resolved"), SOON_MS);
}

function answers(form: SeenView, answer: (id: string) => string): Record<string, string> {
  const ids = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
  return Object.fromEntries(
    ids.map((id) => [id, answer(Object.keys(RESOLUTION).find((field) => id.includes(field)) ?? id)]),
  );
}

export function buttonOf({ blocks }: SeenMessage, intent: string): string | undefined {
  const elements = blocks.flatMap((block) => (Array.isArray(block["elements"]) ? block["elements"] : []));
  return elements
    .map((element: { action_id?: string }) => element.action_id)
    .find((id) => id?.startsWith(`intent:${intent}:`));
}
