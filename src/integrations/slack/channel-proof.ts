import { z } from "zod";
import { chainOf, UserError } from "../../domain/errors.ts";
import type { Proven } from "../../domain/proof.ts";
import { whyNoAnswer } from "../../domain/untrusted.ts";
import { OK, type Proof } from "../../ports/proof.ts";
import { wasAnswered } from "./classify.ts";
import type { SlackClient } from "./client.ts";

const Info = z.object({
  channel: z.object({ is_archived: z.boolean().optional(), is_member: z.boolean().optional() }),
});

/** Of what Slack says against a post these are about the channel: it has to be looked at. */
const CHANNEL_REFUSALS: ReadonlySet<unknown> = new Set(["is_archived", "channel_not_found", "not_in_channel"]);

/** Whether Slack refuses a post because of the channel that it is for. */
export const refusesChannel = (error: unknown): boolean =>
  error instanceof UserError && CHANNEL_REFUSALS.has(error.facts["slack"]);

/** Whether what is said in the alerts channel can be heard there. It posts nothing. */
export const proofOfAlerts = (bot: SlackClient, channelNow: () => string): Proof => ({
  ...{ id: ALERTS_CHANNEL, proves: "TwoKey can write into the alerts channel", neededBy: "no move", wakes: true },
  prove: async () => {
    const channel = channelNow();
    try {
      const said = await bot.call("conversations.info", Info, (web) => web.conversations.info({ channel }));
      return judged(channel, said.channel);
    } catch (error) {
      const code = error instanceof UserError ? error.facts["slack"] : undefined;
      if (code === "channel_not_found") return gone(channel);
      // The manifest asks for no rights on private channels: writing there needs none of them.
      if (code === "missing_scope")
        return { kind: "unprovable", why: "the app may not look at a private channel", isAnswered: true };
      const why = typeof code === "string" ? "the bot token is not taken" : "Slack gives no answer";
      return {
        kind: "unknown",
        why: whyNoAnswer(chainOf(error), why),
        ...(wasAnswered(error) && { isAnswered: true }),
      };
    }
  },
});

export const ALERTS_CHANNEL = "slack-alerts-channel";

function judged(channel: string, { is_archived, is_member }: z.infer<typeof Info>["channel"]): Proven {
  if (is_archived === true)
    return wrong(`The alerts channel ${channel} is archived.`, "Take it out of the archive, or name another one");
  if (is_member === false)
    return wrong(
      `TwoKey is not in the alerts channel ${channel}.`,
      "Invite it there: /invite @TwoKey, or name another one",
    );
  return OK;
}

const gone = (channel: string): Proven =>
  wrong(
    `Slack shows TwoKey no alerts channel ${channel}: it was deleted, or it is private and TwoKey is not in it.`,
    "Invite it there: /invite @TwoKey, or name another one",
  );

const wrong = (what: string, instead: string): Proven => ({
  kind: "wrong",
  what,
  instead: `${instead} as alerts.channel in twokey.yaml. Until then alerts that page nobody reach nobody.`,
});
