import { sentenceCard } from "../../domain/card/card.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Conversing } from "./conversation.ts";
import type { Inbound } from "./inbound.ts";
import type { Members } from "./members.ts";

/**
 * The payload's team is that of the app, and not of who acts: a guest of the workspace and somebody of another one in a shared channel come in
 * with it too. Of those only people who are listed are answered. While Slack does not say whose an account is, it proves nothing.
 */
export function answerMembers(
  answer: Conversing["answer"],
  { member }: Inbound["place"],
  { membership, logger }: Pick<Members, "membership"> & { readonly logger: Logger },
): Conversing["answer"] {
  return async (ask) => {
    const { who } = ask;
    if (who.kind === "person") return answer(ask);
    const found = await membership(member);
    if (found.kind === "member") return answer(ask);
    if (found.kind === "unknown")
      return answer({ ...ask, who: { ...who, proof: { ...who.proof, strength: "claimed" } } });
    logger.warn({ member, verb: ask.verb, why: found.why }, "Somebody from outside was turned away");
    return { kind: "whisper", card: sentenceCard(sayOutsider(found.why)) };
  };
}

const sayOutsider = (why: string): string =>
  `TwoKey answers members of this workspace. Slack says of your account: ${why}. Tell somebody here what is wrong, or ask the owners of twokey.yaml to list you under people.`;
