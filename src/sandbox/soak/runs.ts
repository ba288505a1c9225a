import { Bug } from "../../domain/errors.ts";
import { isOver, type RunState, WAITS_FOR_PEOPLE } from "../../domain/plan-run/run.ts";
import type { SeenMessage } from "../../simulators/slack/people.ts";
import { approveButton } from "../bench/rehearsal.ts";
import { skipIdleTime } from "./idle.ts";
import { type KindOfRun, kindOfRun } from "./kinds.ts";
import { type Playing, SOON_MS, soon } from "./playing.ts";
import { PLAYING_SPEED, SOAK_SPEED } from "./speed.ts";

/** Machine time after which people type it again: on a busy machine Slack's connection may have been lost with it. */
const AGAIN_MS = 20_000;
/** Until the run's own decisions are said: it must not get past the promotion meanwhile. */
const SLOW = 2;
const OVER_WITHIN_MS = 300_000;

/** The `turn`th run of the soak, in an incident and its channel, to its end. */
export async function playRun(turn: number, about: About, playing: Playing): Promise<void> {
  const kind = kindOfRun(turn);
  const { stage, cast, standby } = playing;
  if (kind.afterMistake) await rejected(kind, about, playing);
  const id = await asked(kind.asks(cast.service), about, playing);
  if (kind.people !== "nothing") await turnKeys(id, about, playing);
  if (kind.people === "turn keys, then abort") {
    await stage.world.people.as(cast.responder).types(`/dr abort ${id}`, { in: about.channel });
    const fits = ({ state }: RunState) => state === "unwinding" || state === "unwound";
    await runWhere({ id, what: "unwinding", fits }, playing);
  }
  const over = await endOf(id, kind, playing);
  count(over, playing);
  if (over.state !== kind.ends) throw new Bug("soak-run", `Run ${id} ended ${over.state}: ${over.why}`);
  if (kind.isMove) standby.lost(over.plan);
}

/** From here on nobody has to say anything: a copy of a snapshot takes half an hour of the world. */
async function endOf(id: string, { isMove }: KindOfRun, playing: Playing): Promise<RunState> {
  const end = { id, what: "end", withinMs: OVER_WITHIN_MS, fits: isDecided };
  // The promotion rests on looks at the old side every 15 s: no jump may go over them.
  await playing.stage.setSpeed(isMove ? PLAYING_SPEED : SOAK_SPEED);
  const over = await runWhere(isMove ? end : { ...end, passing: () => skipIdleTime(playing) }, playing);
  await playing.stage.setSpeed(PLAYING_SPEED);
  return over;
}

/** It is over, or waits for people who do not come. */
const isDecided = (run: RunState): boolean => isOver(run) || WAITS_FOR_PEOPLE.some((state) => state === run.state);

/** A plan that nobody meant. */
async function rejected({ asks }: KindOfRun, about: About, playing: Playing): Promise<void> {
  const { stage, cast } = playing;
  const id = await asked(asks(cast.service), about, playing);
  const [approver = ""] = cast.approvers;
  await stage.world.people.as(approver).types(`/dr reject ${id}`, { in: about.channel });
  count(await runWhere({ id, what: "end", fits: ({ state }) => state === "closed" }, playing), playing);
}

function count({ plan, state }: RunState, { ended }: Playing): void {
  const how = `${plan.runbook} ${state}`;
  ended.set(how, (ended.get(how) ?? 0) + 1);
}

interface About {
  readonly incident: string;
  readonly channel: string;
}

/** The id of what was planned. */
async function asked(words: string, { incident, channel }: About, playing: Playing): Promise<string> {
  const { stage, stores, cast } = playing;
  let typedAtMs = Number.NEGATIVE_INFINITY;
  const before = await stores.runs.ofIncident(incident);
  const planned = async () => {
    const id = (await stores.runs.ofIncident(incident)).find((each) => !before.includes(each));
    if (id === undefined && Date.now() > typedAtMs + AGAIN_MS) {
      typedAtMs = Date.now();
      await stage.world.people.as(cast.responder).types(`/dr ${words}`, { in: channel });
    }
    return id;
  };
  return soon(`plan for ${words}`, { withinMs: SOON_MS }, planned).catch(async (error: unknown) => {
    const answers = await stage.world.people.ephemerals(cast.responder);
    throw new Bug("no-plan", `The last answer was: ${answers.at(-1)?.text}`, { cause: error });
  });
}

async function turnKeys(id: string, { channel }: About, playing: Playing): Promise<void> {
  const { stage, stores, cast } = playing;
  const { people } = stage.world;
  // The card of a plan that was rejected a moment ago may still have its buttons.
  const isOurs = (message: SeenMessage) =>
    approveButton(message) !== undefined && JSON.stringify(message.blocks).includes(id);
  const plan = await people.expectMessage(channel, isOurs, SOON_MS);
  await stage.setSpeed(SLOW);
  for (const [index, approver] of cast.approvers.entries()) {
    await people.as(approver).clicks(approveButton(plan) ?? "", { in: channel, message: plan, stale: true });
    if ((await stores.runs.read(id))?.plan.acceptances.length) {
      const form = await people.expectView(approver, undefined, SOON_MS);
      const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
      await people.as(approver).submits(form, Object.fromEntries(inputs.map((input) => [input, "yes"])));
    }
    await runWhere({ id, what: "key", fits: ({ keys }) => keys.length > index }, playing);
  }
  await runWhere({ id, what: "start", fits: ({ state }) => state !== "waiting-for-keys" }, playing);
}

interface Awaited {
  readonly id: string;
  readonly what: string;
  readonly withinMs?: number;
  readonly fits: (run: RunState) => boolean;
  /** How time passes until then; absent: by itself. */
  readonly passing?: () => Promise<void>;
}

function runWhere({ id, what, withinMs = SOON_MS, fits, passing }: Awaited, { stores }: Playing): Promise<RunState> {
  const find = async () => {
    const run = await stores.runs.read(id);
    return run && fits(run) ? run : undefined;
  };
  return soon(`${what} of ${id}`, { withinMs, passing }, find);
}
