import type { Card } from "../../../domain/card/card.ts";
import type { Attempt } from "../../../domain/incident/duty.ts";
import type { Chat, MessageRef, PostTarget } from "../../../ports/chat.ts";

export interface Posting {
  readonly to: PostTarget;
  readonly card: Card;
  readonly key: string;
}

/** Posts a message that no outbox posts. Undefined: it is not owed any more. Throws what the chat throws. */
export async function postOnce(
  chat: Chat,
  { to, card, key }: Posting,
  attempt: Attempt,
): Promise<MessageRef | undefined> {
  const found = attempt.lookFirst ? await chat.find(to, key, attempt.sinceMs) : undefined;
  if (found !== undefined) return found;
  return (await attempt.stillOwed()) ? await chat.post(to, card, key) : undefined;
}
