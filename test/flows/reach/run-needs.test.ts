import { afterEach, describe, expect, test } from "@jest/globals";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import type { Calls } from "../../../src/flows/reach/calls.ts";
import { OCCASIONS } from "../../../src/flows/reach/occasions.ts";
import { type CallDeps, callPeople } from "../../../src/flows/reach/run-calls.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import type { CallRequest } from "../../../src/ports/pager.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import {
  ACCEPTED,
  ASKED,
  clockAt,
  memoryDocuments,
  pagersWith,
  RecordedChat,
  recordedMail,
  silent,
} from "../../harness/fakes/index.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const apply = (run: RunState, ...entries: RunEntry[]) => entries.reduce(transition, run);
const failure = (attempt: number): RunEntry[] => [
  { kind: "intent", ...at, step: "fence", epoch: 1, attempt },
  { kind: "failed", ...at, step: "fence", epoch: 1, code: "x", why: "it broke", mustAsk: true },
];
const stopped = () =>
  apply(
    proposed(inventory),
    { kind: "key-turned", ...at, by: "ana", door: "slack", digest: "d", accepted: [] },
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    ...failure(1),
  );
const occasionOf = (run: RunState) => whoIsNeeded(run, inventory, AT)?.reason;

describe("whom a run calls", () => {
  test("a stopped run calls the commander, the key holders and the person who asked", () => {
    const needed = whoIsNeeded(stopped(), inventory, AT);

    expect(needed?.people.map(({ id }) => id)).toEqual(["chloe", "ana", "farid"]);
    expect(needed?.why).toContain("it broke");
  });

  const unwound = (run: RunState) =>
    apply(
      run,
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "aborted", ...at, by: "chloe", door: "slack" },
      { kind: "finished", ...at, state: "unwound" },
    );

  test("a run that was rolled back tells its key holders and the person who asked, for an hour", () => {
    const run = unwound(
      apply(proposed(inventory), {
        kind: "key-turned",
        ...at,
        by: "ana",
        door: "slack",
        digest: "d",
        accepted: [],
      }),
    );
    const needed = whoIsNeeded(run, inventory, AT);

    expect(needed?.people.map(({ id }) => id)).toEqual(["ana", "farid"]);
    expect(needed?.why).toContain("was rolled back");
    expect(whoIsNeeded(run, inventory, AT + 3_600_000)).toBeUndefined();
  });

  test("a run without keys that a pipeline asked for tells the commanders when it was rolled back", () => {
    const { plan, ...rest } = proposed(inventory);
    const run = unwound({ ...rest, plan: { ...plan, requester: "pipeline:release" } });

    expect(whoIsNeeded(run, inventory, AT)?.people.map(({ id }) => id)).toEqual(["chloe"]);
  });

  test("a vote is no new occasion: nobody is called again for it", () => {
    const run = stopped();
    const about = { decision: "skip", step: "fence", position: run.intents } as const;
    const voted = apply(run, { kind: "vote", ...at, by: "ana", door: "slack", ...about });

    expect(occasionOf(voted)).toBe(occasionOf(run));
  });

  test("guard each key: a key that is turned or does not count any more is another call each time, also where as many are missing as before", () => {
    const turned = (by: string): RunEntry => ({
      ...{ kind: "key-turned", ...at, by, door: "slack", digest: "d", accepted: [] },
    });
    const lapsed = (by: string): RunEntry => ({ kind: "key-lapsed", ...at, by, why: "left the company" });
    const entries = [turned("ana"), lapsed("ana"), turned("ben"), lapsed("ben"), turned("ana")];
    const waits = [0, 1, 2, 3, 4, 5].map((count) => apply(proposed(inventory), ...entries.slice(0, count)));
    const needs = waits.map((run) => whoIsNeeded(run, inventory, AT));

    expect(needs.map((need) => /(\d) more/.exec(need?.why ?? "")?.[1])).toEqual(["2", "1", "2", "1", "2", "1"]);
    expect(new Set(needs.map((need) => need?.reason)).size).toBe(needs.length);
    expect(needs.at(-1)?.people.map(({ id }) => id)).not.toContain("ana");
    const alike = apply(proposed(inventory), { kind: "lines-lost", ...at, lines: 1 });
    expect(occasionOf(alike)).toBe(occasionOf(proposed(inventory)));
  });

  test("the same step failing again is a new occasion", () => {
    const again = apply(
      stopped(),
      { kind: "retried", ...at, by: "farid", door: "slack", step: "fence" },
      ...failure(2),
    );

    expect(occasionOf(again)).not.toBe(occasionOf(stopped()));
  });

  test("an old side that came back and stays open is news also while the run waits for people", () => {
    const past = apply(
      proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) }),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
      { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
      { kind: "done", ...at, step: "fence", epoch: 1, says: "", output: { fence: "cannot-know" } },
      { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
    );
    const open: RunEntry[] = [
      { kind: "watch-intent", ...at, step: "fence", epoch: 1 },
      { kind: "watch-failed", ...at, step: "fence", epoch: 1, why: "denied" },
    ];
    const paused = apply(past, { kind: "paused", ...at, by: "ana", door: "slack", why: "wait" });
    const broken = apply(past, {
      ...{ kind: "failed", ...at, step: "promote", epoch: 1, code: "x", why: "it broke", mustAsk: false },
    });

    expect(whoIsNeeded(paused, inventory, AT)).toBeUndefined();
    expect(whoIsNeeded(apply(paused, ...open), inventory, AT)?.why).toContain("could not be fenced: denied");
    expect(occasionOf(apply(broken, ...open))).not.toBe(occasionOf(broken));
    expect(whoIsNeeded(apply(broken, ...open), inventory, AT)?.why).toContain("could not be fenced: denied");
  });

  const running = () => apply(proposed(inventory), { kind: "started", ...at, keys: ["ana", "ben"] });
  const HALF_AN_HOUR = 30 * 60_000;

  test("guard called at once: an old side that somebody opens before the promotion calls people, and tells whether it is fenced again", () => {
    const opened = apply(
      proposed(inventory, { mode: "planned" }),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
      { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
      { kind: "done", ...at, step: "fence", epoch: 1, says: "", output: { fence: "fenced" } },
      { kind: "seen-open", ...at, step: "fence", epoch: 1, fromMs: AT - 15_000, resources: ["stores.stock"] },
    );
    const paused = apply(opened, { kind: "paused", ...at, by: "ana", door: "slack", why: "wait" });
    const again = apply(opened, { kind: "fence-again", ...at, step: "fence", epoch: 1 });

    expect(whoIsNeeded(opened, inventory, AT)).toMatchObject({ occasion: "old-side" });
    expect(whoIsNeeded(opened, inventory, AT)?.why).toMatch(
      /was seen open before the promotion \(stores\.stock\)\. It was last seen closed at .*\. TwoKey fences it again first$/,
    );
    expect(whoIsNeeded(paused, inventory, AT)?.why).toMatch(/Nothing fences it again while the run waits$/);
    expect(whoIsNeeded(again, inventory, AT)).toBeUndefined();
  });

  test("half an hour before its end date a run asks the approvers who can extend it, and not before", () => {
    const run = running();
    const { untilMs } = run;
    const needed = whoIsNeeded(run, inventory, untilMs - HALF_AN_HOUR);

    expect(whoIsNeeded(run, inventory, untilMs - HALF_AN_HOUR - 1)).toBeUndefined();
    expect(needed?.occasion).toBe("ending");
    expect(needed?.people.map(({ id }) => id)).toEqual(["ana", "ben", "dmitri", "elena"]);
    expect(needed?.why).toContain("/dr extend F-1");
    expect(whoIsNeeded(run, inventory, untilMs)).toBeUndefined();
  });

  test("that time runs out is news also to people who know that the run waits for them", () => {
    const run = stopped();
    const needed = whoIsNeeded(run, inventory, run.untilMs - 1);

    expect(needed).toMatchObject({ occasion: "stopped", reason: `stopped:${run.stateAt}:fence+ending:${run.untilMs}` });
    expect(needed?.why).toContain("/dr extend F-1");
    expect(needed?.why).toMatch(/The run is stopped and needs a decision: it broke/);
    expect(needed?.why.match(/Run F-1/g)).toHaveLength(1);
  });

  test("guard called together: what is called about at one moment calls all whom a part of it concerns", () => {
    const run = stopped();
    const called = (nowMs: number) => whoIsNeeded(run, inventory, nowMs)?.people.map(({ id }) => id) ?? [];

    expect(called(AT)).not.toContain("dmitri");
    expect(called(run.untilMs - 1)).toEqual(expect.arrayContaining([...called(AT), "ana", "ben", "dmitri", "elena"]));
  });

  test("for the guard over a side that is closed nobody is woken", () => {
    const verified: RunState = { ...running(), state: "verified" };
    const promoted = apply(
      running(),
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
      { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
      { kind: "done", ...at, step: "fence", epoch: 1, says: "", output: { fence: "fenced" } },
      { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
    );
    const guarded: RunState = { ...promoted, state: "verified" };
    const needed = whoIsNeeded(guarded, inventory, guarded.untilMs - 1);

    expect(whoIsNeeded(verified, inventory, verified.untilMs - 1)).toBeUndefined();
    expect(needed?.occasion).toBe("guard-ending");
    expect(OCCASIONS["guard-ending"].urgent).toBe("never");
  });

  test("a run whose keys are void says to whom it calls what they can do, and nothing of a way back that is gone", () => {
    const begun = apply(
      proposed(inventory),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    );
    const voided: RunEntry = { kind: "voided", ...at, because: "facts", why: ["the standby's class changed"] };
    const said = (run: RunState) => whoIsNeeded(run, inventory, AT)?.why;

    expect(said(apply(begun, voided))).toMatch(/class changed\. A new plan: \/dr replan F-1\. .*\/dr abort F-1$/);
    expect(said({ ...apply(begun, voided), pastNoReturn: true })).toMatch(/A new plan: \/dr replan F-1$/);
  });

  test("a person who paused a run is not called for it", () => {
    const run = apply(
      proposed(inventory),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "paused", ...at, by: "farid", door: "slack", why: "wait" },
    );

    expect(whoIsNeeded(run, inventory, AT)).toBeUndefined();
  });
});

