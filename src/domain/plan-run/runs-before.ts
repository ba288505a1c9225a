import { readIfReadable } from "../readable.ts";
import type { RunState } from "./run.ts";

/** The runs of a move whose rest a run does, oldest first; as far back as they can be read. */
export async function runsBefore(
  { plan: { restOf } }: RunState,
  read: (id: string) => Promise<RunState | undefined>,
): Promise<readonly RunState[]> {
  const before = restOf && (await readIfReadable(read(restOf.run)));
  return before ? [...(await runsBefore(before, read)), before] : [];
}
