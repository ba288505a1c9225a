import { expect, test } from "@jest/globals";
import { showLooking } from "../../src/commands/sight.ts";
import type { Card } from "../../src/domain/card/card.ts";
import { TransientError, UserError } from "../../src/domain/errors.ts";
import type { Glimpse } from "../../src/domain/service/glimpse.ts";
import { observe } from "../../src/flows/observe.ts";
import { cardText } from "../../src/views/card-text.ts";
import { sightCard } from "../../src/views/sight.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { serviceIn } from "../harness/plans.ts";
import { quietCloud } from "../harness/quiet-cloud.ts";

const SOON_MS = 20_000;
const ABOUT = { service: "inventory", asker: "Ana Keller", channel: "C1", key: "look:1" };

/** A chat that keeps when it was asked for what. `wrong`: what the call of that number throws. */
function chatWith(wrong: (call: number) => Error | undefined = () => undefined) {
  const calls: { atMs: number; what: "post" | "update"; text: string }[] = [];
  const call = async (what: "post" | "update", card: Card) => {
    calls.push({ atMs: performance.now(), what, text: card.text });
    const error = wrong(calls.length);
    if (error) throw error;
  };
  return {
    calls,
    chat: {
      post: async (_to: unknown, card: Card) => {
        await call("post", card);
        return { channel: "C1", ts: "1" };
      },
      update: (_message: unknown, card: Card) => call("update", card),
    },
  };
}
const part = (what: string, says?: string): Glimpse => ({
  ...{ key: what, region: "eu-west-1", what },
  ...(says === undefined ? {} : { says }),
});

test("a message is there within a second, is edited at most once a second as answers come in, and ends with the outcome", async () => {
  const { calls, chat } = chatWith();
  const beganMs = performance.now();
  const looking = showLooking(ABOUT, chat);
  looking.sees(part("stock"));
  looking.sees(part("api", "4 of 4 tasks running"));
  await eventually("message", SOON_MS, () => calls[0]);
  // More than Slack would take, one every few milliseconds.
  for (let count = 0; count < 200; count += 1) looking.sees(part("api", `${count} of 200 tasks running`));
  looking.sees(part("stock", "silent"));
  await eventually("edit", SOON_MS, () => calls[1]);
  looking.ends("Plan F-AAA111 is made.");
  const last = await eventually("end", SOON_MS, () => calls.find(({ text }) => text.includes("F-AAA111")));

  const [first] = calls;
  expect((first?.atMs ?? 0) - beganMs).toBeLessThan(1_000);
  expect(first).toMatchObject({ what: "post", text: expect.stringContaining("Still looking: stock in eu-west-1 …") });
  expect(first?.text).toContain("eu-west-1: api 4 of 4 tasks running");
  expect(calls[1]?.text).toContain("eu-west-1: stock silent · api 199 of 200 tasks running");
  expect(last.text).toMatch(/^Looked at inventory .*Plan F-AAA111 is made\.$/);
  expect(last.text).not.toContain("Still looking");
  expect(calls.map(({ what }) => what)).toEqual(["post", "update", "update"]);
  const gaps = calls.slice(1).map(({ atMs }, at) => atMs - (calls[at]?.atMs ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
});

test("a look that is over at once leaves no message, and neither does one where TwoKey may not write", async () => {
  const quick = chatWith();
  const looking = showLooking(ABOUT, quick.chat);
  looking.sees(part("stock", "answers"));
  looking.ends("Plan F-AAA111 is made.");
  const closed = chatWith(() => new UserError("not-in-channel", "TwoKey is not in this channel"));
  const other = showLooking(ABOUT, closed.chat);
  await eventually("try", SOON_MS, () => closed.calls[0]);
  other.ends("No plan.");
  const nowhere = chatWith();
  showLooking({ ...ABOUT, channel: undefined }, nowhere.chat).ends("No plan.");
  // One more look, which begins now, has all of its messages after those would have had theirs.
  const later = chatWith();
  const slow = showLooking(ABOUT, later.chat);
  await eventually("message", SOON_MS, () => later.calls[0]);
  slow.ends("No plan.");
  await eventually("end", SOON_MS, () => later.calls[1]);

  expect([quick.calls.length, closed.calls.length, nowhere.calls.length]).toEqual([0, 1, 0]);
});

test("an edit that Slack refuses for the moment is made again, so that no message says for ever that it looks", async () => {
  const { calls, chat } = chatWith((call) => (call === 2 ? new TransientError("slack-busy", "busy") : undefined));
  const looking = showLooking(ABOUT, chat);
  await eventually("message", SOON_MS, () => calls[0]);
  looking.ends("No plan.");

  const again = await eventually("second try", SOON_MS, () => calls[2]);
  expect([calls[1]?.text, again.text]).toEqual([again.text, expect.stringMatching(/^Looked at .*No plan\.$/)]);
});

test("a look tells each part as it comes in: what was asked first, then what it says, and at last what the plan is made from", async () => {
  const service = serviceIn(example("inventory"));
  const seen: Glimpse[] = [];
  const observed = await observe(service, quietCloud(service, { silent: [service.home] }), {
    isForPlan: true,
    sees: (glimpse) => void seen.push(glimpse),
  });
  const newest = new Map(seen.map((glimpse) => [glimpse.key, glimpse]));
  const card = cardText(sightCard({ service: service.name, asker: "Ana Keller", glimpses: [...newest.values()] }));

  for (const [id, told] of Object.entries(observed.resources))
    for (const [region, { isSilent }] of Object.entries(told.in)) {
      const parts = seen.filter(({ key }) => key === `${id} ${region}`);
      expect(parts.length).toBeGreaterThan(0);
      expect(parts.at(-1)?.says === "silent").toBe(isSilent);
    }
  expect(seen.filter(({ says }) => says === undefined).length).toBeGreaterThan(3);
  expect([...newest.values()].filter(({ says }) => says === undefined)).toEqual([]);
  expect(card).toMatch(new RegExp(`${service.home}: .*silent`));
  expect(card).toContain("users get good answers");
  expect(card).toContain("Making the plan …");
});