const nothing = async () => undefined;
const idleWake = {
  ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
  card: nothing,
};

const CHAT = new RecordedChat(clockAt());
// It is asked where things stand, and told nothing.
afterEach(() => expect(CHAT.calls).toEqual([]));

describe("somebody who hears of a run away from the chat", () => {
  const linksOf = async (channel: string | undefined) => {
    const asked: CallRequest[] = [];
    const mail = recordedMail();
    const call = async (request: CallRequest) => {
      asked.push(request);
      return ASKED;
    };
    await callPeople(stopped(), {
      ...{ calls: memoryDocuments<Calls>(), cards: memoryDocuments<CardDue>(), inventory: () => inventory },
      ...{ logger: silent, wake: idleWake, chat: CHAT, channelOf: async () => channel },
      clock: clockAt(() => AT),
      pagers: pagersWith({ trigger: async () => ACCEPTED, call }, [mail.pager]),
    });
    return { asked, told: mail.calls };
  };

  test("is led to the channel of its card, and to the pages of the service", async () => {
    const own = serviceIn(inventory).links.map(({ label, url }) => ({ text: label, href: url }));
    const { asked, told } = await linksOf("C0RUN");

    expect(own.length).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(0);
    for (const { links } of [...asked, ...told])
      expect(links).toEqual([{ text: "The card of failover F-1", href: "https://chat.example.com/C0RUN" }, ...own]);
  });

  test("is not led to a channel that nobody knows", async () => {
    const { told } = await linksOf(undefined);

    expect(told[0]?.links.map(({ href }) => href)).toEqual(serviceIn(inventory).links.map(({ url }) => url));
  });
});

