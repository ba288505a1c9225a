import { expect, test } from "@jest/globals";
import { heardChat, looksAgainWhereRefused } from "../../src/app/heard-chat.ts";
import { TransientError, UserError } from "../../src/domain/errors.ts";
import type { Told } from "../../src/jobs/looks/proving.ts";
import type { Chat } from "../../src/ports/chat.ts";
import { example } from "../harness/example.ts";

const inventory = () => example("inventory");
const ALERTS = inventory().file.alerts.channel;
const refused = (code: string) => new UserError(`slack-${code}`, "Slack refused it", { facts: { slack: code } });
const unused = (): never => {
  throw new Error("nobody asks for this");
};

/** How the alerts channel stands by its proof. */
const standing = (proven: Told["proven"]): Told => ({
  ...{ id: "slack-alerts-channel", proves: "TwoKey may post there", neededBy: "no move", proven },
  ...{ sinceMs: 0, answeredAtMs: 0, isSilent: false, isToldElsewhere: false },
});

/** What is looked at again when a post into this channel fails so. */
async function lookedAt(channel: string, error: Error, standings: readonly Told[] = []): Promise<readonly string[]> {
  const looked: string[] = [];
  const again = async (ids: readonly string[]) => void looked.push(...ids);
  const post: Chat["post"] = () => Promise.reject(error);
  const others = { update: unused, find: unused, openChannel: unused, invite: unused, setTopic: unused };
  const chat = heardChat<Chat>(
    { post, ...others, addBookmark: unused, pin: unused, addressOf: () => "" },
    looksAgainWhereRefused({ inventory }, { again, standings: () => standings }),
  );
  await expect(chat.post({ channel }, { text: "on fire", parts: [] }, "k")).rejects.toBe(error);
  return looked;
}

test("guard refused post: what Slack refuses in the alerts channel has that channel looked at, and nothing else has", async () => {
  for (const code of ["is_archived", "channel_not_found", "not_in_channel"])
    expect(await lookedAt(ALERTS, refused(code))).toEqual(["slack-alerts-channel"]);
  expect(await lookedAt("C0ROOM", refused("is_archived"))).toEqual([]);
  expect(await lookedAt(ALERTS, refused("msg_too_long"))).toEqual([]);
  expect(await lookedAt(ALERTS, new TransientError("slack-unavailable", "Slack gave no clear answer"))).toEqual([]);
});

test("an alerts channel that is known to be wrong is not looked at for each message, one that was right is", async () => {
  const wrong = standing({ kind: "wrong", what: "The channel is archived.", instead: "Take it out of the archive." });

  expect(await lookedAt(ALERTS, refused("is_archived"), [wrong])).toEqual([]);
  expect(await lookedAt(ALERTS, refused("is_archived"), [{ ...wrong, id: "redis-rights" }])).not.toEqual([]);
  expect(await lookedAt(ALERTS, refused("is_archived"), [standing({ kind: "ok" })])).toEqual(["slack-alerts-channel"]);
});
