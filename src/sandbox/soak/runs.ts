import { Bug } from "../../domain/errors.ts";
import { isOver, type RunState } from "../../domain/plan-run/run.ts";
import { approveButton } from "../bench/rehearsal.ts";
import { skipIdleTime } from "./idle.ts";
import { type Playing, SOON_MS, soon } from "./playing.ts";
import { PLAYING_SPEED, SOAK_SPEED } from "./speed.ts";

/** Machine time after which people type it again: on a busy machine Slack's connection may have been lost with it. */
const AGAIN_MS = 20_000;
/** Until the run's own decisions are said: it must not get past the promotion meanwhile. */
const SLOW = 2;
const COPIED_WITHIN_MS = 300_000;

interface KindOfRun {
  readonly asks: (service: string) => string;
  /** What people do with its plan. */
  readonly people: "turn keys" | "turn keys, then abort" | "reject" | "nothing";
  readonly ends: RunState["state"];
}

/** One after the other. A failover to its end would leave nothing to move in the days that follow: it is aborted. */
const KINDS: readonly KindOfRun[] = [
  {
    asks: (service) => `failover ${service} planned because of a rehearsal`,
    ...{ people: "turn keys, then abort", ends: "unwound" },
  },
  { asks: (service) => `snapshot ${service} because of a rehearsal`, people: "nothing", ends: "verified" },
  { asks: (service) => `reboot-failover ${service} because of a rehearsal`, people: "turn keys", ends: "verified" },
  { asks: (service) => `failover ${service} planned because of a mistake`, people: "reject", ends: "closed" },
];

/** The `turn`th run of the soak, in an incident and its channel, to its end. */
export async function playRun(turn: number, about: About, playing: Playing): Promise<void> {
  const kind = KINDS[turn % KINDS.length];
  if (!kind) throw new Bug("no-run", `There is no run ${turn}`);
  const { cast } = playing;
  const id = await asked(kind.asks(cast.service), about, playing);
  const { people } = playing.stage.world;
  if (kind.people === "reject") {
    const [approver = ""] = cast.approvers;
    await people.as(approver).types(`/dr reject ${id}`, { in: about.channel });
  } else if (kind.people !== "nothing") {
    await turnKeys(id, about, playing);
    if (kind.people === "turn keys, then abort") {
      await people.as(cast.responder).types(`/dr abort ${id}`, { in: about.channel });
      const fits = ({ state }: RunState) => state === "unwinding" || state === "unwound";
      await runWhere({ id, what: "unwinding", fits }, playing);
    }
  }
  // From here on nobody has to say anything: a copy of a snapshot takes half an hour of the world.
  await playing.stage.setSpeed(SOAK_SPEED);
  const passing = () => skipIdleTime(playing);
  const over = await runWhere({ id, what: "end", withinMs: COPIED_WITHIN_MS, fits: isOver, passing }, playing);
  await playing.stage.setSpeed(PLAYING_SPEED);
  if (over.state !== kind.ends) throw new Bug("soak-run", `Run ${id} ended ${over.state}: ${over.why}`);
}

interface About {
  readonly incident: string;
  readonly channel: string;
}

/** The id of what was planned. */
async function asked(words: string, { incident, channel }: About, playing: Playing): Promise<string> {
  const { stage, stores, cast } = playing;
  let typedAtMs = Number.NEGATIVE_INFINITY;
  return soon("plan", { withinMs: SOON_MS }, async () => {
    const [id] = await stores.runs.ofIncident(incident);
    if (id === undefined && Date.now() > typedAtMs + AGAIN_MS) {
      typedAtMs = Date.now();
      await stage.world.people.as(cast.responder).types(`/dr ${words}`, { in: channel });
    }
    return id;
  });
}

async function turnKeys(id: string, { channel }: About, playing: Playing): Promise<void> {
  const { stage, stores, cast } = playing;
  const { people } = stage.world;
  const plan = await people.expectMessage(channel, (message) => approveButton(message) !== undefined, SOON_MS);
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