describe("what the pager shows of a run", () => {
  test("is titled by what people are needed for now; what they were needed for before is resolved", async () => {
    const told: string[] = [];
    const calls = memoryDocuments<Calls>();
    const deps: CallDeps = {
      ...{ calls, cards: memoryDocuments<CardDue>(), inventory: () => inventory, logger: silent },
      ...{ chat: CHAT, channelOf: async () => "C0RUN" },
      clock: clockAt(() => AT),
      wake: idleWake,
      pagers: pagersWith({
        trigger: async ({ dedupKey, summary }) => {
          told.push(`trigger ${dedupKey}: ${summary}`);
          return ACCEPTED;
        },
        resolve: async (dedupKey) => {
          told.push(`resolve ${dedupKey}`);
          return ACCEPTED;
        },
      }),
    };

    await callPeople(proposed(inventory), deps);
    await callPeople(stopped(), deps);
    await callPeople(stopped(), deps);
    await callPeople({ ...stopped(), state: "verified", plan: { ...stopped().plan, steps: [] } }, deps);

    expect(told).toEqual([
      expect.stringMatching(/^trigger .*:run:F-1:keys:0: .*waits for 2 more keys/),
      expect.stringMatching(/^trigger .*:run:F-1:stopped:5:fence: .*needs a decision: it broke/),
      expect.stringMatching(/^resolve .*:keys:0$/),
      expect.stringMatching(/^resolve .*:stopped:5:fence$/),
    ]);
    expect((await calls.get("F-1"))?.value.open).toEqual([]);
  });
});

