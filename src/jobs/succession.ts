import { chainOf } from "../domain/errors.ts";
import type { Drivers } from "../ports/drivers.ts";
import type { Logger } from "../ports/logger.ts";

/** Machine time. A process that is gone at two looks in a row is dead, and not about to connect again. */
const LOOK_EVERY_MS = 400;

export interface SuccessionDeps {
  readonly drivers: Pick<Drivers, "orphans">;
  /** Looks at the run and drives it on; ends when the signal is aborted. */
  readonly advance: (run: string, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/**
 * A run whose driver was killed is driven on by another process within a second, and not when the lock of its job has run out. Where
 * both think that they drive it the fence of the hold decides.
 */
export function startSuccession({ drivers, advance, logger }: SuccessionDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const driving = new Set<Promise<void>>();
  let missing: ReadonlySet<string> = new Set();
  const takeOver = (run: string): void => {
    logger.warn({ run }, "The process that drove this run is gone: this one goes on");
    const driven = advance(run, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.warn({ run, why: chainOf(error) }, "A run could not be taken over");
      })
      .finally(() => driving.delete(driven));
    driving.add(driven);
  };
  const look = async (): Promise<void> => {
    const orphans = await drivers.orphans();
    const dead = orphans.filter((run) => missing.has(run));
    missing = new Set(orphans.filter((run) => !dead.includes(run)));
    for (const run of dead) takeOver(run);
  };
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch((error: unknown) => logger.debug({ why: chainOf(error) }, "It is not known who drives which run"))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort(new Error("shutdown"));
      await Promise.all(driving);
    },
  };
}
