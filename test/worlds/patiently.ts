import { Bug, UserError } from "../../src/domain/errors.ts";

/** Machine time: longer than any fault of the store lasts. */
const LONGEST_MS = 20_000;
const AGAIN_MS = 50;

/** Asks again while the store cannot be reached; an answer that somebody is refused, or that an invariant broke, is one. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof UserError || error instanceof Bug || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
