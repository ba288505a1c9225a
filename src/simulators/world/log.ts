/** What really happened, in the order it happened. The demo, the tests and the benchmark judge by this, never by the bot. */
export interface LogEntry {
  readonly seq: number;
  /** World time, epoch milliseconds. */
  readonly worldMs: number;
  /** Machine time, epoch milliseconds. */
  readonly machineMs: number;
  /** `vendor.event`, for example `aws.mutation`, `app.write-acknowledged`, `slack.message-posted`. */
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export class WorldLog {
  readonly #entries: LogEntry[] = [];
  readonly #now: () => number;
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  append(kind: string, facts: Record<string, unknown>): LogEntry {
    const entry: LogEntry = { seq: this.#entries.length + 1, worldMs: this.#now(), machineMs: Date.now(), kind, facts };
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }

  /** Entries after `seq`, of the kinds that start with `prefix`. */
  read(after = 0, prefix = ""): LogEntry[] {
    return this.#entries.slice(after).filter((entry) => entry.kind.startsWith(prefix));
  }

  /** Calls `listener` for each later entry; returns how to stop. */
  follow(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
