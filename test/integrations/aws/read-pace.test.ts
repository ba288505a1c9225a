import { expect, test } from "@jest/globals";
import { NoTurn, ReadPace, type Urgency } from "../../../src/integrations/aws/read-pace.ts";

/** World time that moves when it is told to. */
function standing() {
  let nowMs = 1_000_000;
  const naps = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  const clock = {
    now: () => nowMs,
    sleep: (ms: number) =>
      new Promise<void>((wake) => {
        naps.add({ dueMs: nowMs + ms, wake });
      }),
  };
  const settle = () => new Promise(setImmediate);
  const pass = async (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 50;
      for (const nap of [...naps].filter(({ dueMs }) => dueMs <= nowMs)) {
        naps.delete(nap);
        nap.wake();
      }
      await settle();
    }
  };
  const budget = new ReadPace(clock).of("111122223333 rds eu-west-1");
  const left: string[] = [];
  const ask = (name: string, urgency: Urgency = "people", signal?: AbortSignal) => {
    const turn = budget.turn(urgency, signal).then(() => void left.push(name));
    turn.catch(() => undefined);
    return turn;
  };
  return { clock, budget, left, ask, pass, settle };
}

const many = (count: number, then: (at: number) => unknown) => Array.from({ length: count }, (_, at) => then(at));

test("ten leave at once, and then two in each second, in their order", async () => {
  const { left, ask, pass, settle } = standing();
  many(40, (at) => ask(String(at)));
  await settle();
  expect(left).toHaveLength(10);
  for (let second = 1; second <= 15; second++) {
    await pass(1_000);
    expect(left.length).toBeLessThanOrEqual(10 + 2 * second);
    expect(left.length).toBeGreaterThanOrEqual(Math.min(40, 10 + 2 * second - 1));
  }
  expect(left).toEqual(many(40, String));
});

test("what was not taken for a while is a burst of ten again, and no more", async () => {
  const { left, ask, pass, settle } = standing();
  many(10, (at) => ask(String(at)));
  await pass(3_600_000);
  many(20, (at) => ask(String(at)));
  await settle();
  expect(left).toHaveLength(20);
});

test("another account, API or region has a budget of its own", async () => {
  const { clock } = standing();
  const pace = new ReadPace(clock);
  const names = ["1 rds eu-west-1", "1 rds eu-central-1", "1 ecs eu-west-1", "2 rds eu-west-1"];
  await Promise.all(names.flatMap((name) => many(10, () => pace.of(name).turn("people"))));
});

test("a run goes first, people next, and what looks by itself last", async () => {
  const { left, ask, pass, settle } = standing();
  many(10, () => ask("early"));
  await settle();
  for (const urgency of ["regular", "people", "run", "people", "run"] as const) void ask(urgency, urgency);
  await pass(10_000);
  expect(left.slice(10)).toEqual(["run", "run", "people", "people", "regular"]);
});

test("what looks by itself leaves half of the burst to people and runs, however much it wants", async () => {
  const { left, ask, pass } = standing();
  many(100, () => ask("regular", "regular"));
  await pass(5_000);
  expect(left.length).toBeLessThanOrEqual(5 + 10);
  many(5, () => ask("run", "run"));
  await pass(50);
  expect(left.filter((name) => name === "run")).toHaveLength(5);
});

test("who gives up leaves the queue at once, with its reason, and takes nobody's turn", async () => {
  const { left, ask, pass, settle } = standing();
  many(10, () => ask("early"));
  await settle();
  const giveUp = new AbortController();
  const given = ask("given up", "people", giveUp.signal);
  const kept = ask("kept");
  giveUp.abort(new Error("no time"));
  await expect(given).rejects.toThrow("no time");
  await pass(600);
  await kept;
  expect(left.slice(10)).toEqual(["kept"]);
  await expect(ask("late", "people", AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
});

test("a look that a write hangs on waits for nothing, and is paid for by the next ones", async () => {
  const { budget, left, ask, pass, settle } = standing();
  many(10, () => ask("early"));
  await settle();
  many(4, () => budget.spend());
  void ask("next");
  await pass(2_000);
  expect(left).toHaveLength(10);
  await pass(1_000);
  expect(left).toHaveLength(11);
});

test("a throttled API is asked half as often, by everybody, and slowly more again", async () => {
  const { budget, left, ask, pass } = standing();
  many(400, () => ask("look", "regular"));
  await pass(60_000);
  const before = left.length;
  // Calls that were under way together are one reason.
  many(5, () => budget.throttled());
  await pass(20_000);
  const halved = left.length - before;
  expect(halved).toBeGreaterThan(10);
  expect(halved).toBeLessThanOrEqual(25);
  await pass(100_000);
  const recovered = left.length;
  await pass(20_000);
  expect(left.length - recovered).toBeGreaterThanOrEqual(39);
});

test("however often it is throttled, a look leaves every two seconds", async () => {
  const { budget, left, ask, pass } = standing();
  many(100, () => ask("look", "run"));
  for (let second = 0; second < 12; second++) {
    budget.throttled();
    await pass(1_000);
  }
  // Nothing is left of the burst.
  expect(left.length).toBeGreaterThan(10);
  expect(left.length).toBeLessThanOrEqual(10 + 8);
});

test("nobody waits in silence: after 20 s without a turn a run is told why, and what looks by itself waits on", async () => {
  const { ask, pass, left, settle } = standing();
  many(10, () => ask("early"));
  await settle();
  const regular = ask("regular", "regular");
  const all = many(60, () => ask("run", "run")) as Promise<void>[];
  await pass(25_000);
  const ends = await Promise.allSettled(all);
  const told = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
  expect(told.length).toBeGreaterThan(10);
  expect(told[0]).toBeInstanceOf(NoTurn);
  expect(String(told[0])).toContain("did not get its turn within 20 s");
  await pass(10_000);
  await regular;
  expect(left).toContain("regular");
});
