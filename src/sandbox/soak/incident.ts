import type { Incident } from "../../domain/incident/incident.ts";
import { type Playing, SOON_MS, soon } from "./playing.ts";
import { playRun } from "./runs.ts";
import { PLAYING_SPEED, SOAK_SPEED } from "./speed.ts";

/** Channel, card and people; somebody takes it; perhaps a run, by its turn; resolved. */
export async function playIncident(runTurn: number | undefined, playing: Playing): Promise<void> {
  const { stage, stores, cast } = playing;
  const { people } = stage.world;
  await stage.setSpeed(PLAYING_SPEED);
  const opened = await soon("open incident with a channel", { withinMs: SOON_MS }, () => openIncident(playing));
  const channel = opened.channel?.id ?? "";
  const { responder } = cast;
  const incidentWhere = (what: string, fits: (incident: Incident) => boolean) =>
    soon(what, { withinMs: SOON_MS }, async () => {
      const found = (await stores.incidents.get(opened.id))?.value;
      return found && fits(found) ? found : undefined;
    });
  await people.as(responder).types("/dr ack", { in: channel });
  await incidentWhere("acknowledgement", ({ acks }) => acks.length > 0);
  if (runTurn !== undefined) await playRun(runTurn, { incident: opened.id, channel }, playing);
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