test("guard stands still: a run that a process without a way out has let go of calls people while no other one takes it over", () => {
  const at = { atMs: AT };
  const gone: RunEntry = { kind: "cut-off", ...at, epoch: 1, sinceMs: AT - 60_000, callsAtMs: AT + 30_000 };
  const cutOff = apply(
    proposed(inventory),
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
    gone,
  );
  const taken = apply(cutOff, { kind: "claimed", ...at, epoch: 3, worker: "w2" });

  expect(whoIsNeeded(cutOff, inventory, AT + 29_999)).toBeUndefined();
  const needed = whoIsNeeded(cutOff, inventory, AT + 30_000);
  expect(needed).toMatchObject({
    occasion: "cut-off",
    why: expect.stringMatching(/stands still: .*reaches no region/),
  });
  expect(needed?.people.map(({ id }) => id)).toEqual(expect.arrayContaining(["chloe", "farid"]));
  expect(whoIsNeeded(taken, inventory, AT + 30_000)).toBeUndefined();
});

test("guard passed on: people are called where the third process in a row lets go of a run, until one of its steps gets further", () => {
  const at = { atMs: AT };
  const gone = (epoch: number): RunEntry => ({
    ...{ kind: "cut-off", ...at, epoch, sinceMs: AT - 60_000 + epoch, callsAtMs: AT + 30_000 },
  });
  const claimed = (epoch: number): RunEntry => ({ kind: "claimed", ...at, epoch, worker: `w${epoch}` });
  const asked: RunEntry = { kind: "asked", ...at, step: "fence", epoch: 7, requestIds: [], data: {} };
  const first = apply(proposed(inventory), { kind: "started", ...at, keys: ["ana", "ben"] }, claimed(1), {
    ...{ kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
  });
  const twice = apply(first, gone(1), claimed(3), gone(3), claimed(5));
  const thrice = apply(twice, gone(5), claimed(7));

  expect(whoIsNeeded(twice, inventory, AT)).toBeUndefined();
  expect(whoIsNeeded(thrice, inventory, AT)).toMatchObject({
    ...{ occasion: "cut-off", reason: `cut-off:${AT}` },
    why: expect.stringMatching(/gets no further since .*: 3 times in a row the TwoKey process .*let go of it/),
  });
  expect(whoIsNeeded(apply(thrice, asked), inventory, AT)).toBeUndefined();
});

test("guard held on to: a run that was passed on calls nobody any more once its process is answered, and until then what else is wrong comes first", () => {
  const SECOND = 1_000;
  const gone = (epoch: number, atMs: number): RunEntry => ({
    ...{ kind: "cut-off", atMs, epoch, sinceMs: atMs - 60 * SECOND, callsAtMs: atMs + 30 * SECOND },
  });
  const claimed = (epoch: number, atMs: number): RunEntry => ({ kind: "claimed", atMs, epoch, worker: `w${epoch}` });
  const begun = apply(
    proposed(inventory),
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    claimed(1, AT),
    { kind: "intent", atMs: AT, step: "fence", epoch: 1, attempt: 1 },
    { kind: "held-up", atMs: AT, step: "fence", epoch: 1, sinceMs: AT, why: "HTTP 503" },
    ...[gone(1, AT + 70 * SECOND), claimed(3, AT + 71 * SECOND), gone(3, AT + 140 * SECOND)],
    ...[claimed(5, AT + 141 * SECOND), gone(5, AT + 210 * SECOND)],
  );
  const heldMs = AT + 211 * SECOND;
  const held = apply(begun, claimed(7, heldMs));
  const later = {
    kind: "held-up",
    atMs: heldMs + SECOND,
    step: "fence",
    epoch: 7,
    sinceMs: AT,
    why: "HTTP 503",
  } as const;

  expect(whoIsNeeded(begun, inventory, heldMs)).toMatchObject({
    ...{ occasion: "cut-off", why: expect.stringMatching(/gets no further since .* 3 times .*HTTP 503/) },
  });
  const goneLater = apply(held, gone(7, heldMs + 400 * SECOND));
  expect(whoIsNeeded(goneLater, inventory, heldMs + 440 * SECOND)?.reason).toContain(
    `cut-off:${heldMs + 400 * SECOND}`,
  );
  expect(whoIsNeeded(held, inventory, heldMs + 90 * SECOND)).toMatchObject({
    ...{ occasion: "held-up", why: expect.stringMatching(/HTTP 503.* 3 times in a row/) },
  });
  const answered = whoIsNeeded(held, inventory, heldMs + 91 * SECOND);
  expect([answered?.occasion, answered?.why]).toEqual(["held-up", expect.not.stringContaining("in a row")]);
  expect(apply(held, later).cutOff).toBeUndefined();
  const blip = apply(held, gone(7, heldMs + 900 * SECOND));
  expect(blip.cutOff).toMatchObject({ times: 1, stillMs: heldMs + 840 * SECOND });
  expect(whoIsNeeded(blip, inventory, heldMs + 930 * SECOND)?.why).toMatch(/stands still: /);
});

test("guard closed is no news: of a run that waits, what is over rings nobody, and another opening rings again", async () => {
  const triggered: string[] = [];
  const calls = memoryDocuments<Calls>();
  const deps: CallDeps = {
    ...{ calls, cards: memoryDocuments<CardDue>(), inventory: () => inventory, logger: silent },
    ...{ chat: CHAT, channelOf: async () => "C0RUN", clock: clockAt(() => AT), wake: idleWake },
    pagers: pagersWith({
      trigger: async ({ dedupKey }) => {
        triggered.push(dedupKey.replace(/^.*:run:F-1:/, ""));
        return ACCEPTED;
      },
      resolve: async () => ACCEPTED,
    }),
  };
  const opening = (atMs: number): RunEntry => ({
    ...{ kind: "seen-open", atMs, step: "fence", epoch: 1, fromMs: atMs - 1, resources: ["stores.stock"] },
  });
  const at = { atMs: AT };
  const closed: RunEntry = { kind: "seen-closed", ...at, step: "fence", epoch: 1, seenMs: AT };
  let run = apply(
    proposed(inventory),
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
    { kind: "done", ...at, step: "fence", epoch: 1, says: "", output: { fence: "fenced" } },
    { kind: "failed", ...at, step: "scale-out", epoch: 1, code: "x", why: "it broke", mustAsk: true },
  );
  const stop = "stopped:5:scale-out";
  const later = AT + 20 * 60_000;
  const openings = [stop, `${stop}+opened-before:${AT + 1}`, `${stop}+opened-before:${later}`];
  for (const entry of [undefined, opening(AT + 1), closed, opening(later), closed]) {
    if (entry) run = apply(run, entry);
    await callPeople(run, deps);
    await callPeople(run, deps);
  }

  expect(triggered).toEqual(openings);
});

const SKIP = { decision: "skip", step: "fence", position: 1 } as const;
const ACCEPTING = { trigger: async () => ACCEPTED, resolve: async () => ACCEPTED };

describe("a copy of a card in a direct message", () => {
  test("is asked for again at once, however long the pager takes", async () => {
    const cards = memoryDocuments<CardDue>();
    let hangs = false;
    const answer = () => (hangs ? new Promise<never>(() => undefined) : Promise.resolve(ACCEPTED));
    const deps: CallDeps = {
      ...{ calls: memoryDocuments<Calls>(), cards, inventory: () => inventory, logger: silent, wake: idleWake },
      ...{ chat: CHAT, channelOf: async () => "C0RUN", pagers: pagersWith({ trigger: answer, resolve: answer }) },
      clock: clockAt(() => AT),
    };
    await callPeople(proposed(inventory), deps);
    const copies = await cards.due(AT, 100);
    for (const id of copies)
      await cards.change(id, (current) => current && { value: { ...current, sent: current.wanted }, events: [] });
    hangs = true;

    void callPeople(apply(proposed(inventory), { kind: "started", ...at, keys: ["ana", "ben"] }), deps);

    expect(copies.length).toBeGreaterThan(0);
    await eventually("the copies that are owed", async () =>
      (await cards.due(AT, 100)).length === copies.length ? true : undefined,
    );
  });

  test("is asked for again whenever its run stands otherwise, also when it needs nobody any more", async () => {
    const cards = memoryDocuments<CardDue>();
    const deps: CallDeps = {
      ...{ calls: memoryDocuments<Calls>(), cards, inventory: () => inventory, logger: silent, wake: idleWake },
      ...{ chat: CHAT, channelOf: async () => "C0RUN", pagers: pagersWith(ACCEPTING) },
      clock: clockAt(() => AT),
    };
    const asIfSent = async () => {
      for (const id of await cards.due(AT, 100))
        await cards.change(id, (current) => current && { value: { ...current, sent: current.wanted }, events: [] });
    };
    const owed = async () => (await cards.due(AT, 100)).toSorted();
    const started = apply(proposed(inventory), { kind: "started", ...at, keys: ["ana", "ben"] });

    await callPeople(proposed(inventory), deps);
    const copies = ["ana", "ben", "dmitri", "elena"].map((person) => `call:F-1:keys:0:0:${person}`);
    expect(await owed()).toEqual(copies);
    const key = apply(proposed(inventory), {
      ...{ kind: "key-turned", ...at, by: "ana", door: "slack", digest: "d", accepted: [] },
    });
    const [anas = "", ...others] = copies;
    const newest = others.map((copy) => copy.replace("keys:0", "keys:1"));
    for (const [run, renewed] of [
      [key, [...copies, ...newest]],
      [started, [anas, ...newest]],
    ] as const) {
      await asIfSent();
      await callPeople(run, deps);
      expect(await owed()).toEqual(renewed.toSorted());
      await asIfSent();
      await callPeople(run, deps);
      expect(await owed()).toEqual([]);
    }

    // Of each person the newest one is kept live; the older one says so once.
    await callPeople(stopped(), deps);
    const newer = await owed();
    expect(newer).toContain("call:F-1:stopped:5:fence:0:ana");
    expect(newer).toContain("call:F-1:keys:0:0:ana");
    await asIfSent();
    await callPeople(apply(stopped(), { kind: "vote", ...at, by: "ana", door: "slack", ...SKIP }), deps);
    expect(await owed()).not.toContain("call:F-1:keys:0:0:ana");
  });
});
