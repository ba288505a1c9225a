import { chainOf } from "../domain/errors.ts";
import type { Driven, Drivers } from "../ports/drivers.ts";
import type { Logger } from "../ports/logger.ts";

/** Machine times. What is missing for so long is dead: longer than a proof of its hold counts, and it does not connect again. */
const LOOK_EVERY_MS = 300;
const DEAD_AFTER_MS = 800;

export interface SuccessionDeps {
  readonly drivers: Pick<Drivers, "orphans" | "succeed" | "ends">;
  /** Looks at the run and drives it on; ends when the signal is aborted. */
  readonly advance: (run: string, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/**
 * A run whose driver was killed is driven on by one other process within two seconds, and not when the lock of its job has run out.
 * Where both think that they drive it the fence of the hold decides.
 */
export function startSuccession(deps: SuccessionDeps): { stop(): Promise<void> } {
  const succession = new Succession(deps);
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void succession
      .look()
      .catch((error: unknown) => deps.logger.debug({ why: chainOf(error) }, "It is not known who drives which run"))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return succession.stop();
    },
  };
}

class Succession {
  readonly #deps: SuccessionDeps;
  readonly #stopping = new AbortController();
  readonly #driving = new Set<Promise<void>>();
  /** Since when each was missing at every look. */
  #missing: ReadonlyMap<string, number> = new Map();

  constructor(deps: SuccessionDeps) {
    this.#deps = deps;
  }

  async look(): Promise<void> {
    const askedAtMs = performance.now();
    const orphans = await this.#deps.drivers.orphans();
    const answeredAtMs = performance.now();
    const sinceMs = (orphan: Driven) => this.#missing.get(nameOf(orphan)) ?? answeredAtMs;
    for (const orphan of orphans) if (askedAtMs - sinceMs(orphan) >= DEAD_AFTER_MS) this.#begin(orphan);
    this.#missing = new Map(orphans.map((orphan) => [nameOf(orphan), sinceMs(orphan)]));
  }

  #begin(orphan: Driven): void {
    const { logger } = this.#deps;
    const taken = this.#takeOver(orphan)
      .catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        logger.warn({ ...orphan, why: chainOf(error) }, "A run could not be taken over");
      })
      .finally(() => this.#driving.delete(taken));
    this.#driving.add(taken);
  }

  async #takeOver(orphan: Driven): Promise<void> {
    const { drivers, advance, logger } = this.#deps;
    if (!(await drivers.succeed(orphan))) return;
    logger.warn({ ...orphan }, "The process that drove this run is gone: this one goes on");
    try {
      await advance(orphan.run, this.#stopping.signal);
    } finally {
      // Nobody has to drive a run that waits for people.
      await drivers.ends(orphan.run);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("shutdown"));
    await Promise.all(this.#driving);
  }
}

const nameOf = ({ run, driver }: Driven): string => `${run} ${driver}`;
