import type { CallMemory, Calls } from "../../flows/reach/calls.ts";
import type { Documents } from "../../ports/documents.ts";

/** Since when the outage is that people were called for, by this process or by the one before it. */
export async function toldBefore(memory: CallMemory): Promise<number | undefined> {
  const calls = await memory.read();
  // The store's clock tells parts of a millisecond.
  const since = /:(\d+(?:\.\d+)?)$/.exec(calls?.reason ?? "")?.[1];
  return since === undefined || calls?.open.length === 0 ? undefined : Number(since);
}

/**
 * Tells one outage from the next by since when it is (world time). One that a process finds when it begins is the one that people were
 * called for; one that follows a good time is another, also where the pager still has the one before open.
 */
export function outagesOf(memory: CallMemory, nowMs: () => number): (isAway: boolean) => Promise<number | undefined> {
  let sinceMs: number | undefined;
  let wasWell = false;
  return async (isAway) => {
    if (isAway) sinceMs ??= (wasWell ? undefined : await toldBefore(memory)) ?? nowMs();
    else sinceMs = undefined;
    wasWell ||= !isAway;
    return sinceMs;
  };
}

/** Of one outage that several processes see at about the same time: so they make the same call. */
export const aboutWhen = (sinceMs: number): number => Math.floor(sinceMs / 600_000);

/**
 * Whom TwoKey called about itself, remembered in the store, so that a process that begins meanwhile calls nobody again, and ends what the one
 * before it began. While the store is away the process's own memory goes on: then it is the store that people hear of.
 */
export function ownCalls(documents: Pick<Documents<Calls>, "get" | "change">, id: string): CallMemory {
  let calls: Calls | undefined;
  let isRead = false;
  const read = async (): Promise<Calls | undefined> => {
    if (isRead) return calls;
    const kept = await documents.get(id).catch(() => undefined);
    // What was called while the store gave no answer is newer.
    calls ??= kept?.value;
    isRead = kept !== undefined;
    return calls;
  };
  return {
    read,
    change: async (decide) => {
      const value = decide(await read())?.value;
      if (!value) return;
      calls = value;
      await documents.change(id, () => ({ value, events: [] })).catch(() => undefined);
    },
  };
}
