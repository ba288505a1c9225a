import { expect, test } from "@jest/globals";
import type { Proven } from "../../../src/domain/proof.ts";
import { proofVoice, type Said } from "../../../src/jobs/looks/proof-voice.ts";
import type { Told } from "../../../src/jobs/looks/proving.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";

const WRONG: Proven = { kind: "wrong", what: "The token is refused.", instead: "Set it." };

const told = (proven: Told["proven"], about: Partial<Told> = {}): Told => ({
  ...{ id: "a-token", proves: "the token is taken", neededBy: "no move", proven, sinceMs: AT },
  ...{ answeredAtMs: AT, isSilent: proven.kind === "unknown", isToldElsewhere: false, ...about },
});

/** What people heard, in its order, while it stands so, one after the other. */
const heard = (standings: readonly Told[], isSlackAway = false, before: Said = {}): Promise<string[]> =>
  heardTogether(
    standings.map((each) => [each]),
    isSlackAway,
    before,
  );

async function heardTogether(
  turns: readonly (readonly Told[])[],
  isSlackAway = false,
  before: Said = {},
): Promise<string[]> {
  const happened: string[] = [];
  let stored = before;
  const tell = proofVoice({
    said: {
      read: async () => stored,
      write: async (said) => {
        stored = said;
      },
    },
    announce: async (says) => {
      if (isSlackAway) throw new Error("Slack does not answer");
      happened.push(says);
    },
    pagers: pagersWith({
      trigger: async ({ summary, severity }) => {
        happened.push(`page (${severity}): ${summary}`);
        return ACCEPTED;
      },
      resolve: async () => {
        happened.push("resolved");
        return ACCEPTED;
      },
    }),
    clock: clockAt(() => AT),
    logger: silent,
    ...{ process: "bot-1", inventory: () => example("inventory") },
    chat: new RecordedChat(clockAt()),
  });
  for (const standings of turns) await tell(standings);
  return happened;
}

const SAID = /^Wrong on bot-1 since .*: The token is refused\. Set it\.$/;

test("what is wrong is said once in the channel and by the pager, and so is that it is mended", async () => {
  expect(await heard([told({ kind: "ok" }), told(WRONG), told(WRONG), told({ kind: "ok" })])).toEqual([
    ...[expect.stringMatching(SAID), expect.stringMatching(/^page \(warning\): Wrong on bot-1/)],
    ...[expect.stringMatching(/^Mended on bot-1 at .*: the token is taken\.$/), "resolved"],
  ]);
});

test("the pager hears of it where Slack does not answer, and urgently where nobody can be paged or nothing is stored", async () => {
  expect(await heard([told(WRONG)], true)).toEqual([expect.stringMatching(/^page \(warning\)/)]);
  const critical = told(WRONG, { critical: "alerts cannot be stored" });
  expect(await heard([critical], true)).toEqual([expect.stringMatching(/^page \(critical\)/)]);
});

test("people are woken where what is said in the alerts channel reaches nobody, by a call of its own", async () => {
  const unheard = told(WRONG, { id: "a-channel", wakes: true });
  const calls = await heardTogether(
    [
      [told(WRONG), unheard],
      [told(WRONG), unheard],
    ],
    true,
  );
  expect(calls).toEqual([expect.stringMatching(/^page \(critical\)/), expect.stringMatching(/^page \(warning\)/)]);
});

test("what takes the pages away rings also while something lesser is wrong that nobody was woken for", async () => {
  const lesser = told(WRONG);
  const graver = told(WRONG, { id: "a-store", critical: "alerts cannot be stored" });
  const calls = (await heardTogether([[lesser], [lesser, graver], [lesser, graver]])).filter((each) =>
    each.startsWith("page"),
  );
  expect(calls).toEqual([expect.stringMatching(/^page \(warning\)/), expect.stringMatching(/^page \(critical\)/)]);
});

test("silence wakes nobody, and is no mending", async () => {
  expect(await heard([told({ kind: "unknown", why: "nobody answers" })])).toEqual([]);
  expect(await heard([told(WRONG), told({ kind: "unknown", why: "nobody answers" })])).not.toContainEqual(
    expect.stringMatching(/^Mended/),
  );
});

test("what somebody else tells of is not told twice", async () => {
  expect(await heard([told(WRONG, { isToldElsewhere: true })])).toEqual([]);
});

test("what an earlier process of this name said is not said again after a restart, and is taken back where the restart mended it", async () => {
  const before = { "a-token": "The token is refused." };
  expect(await heard([told(WRONG)], false, before)).toEqual([expect.stringMatching(/^page/)]);
  expect(await heard([told({ kind: "pending" }), told({ kind: "ok" })], false, before)).toEqual([
    ...[expect.stringMatching(/^Mended on bot-1/), "resolved"],
  ]);
});
