import type { Card } from "../../../domain/card/card.ts";
import type { Attempt } from "../../../domain/incident/duty.ts";
import type { Chat, PostTarget } from "../../../ports/chat.ts";

export interface Posting {
  readonly to: PostTarget;
  readonly card: Card;
  readonly key: string;
}

/** Posts a message that is never edited. False: it is not owed any more. Throws what the chat throws. */
export async function postOnce(chat: Chat, { to, card, key }: Posting, attempt: Attempt): Promise<boolean> {
  if (attempt.lookFirst && (await chat.find(to, key, attempt.sinceMs)) !== undefined) return true;
  if (!(await attempt.stillOwed())) return false;
  await chat.post(to, card, key);
  return true;
}
