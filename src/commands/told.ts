import { messageOf, OutcomeUnknown, TransientError, UserError } from "../domain/errors.ts";
import { type ActWords, sayNotDone, sayNotKnown } from "../views/store-answers.ts";

/** One act of a person on the store. Where the store failed them, a UserError says what happened to that act. */
export async function toldOf<T>(words: ActWords, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof TransientError)
      throw new UserError("act-not-done", sayNotDone(words, messageOf(cause)), { cause });
    if (cause instanceof OutcomeUnknown)
      throw new UserError("act-not-known", sayNotKnown(words, messageOf(cause)), { cause });
    throw cause;
  }
}
