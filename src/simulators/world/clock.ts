/**
 * World time: `anchor + speed × elapsed`. Everything that takes time in the simulated world (a promotion, a TTL, an
 * instance start) is scheduled here; HTTP time-outs and Slack's three seconds stay in machine time and are not.
 */
export interface ClockAnchor {
  /** World time at the anchor, epoch milliseconds. */
  readonly worldMs: number;
  /** Machine time at the anchor, epoch milliseconds. */
  readonly machineMs: number;
  /** World milliseconds per machine millisecond. */
  readonly speed: number;
}

export interface Timer {
  cancel(): void;
}

interface Entry {
  dueMs: number;
  order: number;
  fire: () => void;
}

/** Longest machine sleep between two looks at the timers; keeps setTimeout's 24.8-day limit out of the way. */
const LONGEST_SLEEP_MS = 60_000;

export class WorldClock {
  #anchor: ClockAnchor;
  #entries: Entry[] = [];
  #order = 0;
  #wake: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(anchor: ClockAnchor) {
    this.#anchor = anchor;
  }

  get anchor(): ClockAnchor {
    return this.#anchor;
  }

  get speed(): number {
    return this.#anchor.speed;
  }

  /** World time of the next timer, epoch milliseconds; undefined: nobody waits. */
  get nextDueMs(): number | undefined {
    return this.#entries[0]?.dueMs;
  }

  /** World time now, epoch milliseconds. */
  now(): number {
    return this.#anchor.worldMs + (Date.now() - this.#anchor.machineMs) * this.#anchor.speed;
  }

  /** Runs `fire` once when world time reaches `dueMs`. Timers that a jump passes fire in due order. */
  at(dueMs: number, fire: () => void): Timer {
    const entry: Entry = { dueMs, order: this.#order++, fire };
    this.#entries.push(entry);
    this.#entries.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    this.#arm();
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  after(worldMs: number, fire: () => void): Timer {
    return this.at(this.now() + worldMs, fire);
  }

  /** Resolves after `worldMs` of world time. */
  sleep(worldMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(worldMs, resolve);
    });
  }

  /** Moves world time forward at once; what became due fires before this returns. */
  jump(worldMs: number): void {
    if (worldMs < 0) throw new RangeError(`The world clock only jumps forward, not by ${worldMs} ms`);
    this.#anchor = { ...this.#anchor, worldMs: this.now() + worldMs, machineMs: Date.now() };
    this.#fireDue();
  }

  setSpeed(speed: number): void {
    if (!(speed > 0)) throw new RangeError(`The world clock needs a positive speed, not ${speed}`);
    this.#anchor = { worldMs: this.now(), machineMs: Date.now(), speed };
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#wake);
    this.#entries = [];
  }

  #fireDue(): void {
    for (let next = this.#entries[0]; next && next.dueMs <= this.now(); next = this.#entries[0]) {
      this.#entries.shift();
      next.fire();
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#wake);
    const next = this.#entries[0];
    if (!next || this.#stopped) return;
    const machineMs = Math.min(LONGEST_SLEEP_MS, Math.max(0, (next.dueMs - this.now()) / this.speed));
    this.#wake = setTimeout(() => this.#fireDue(), Math.ceil(machineMs));
  }
}
