import { randomBytes } from "node:crypto";
import type { Answer, Ask, Intents } from "../commands/intent.ts";
import { type Card, sentenceCard } from "../domain/card/card.ts";
import { chainOf, messageOf, OutcomeUnknown, TransientError, UserError } from "../domain/errors.ts";
import type { Logger } from "../ports/logger.ts";
import { anyActWords, sayNotKnown } from "../views/store-answers.ts";

/**
 * What every door does with what it was asked: the intents' answer, or the error as a card for the asker. Never rejects.
 * An unexpected error is logged once, here, under a reference that the asker can quote.
 */
export function answering(intents: Intents, logger: Logger): (ask: Ask) => Promise<Answer> {
  return async (ask) => {
    try {
      return await intents(ask);
    } catch (error) {
      return { kind: "whisper", card: errorCard(error, ask, logger) };
    }
  };
}

function errorCard(error: unknown, ask: Ask, logger: Logger): Card {
  if (error instanceof UserError) return sentenceCard(error.message);
  const { verb, who } = ask;
  const asker = who.kind === "person" ? who.person : "guest";
  const facts = { verb, door: who.proof.door, asker, error: chainOf(error) };
  if (error instanceof TransientError) {
    logger.warn(facts, "An intent could not be done now");
    return sentenceCard(`Not now: ${messageOf(error)}. Please try again in a moment.`);
  }
  if (error instanceof OutcomeUnknown) {
    logger.warn(facts, "Nobody can say whether an intent was done");
    return sentenceCard(sayNotKnown(anyActWords(verb), messageOf(error)));
  }
  const reference = randomBytes(4).toString("hex");
  logger.error({ ...facts, reference }, "An intent failed unexpectedly");
  return sentenceCard(`Something broke while doing "${verb}". It was logged under reference ${reference}.`);
}
