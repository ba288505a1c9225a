import type { Event } from "../../../src/domain/event.ts";
import type { Change, Documents, Stored } from "../../../src/ports/documents.ts";

export interface MemoryRecords<T> extends Documents<T> {
  readonly events: Event[];
  /** How often a document was written. */
  writes(): number;
  all(): T[];
}

/** Documents in memory. Every call ends in a later turn, and a change may be decided twice, as with the real store. */
export function memoryDocuments<T>(
  isOpen: (value: T) => boolean = () => true,
  labels: (value: T) => readonly string[] = () => [],
): MemoryRecords<T> {
  const documents = new Map<string, { text: string; revision: number; dueAtMs: number | undefined }>();
  const events: Event[] = [];
  let writes = 0;
  const read = (id: string): Stored<T> | undefined => {
    const found = documents.get(id);
    // What is stored is what can be written as JSON; a copy each time, so that nobody shares memory by accident.
    return found && { value: JSON.parse(found.text) as T, revision: found.revision };
  };
  const later = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    events,
    writes: () => writes,
    all: () => [...documents.keys()].flatMap((id) => read(id)?.value ?? []),
    async get(id) {
      await later();
      return read(id);
    },
    async openIds(label) {
      await later();
      return [...documents.keys()].filter((id) => {
        const found = read(id);
        if (found === undefined || !isOpen(found.value)) return false;
        return label === undefined || labels(found.value).includes(label);
      });
    },
    async change(id, decide) {
      for (;;) {
        const before = read(id);
        const change: Change<T> | undefined = decide(before?.value);
        await later();
        if (change === undefined) return read(id)?.value;
        if ((documents.get(id)?.revision ?? 0) !== (before?.revision ?? 0)) continue;
        documents.set(id, {
          text: JSON.stringify(change.value),
          revision: (before?.revision ?? 0) + 1,
          dueAtMs: change.dueAtMs,
        });
        events.push(...change.events);
        writes += 1;
        return read(id)?.value;
      }
    },
    async due(nowMs, limit) {
      await later();
      return [...documents.entries()]
        .filter(([, { dueAtMs }]) => dueAtMs !== undefined && dueAtMs <= nowMs)
        .toSorted(([, a], [, b]) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0))
        .slice(0, limit)
        .map(([id]) => id);
    },
  };
}
