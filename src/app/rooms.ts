import { openIncidents } from "../commands/incident-deps.ts";
import { readable } from "../domain/readable.ts";
import type { Stores } from "./stores.ts";

/** Channels where people work on what is open: of incidents, and of runs that have none. */
export async function openRooms({
  incidents,
  runs,
  runChannels,
}: Pick<Stores, "incidents" | "runs" | "runChannels">): Promise<string[]> {
  const [open, ids] = await Promise.all([openIncidents({ incidents }), runs.openIds()]);
  const { read } = await readable(ids.map((id) => runChannels.get(id)));
  const rooms = [...open.map(({ channel }) => channel?.id), ...read.map((kept) => kept?.value.channel)];
  return [...new Set(rooms.filter((room) => room !== undefined))];
}
