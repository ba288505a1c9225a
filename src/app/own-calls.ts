import type { CallMemory, Calls } from "../flows/reach/calls.ts";
import type { Documents } from "../ports/documents.ts";

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
