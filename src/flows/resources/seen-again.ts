import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Act } from "../../ports/databases.ts";
import type { LookContext } from "../../ports/step.ts";

const LOOK_EVERY_MS = 2_000;
/** A minute of looks. Then the undo is begun again, which asks for it once more. */
const LOOKS = 30;

interface Awaited<T> {
  readonly what: string;
  readonly see: () => Promise<Known<T>>;
  readonly isThere: (seen: T) => boolean;
}

interface Waiting {
  readonly cloud: Pick<LookContext["cloud"], "clock">;
  readonly signal: AbortSignal;
}

/**
 * Asks, and waits until that is seen. A look alone is no proof: it may show what was there before the fence. So it is asked
 * for whatever a look shows. Throws TransientError where it is not seen in time.
 */
export async function giveBack<T>(ask: () => Promise<Act>, awaited: Awaited<T>, waiting: Waiting): Promise<Act> {
  const { see, isThere } = awaited;
  try {
    const asked = await ask();
    await untilSeen(awaited, waiting);
    return asked;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const now = await see();
    // Who may not give it back could not take it away either.
    if (now.known && isThere(now.value)) return { requestIds: [] };
    throw error;
  }
}

async function untilSeen<T>({ what, see, isThere }: Awaited<T>, { cloud: { clock }, signal }: Waiting): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    const now = await see();
    if (now.known && isThere(now.value)) return;
    if (looks === LOOKS)
      throw new TransientError(
        "not-seen",
        `${what} ${now.known ? "is not to be seen yet" : `cannot be seen: ${now.why}`}`,
      );
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
