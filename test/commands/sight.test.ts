import { expect, test } from "@jest/globals";
import { showLooking } from "../../src/commands/sight.ts";
import { TransientError, UserError } from "../../src/domain/errors.ts";
import type { Glimpse } from "../../src/domain/service/glimpse.ts";
import { observe } from "../../src/flows/observe.ts";
import { cardText } from "../../src/views/card-text.ts";
import { sightCard } from "../../src/views/sight.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { clockAt, fakeCloud, ordinaryDay, RecordedChat } from "../harness/fakes/index.ts";
import { serviceIn } from "../harness/plans.ts";

/** A look that begins at the same time, and shows itself after a second. */
const OF_A_SECOND = { firstMs: 1_000, editEveryMs: 1_100, longestPauseMs: 30_000, outcomeForMs: 600_000 };
const ABOUT = { service: "inventory", asker: "Ana Keller", channel: "C1", key: "look:1" };

/** `wrong`: what the call of that number throws. */
const chatWith = (wrong?: (call: number) => Error | undefined) =>
  new RecordedChat(
    clockAt(() => performance.now()),
    wrong,
  );
const part = (what: string, says?: string): Glimpse => ({
  ...{ key: what, region: "eu-west-1", what },
  ...(says === undefined ? {} : { says }),
});

test("a message is there within a second, is edited at most once a second as answers come in, and ends with the outcome", async () => {
  const chat = chatWith();
  const { calls } = chat;
  const looking = showLooking(ABOUT, chat);
  const later = chatWith();
  const slower = showLooking(ABOUT, later, OF_A_SECOND);
  looking.sees(part("stock"));
  looking.sees(part("api", "4 of 4 tasks running"));
  await eventually("message", () => calls[0]);
  // More than Slack would take, one every few milliseconds.
  for (let count = 0; count < 200; count += 1) looking.sees(part("api", `${count} of 200 tasks running`));
  looking.sees(part("stock", "silent"));
  await eventually("edit", () => calls[1]);
  looking.ends("Plan F-AAA111 is made.");
  const last = await eventually("end", () => calls.find(({ text }) => text.includes("F-AAA111")));
  const aSecondLater = await eventually("message of the other look", () => later.calls[0]);
  slower.ends("No plan.");

  const [first] = calls;
  expect(first?.atMs).toBeLessThan(aSecondLater.atMs);
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
  const looking = showLooking(ABOUT, quick);
  looking.sees(part("stock", "answers"));
  looking.ends("Plan F-AAA111 is made.");
  const closed = chatWith(() => new UserError("not-in-channel", "TwoKey is not in this channel"));
  const other = showLooking(ABOUT, closed);
  await eventually("try", () => closed.calls[0]);
  other.ends("No plan.");
  const nowhere = chatWith();
  showLooking({ ...ABOUT, channel: undefined }, nowhere).ends("No plan.");
  // One more look, which begins now, has all of its messages after those would have had theirs.
  const later = chatWith();
  const slow = showLooking(ABOUT, later);
  await eventually("message", () => later.calls[0]);
  slow.ends("No plan.");
  await eventually("end", () => later.calls[1]);

  expect([quick.calls.length, closed.calls.length, nowhere.calls.length]).toEqual([0, 1, 0]);
});

test("an edit that Slack refuses for the moment is made again, so that no message says for ever that it looks", async () => {
  const chat = chatWith((call) => (call === 2 ? new TransientError("slack-busy", "busy") : undefined));
  const { calls } = chat;
  const looking = showLooking(ABOUT, chat);
  await eventually("message", () => calls[0]);
  looking.ends("No plan.");

  const again = await eventually("second try", () => calls[2]);
  expect([calls[1]?.text, again.text]).toEqual([again.text, expect.stringMatching(/^Looked at .*No plan\.$/)]);
});

const QUICK = { firstMs: 1, editEveryMs: 10, longestPauseMs: 80, outcomeForMs: 60_000 };

test("edits that fail again and again end no look: the pauses grow, what Slack asks for is kept, and the outcome gets there", async () => {
  const busy = new TransientError("slack-busy", "busy");
  const limited = new TransientError("slack-busy", "busy", { facts: { retryAfterMs: 300 } });
  const chat = chatWith((call) => (call === 9 ? limited : call > 1 && call < 12 ? busy : undefined));
  const { calls } = chat;
  const looking = showLooking(ABOUT, chat, QUICK);
  await eventually("message", () => calls[0]);
  looking.sees(part("stock", "answers"));
  await eventually("many failures", () => calls[7]);
  looking.ends("Plan F-AAA111 is made.");
  const last = await eventually("end", () => calls[11]);

  expect(last.text).toMatch(/^Looked at .*Plan F-AAA111 is made\.$/);
  const gap = (at: number) => (calls[at]?.atMs ?? 0) - (calls[at - 1]?.atMs ?? 0);
  expect(gap(5)).toBeGreaterThanOrEqual(75);
  expect(gap(9)).toBeGreaterThanOrEqual(300);
});

test("a look that cannot say how it ended is given up some time after its end", async () => {
  const chat = chatWith((call) => (call > 1 ? new TransientError("slack-busy", "busy") : undefined));
  const { calls } = chat;
  const looking = showLooking(ABOUT, chat, { ...QUICK, outcomeForMs: 100 });
  await eventually("message", () => calls[0]);
  expect(calls[0]?.text).toMatch(/If this stands still: \/dr status$/);
  looking.ends("No plan.");
  const later = chatWith();
  const slow = showLooking(ABOUT, later, { ...QUICK, firstMs: 1_000 });
  await eventually("later message", () => later.calls[0]);
  slow.ends("No plan.");
  const tries = calls.length;
  await eventually("later end", () => later.calls[1]);

  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThan(12);
  expect(calls.length).toBe(tries);
});

const SERVICES = [example("inventory"), example("every-kind")].flatMap(({ services }) => services);

test.each(SERVICES.map((service) => [service.name, service] as const))(
  "a look at %s leaves nothing that is still looked for, and takes no words back",
  async (_name, service) => {
    const newest = new Map<string, Glimpse>();
    await observe(service, fakeCloud(ordinaryDay(service)), {
      sees: (glimpse) => void newest.set(glimpse.key, glimpse),
    });

    expect(newest.size).toBeGreaterThan(3);
    expect([...newest.values()].filter(({ says = "" }) => says === "")).toEqual([]);
  },
);

test("a look tells each part as it comes in: what was asked first, then what it says, and at last what the plan is made from", async () => {
  const service = serviceIn(example("inventory"));
  const seen: Glimpse[] = [];
  const observed = await observe(service, fakeCloud(ordinaryDay(service, { silent: [service.home] })), {
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
