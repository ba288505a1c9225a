import { Bug } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incident/incident.ts";
import { isOver, type RunState } from "../../domain/plan-run/run.ts";
import { approveButton } from "../bench/rehearsal.ts";
import { accountOf } from "../derive-slack.ts";
import { type Playing, soon } from "./playing.ts";
import { PLAYING_SPEED, SOAK_SPEED } from "./speed.ts";

/** Machine time: much is done beside it. */
const SOON_MS = 60_000;
/** While keys are turned and the run is aborted: it must not get past the promotion meanwhile. */
const SLOW = 2;

/** Channel, card and people; somebody takes it; perhaps a run that is started and aborted; resolved. */
export async function playIncident(withRun: boolean, playing: Playing): Promise<void> {
  const { stage, stores } = playing;
  const { people } = stage.world;
  await stage.setSpeed(PLAYING_SPEED);
  const opened = await soon("open incident with a channel", SOON_MS, () => openIncident(playing));
  const channel = opened.channel?.id ?? "";
  const { responder } = castOf(playing);
  const incidentWhere = (what: string, fits: (incident: Incident) => boolean) =>
    soon(what, SOON_MS, async () => {
      const found = (await stores.incidents.get(opened.id))?.value;
      return found && fits(found) ? found : undefined;
    });
  await people.as(responder).types("/dr ack", { in: channel });
  await incidentWhere("acknowledgement", ({ acks }) => acks.length > 0);
  if (withRun) await playRun(channel, playing);
  await people
    .as(responder)
    .types('/dr resolve "it was a rehearsal" "nobody" "none" "none yet" "its alarms belong to the rehearsal"', {
      in: channel,
    });
  await incidentWhere("end of the incident", ({ state }) => state !== "open");
  await stage.setSpeed(SOAK_SPEED);
}

async function openIncident({ stores }: Playing): Promise<Incident | undefined> {
  const [id] = await stores.incidents.openIds();
  const incident = id === undefined ? undefined : (await stores.incidents.get(id))?.value;
  return incident?.channel !== undefined && incident.invited.length > 0 ? incident : undefined;
}

async function playRun(channel: string, playing: Playing): Promise<void> {
  const { stage, stores } = playing;
  const { people } = stage.world;
  const { responder, approvers, service } = castOf(playing);
  const says = (words: string) => people.as(responder).types(words, { in: channel });
  await says(`/dr failover ${service} planned because of a rehearsal`);
  const id = await soon("plan", SOON_MS, async () => (await stores.runs.openIds())[0]);
  const runWhere = (what: string, fits: (run: RunState) => boolean) =>
    soon(what, SOON_MS, async () => {
      const run = await stores.runs.read(id);
      return run && fits(run) ? run : undefined;
    });
  const plan = await people.expectMessage(channel, (message) => approveButton(message) !== undefined, SOON_MS);
  await stage.setSpeed(SLOW);
  for (const [index, approver] of approvers.entries()) {
    await people.as(approver).clicks(approveButton(plan) ?? "", { in: channel, message: plan, stale: true });
    if ((await stores.runs.read(id))?.plan.acceptances.length) {
      const form = await people.expectView(approver, undefined, SOON_MS);
      const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
      await people.as(approver).submits(form, Object.fromEntries(inputs.map((input) => [input, "yes"])));
    }
    await runWhere("key", ({ keys }) => keys.length > index);
  }
  await runWhere("started run", ({ state }) => state !== "waiting-for-keys");
  await says(`/dr abort ${id}`);
  await runWhere("unwinding", ({ state }) => state === "unwinding" || state === "unwound");
  await stage.setSpeed(PLAYING_SPEED);
  const over = await runWhere("end of the run", isOver);
  if (over.state !== "unwound") throw new Bug("soak-run", `Run ${id} ended ${over.state}: ${over.why}`);
}

/** Slack accounts, and the service that is moved. */
function castOf({ stage: { inventory } }: Playing): {
  readonly responder: string;
  readonly approvers: readonly string[];
  readonly service: string;
} {
  const { approvers: listed, required } = inventory.file.approvals;
  const responder = inventory.people.find(({ id, roles }) => roles.includes("responder") && !listed.includes(id));
  const approvers = listed.slice(0, required).map((id) => accountOf(inventory, id));
  const [service] = inventory.services;
  if (!responder || !service)
    throw new Bug("nobody-plays", "The file needs a responder who is no approver, and a service");
  return { responder: accountOf(inventory, responder.id), approvers, service: service.name };
}
