import { type Card, sentenceCard } from "../domain/card/card.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { inRoom } from "./room.ts";

/** A copy in a direct message that asked for something, and asks for nothing now: it has no buttons any more. */
export const copyOfBefore = ({ plan: { id, title }, state }: RunState): Card =>
  sentenceCard(`${id} (${inRoom(title, "title")}) is ${sayState(state)}. Nothing is asked of you here any more.`);

/** One that a newer copy has taken the place of. */
export const replacedCopy = (run: string): Card => sentenceCard(`A newer message about ${run} stands below.`);
