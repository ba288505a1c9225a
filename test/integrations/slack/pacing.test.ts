import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../src/domain/errors.ts";
import { Line, type PacedCall, Pacing, paceOf } from "../../../src/integrations/slack/pacing.ts";

const message = (channel: string) => ({ channel, hasButtons: false });
const post = (channel: string): PacedCall => ({ method: "chat.postMessage", tier: "post", message: message(channel) });
const edit = (channel: string): PacedCall => ({ method: "chat.update", tier: 3, message: message(channel) });
const withButtons = (call: PacedCall, channel: string): PacedCall => ({
  ...call,
  message: { channel, hasButtons: true },
});
const whisper: PacedCall = { method: "chat.postEphemeral", tier: 4 };

/** How each call was let go: "at once", before any timer can come; after that machine time in ms; or "refused". */
async function waits(pacing: Pacing, calls: readonly PacedCall[]): Promise<(number | "at once" | "refused")[]> {
  const startMs = performance.now();
  let isLater = false;
  setImmediate(() => {
    isLater = true;
  });
  return Promise.all(
    calls.map(async (call) => {
      try {
        await pacing.turn(call);
        return isLater ? Math.round(performance.now() - startMs) : "at once";
      } catch (error) {
        if (error instanceof TransientError) return "refused";
        throw error;
      }
    }),
  );
}

describe("Our pace below Slack's limits", () => {
  test("posts and edits of one channel share one message a second, after a burst of two", async () => {
    const [first, second, third] = await waits(new Pacing(), [post("C1"), edit("C1"), post("C1")]);
    expect([first, second]).toEqual(["at once", "at once"]);
    expect(third).toBeGreaterThanOrEqual(950);
  });

  test("a storm of posts holds up neither other channels nor ephemeral messages", async () => {
    const storm = Array.from({ length: 30 }, () => post("C1"));
    const pacing = new Pacing();
    const stormed = waits(pacing, storm);
    const others = await waits(pacing, [post("C2"), whisper, edit("C3")]);
    expect(others).toEqual(["at once", "at once", "at once"]);
    const outcomes = await stormed;
    expect(outcomes.filter((each) => each === "refused").length).toBeGreaterThan(0);
  });

  test("nobody waits longer than five seconds: the rest is told when to come again", async () => {
    const pacing = new Pacing();
    const began = waits(
      pacing,
      Array.from({ length: 7 }, () => post("C1")),
    );
    const refused = await pacing.turn(post("C1")).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TransientError);
    expect(refused).toMatchObject({ facts: { method: "chat.postMessage" } });
    const afterMs = Number((refused as TransientError).facts["retryAfterMs"]);
    expect(afterMs).toBeGreaterThan(5_000);
    expect(afterMs).toBeLessThanOrEqual(6_000);
    expect(await began).not.toContain("refused");
  });

  test("what has buttons goes before what waits already in its channel, and passes nothing else with buttons", async () => {
    const pacing = new Pacing(6_000);
    const order: string[] = [];
    const turn = (name: string, call: PacedCall) => pacing.turn(call).then(() => order.push(name));
    await Promise.all([
      ...["news 1", "news 2", "reply 1", "reply 2", "reply 3"].map((name) => turn(name, post("C1"))),
      turn("card", withButtons(edit("C1"), "C1")),
      turn("plan", withButtons(post("C1"), "C1")),
      turn("reply 4", post("C1")),
    ]);
    expect(order).toEqual(["news 1", "news 2", "card", "plan", "reply 1", "reply 2", "reply 3", "reply 4"]);
  });

  test.each([
    [2, 20],
    [3, 50],
    [4, 100],
  ] as const)("no minute sees more calls of tier %d than its %d", (tier, limit) => {
    const { perMinute, burst } = paceOf(tier);
    const line = new Line({ intervalMs: 60_000 / perMinute, burst });
    const goneMs: number[] = [];
    for (let atMs = line.nextMs(0); atMs < 300_000; atMs = line.nextMs(atMs)) {
      line.take(atMs);
      goneMs.push(atMs);
    }
    const most = Math.max(...goneMs.map((from) => goneMs.filter((at) => at >= from && at < from + 60_000).length));
    expect(most).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThanOrEqual(limit - 1);
  });

  test("in a rehearsal with a shorter minute as many calls go in that", async () => {
    const order: string[] = [];
    const [waiting] = await Promise.all([
      waits(new Pacing(600), [post("C1"), post("C1"), post("C1"), post("C1")]).finally(() => order.push("four")),
      waits(new Pacing(), [post("C1"), post("C1"), post("C1")]).finally(() => order.push("three in a whole minute")),
    ]);
    expect(waiting[3]).toBeGreaterThanOrEqual(15);
    expect(order).toEqual(["four", "three in a whole minute"]);
  });

  test("Retry-After rests the method it was said of, and no other", async () => {
    const pacing = new Pacing();
    pacing.rest(edit("C1"), 30_000);
    await expect(pacing.turn(edit("C9"))).rejects.toMatchObject({ name: "TransientError" });
    expect(await waits(pacing, [post("C1"), whisper])).not.toContain("refused");
  });
});
