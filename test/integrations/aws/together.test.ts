import { expect, test } from "@jest/globals";
import type { Ask } from "../../../src/integrations/aws/caller.ts";
import type { SendOptions } from "../../../src/integrations/aws/departure.ts";
import { CallFailed, type FailureKind } from "../../../src/integrations/aws/errors.ts";
import { type Kind, type Page, Together } from "../../../src/integrations/aws/together.ts";

/** Calls that have left, and a caller that lets them leave when it is told to. */
function wire(special: Partial<Kind<string>> = {}) {
  const calls: { ids: readonly string[]; from: string | undefined }[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const gate = { opens: Promise.resolve() };
  const answers: ((ids: readonly string[], from: string | undefined) => Page<string> | Promise<Page<string>>)[] = [];
  const caller = {
    async read<T>(ask: Ask, send: (options: SendOptions) => Promise<T>): Promise<T> {
      signals.push(ask.signal);
      await gate.opens;
      ask.signal?.throwIfAborted();
      return await send({});
    },
  };
  const kind: Kind<string> = {
    ...{ api: "rds", region: "eu-west-1", most: 3 },
    async page(ids, from) {
      calls.push({ ids, from });
      return (answers.shift() ?? ((all) => ({ items: all, next: undefined })))(ids, from);
    },
    isOf: (item, id) => item === id,
    ...special,
  };
  const together = new Together(caller, kind);
  const ask = (id: string, signal?: AbortSignal) => together.ask({ id, doing: `describe ${id}`, signal });
  return { together, ask, calls, signals, gate, answers };
}

const refused = (kind: FailureKind, met: "answer" | "not-asked" | "held-back" = "answer"): CallFailed =>
  new CallFailed(
    { doing: "look", region: "eu-west-1", nature: "read" },
    { kind, code: "Code", said: "no", met, requestId: undefined },
  );

test("every page of an answer is read, about the same ids", async () => {
  const { ask, calls, answers } = wire();
  answers.push(
    () => ({ items: ["a"], next: "more" }),
    () => ({ items: [], next: "last" }),
    () => ({ items: ["b"], next: "" }),
  );
  expect(await Promise.all([ask("a"), ask("b")])).toEqual(["a", "b"]);
  expect(calls).toEqual([undefined, "more", "last"].map((from) => ({ ids: ["a", "b"], from })));
});

test("who asks before the call leaves joins it, and who asks later does not", async () => {
  const { ask, calls, gate } = wire();
  let open: () => void = () => undefined;
  gate.opens = new Promise((resolve) => {
    open = resolve;
  });
  const first = ask("a");
  await new Promise(setImmediate);
  const second = ask("b");
  open();
  await first;
  expect(await Promise.all([second, ask("c")])).toEqual(["b", "c"]);
  expect(calls.map(({ ids }) => ids)).toEqual([["a", "b"], ["c"]]);
});

test("a call takes no more ids than AWS does; one that is asked for twice is one", async () => {
  const { ask, calls } = wire();
  const ids = ["a", "b", "a", "c", "a", "d"];
  expect(await Promise.all(ids.map((id) => ask(id)))).toEqual(ids);
  expect(calls.map((call) => call.ids)).toEqual([["a", "b", "c"], ["d"]]);
});

test("where AWS takes one id in a call, those that want the same share one, and the others leave beside it", async () => {
  const { ask, calls } = wire({ most: 1 });
  expect(await Promise.all(["a", "b", "a", "b"].map((id) => ask(id)))).toEqual(["a", "b", "a", "b"]);
  expect(calls.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
});

test("what several pages say of one id is told as one, whether it is asked for alone or among many", async () => {
  const { ask, answers } = wire({ isOf: (item, id) => item.startsWith(id), join: (parts) => parts.join("+") });
  const pages = [() => ({ items: ["a1", "b1"], next: "more" }), () => ({ items: ["a2"], next: undefined })];
  answers.push(...pages);
  expect(await Promise.all([ask("a"), ask("b")])).toEqual(["a1+a2", "b1"]);
  answers.push(
    () => ({ items: ["a1"], next: "more" }),
    () => ({ items: ["a2"], next: undefined }),
  );
  expect(await ask("a")).toBe("a1+a2");
});

test("several ids of one wish share calls, what is not there is left out, and one signal gives all of them up", async () => {
  const { together, calls, gate, signals } = wire({ isSilentOfAbsent: true });
  const kept = { doing: "describe them", signal: new AbortController().signal };
  const hundred = Array.from({ length: 120 }, (_, at) => `id-${at}`);
  expect(await together.askEach(hundred, kept)).toEqual(hundred);
  expect(calls).toHaveLength(40);
  gate.opens = new Promise(() => undefined);
  const over = new AbortController();
  const given = together.askEach(["a", "b"], { doing: "describe them", signal: over.signal });
  await new Promise(setImmediate);
  over.abort(new Error("no time"));
  await expect(given).rejects.toThrow("no time");
  expect(signals.at(-1)?.aborted).toBe(true);
});

test("a call that nobody waits for any more is given up, and one that somebody waits for is not", async () => {
  const { ask, signals, calls, gate } = wire();
  gate.opens = new Promise(() => undefined);
  const [one, other] = [new AbortController(), new AbortController()];
  const asked = [ask("a", one.signal), ask("b", other.signal)];
  await new Promise(setImmediate);
  one.abort(new Error("first"));
  await expect(asked[0]).rejects.toThrow("first");
  expect(signals[0]?.aborted).toBe(false);
  other.abort(new Error("second"));
  await expect(asked[1]).rejects.toThrow("second");
  expect(signals[0]?.aborted).toBe(true);
  expect(calls).toEqual([]);
});

test("a call that was given up is joined by nobody, and what was given up before it leaves is not asked for", async () => {
  const { ask, calls } = wire();
  const giveUp = new AbortController();
  const [given, kept] = [ask("a", giveUp.signal), ask("b")];
  giveUp.abort(new Error("no time"));
  await expect(given).rejects.toThrow("no time");
  expect(await kept).toBe("b");
  const alone = ask("c", AbortSignal.abort(new Error("too late")));
  const after = ask("d");
  await expect(alone).rejects.toThrow("too late");
  expect(await after).toBe("d");
  expect(calls.map(({ ids }) => ids)).toEqual([["b"], ["d"]]);
});

test.each(["auth", "refused", "absent"] as const)(
  "what is refused (%s) for many is asked for one by one, and fails for none but its own",
  async (kind) => {
    const { ask, calls, answers } = wire();
    const refuse = () => {
      throw refused(kind);
    };
    answers.push(refuse, (ids) => ({ items: ids, next: undefined }), refuse);
    const [a, b] = await Promise.allSettled([ask("a"), ask("b")]);
    expect(a).toEqual({ status: "fulfilled", value: "a" });
    expect(b).toMatchObject({
      reason: { message: expect.stringMatching(/^Could not describe b in eu-west-1: .*\(AWS said “Code: no”\)$/) },
    });
    expect(calls.map(({ ids }) => ids)).toEqual([["a", "b"], ["a"], ["b"]]);
  },
);

test("what is refused for no single id's sake is told to everybody, and nothing is asked again", async () => {
  const { ask, calls, answers } = wire({ isRefusedForAll: true });
  answers.push(() => {
    throw refused("auth");
  });
  const all = await Promise.allSettled([ask("a"), ask("b")]);
  expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(calls).toHaveLength(1);
});

test("where one of several ids of a wish fails, the calls for the others are given up", async () => {
  const { together, calls, signals, answers } = wire({ most: 1 });
  answers.push(
    async () => {
      await new Promise(setImmediate);
      throw refused("refused");
    },
    () => new Promise<never>(() => undefined),
  );
  await expect(together.askEach(["a", "b"], { doing: "describe them" })).rejects.toThrow("Could not describe them");
  expect(calls.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
});

test("who joins a call that waits already asks again where its turn does not come, and who waited all the time does not", async () => {
  const { ask, calls, gate } = wire();
  let noTurn: (why: Error) => void = () => undefined;
  gate.opens = new Promise((_resolve, reject) => {
    noTurn = reject;
  });
  const first = ask("a");
  await new Promise(setImmediate);
  const late = [ask("a"), ask("b")];
  gate.opens = Promise.resolve();
  noTurn(refused("retryLater", "held-back"));

  await expect(first).rejects.toThrow("not asked yet");
  expect(await Promise.all(late)).toEqual(["a", "b"]);
  expect(calls.map(({ ids }) => ids)).toEqual([["a", "b"]]);
});

test.each([
  ["no credentials", () => refused("auth", "not-asked")],
  ["throttled for good", () => refused("retryLater")],
  ["an outage", () => refused("ambiguous")],
  ["another error", () => new Error("no")],
])("%s: everybody is told, and nothing is asked again", async (_what, failure) => {
  const { ask, calls, answers } = wire();
  answers.push(() => {
    throw failure();
  });
  const all = await Promise.allSettled([ask("a"), ask("b"), ask("a")]);
  expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(calls).toHaveLength(1);
});

test("a write waits for nobody: its look leaves at once, by itself", async () => {
  const { together, ask, calls } = wire();
  const shared = ask("a");
  expect(await together.askAlone({ id: "b", doing: "describe b" })).toBe("b");
  expect(await shared).toBe("a");
  expect(calls.map(({ ids }) => ids)).toEqual([["b"], ["a"]]);
});
