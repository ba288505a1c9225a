import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createStores } from "../../../src/app/stores.ts";
import type { Doing } from "../../../src/domain/doing.ts";
import type { CallMemory } from "../../../src/flows/reach/calls.ts";
import { createHandlers } from "../../../src/jobs/handlers.ts";
import { startBrokenGuard } from "../../../src/jobs/looks/broken-guard.ts";
import { inProcess } from "../../../src/jobs/looks/in-process.ts";
import { ownCalls } from "../../../src/jobs/looks/own-calls.ts";
import { type Bridge, bridge, opened } from "../../flows/incident/bridge.ts";
import { eventually } from "../../harness/eventually.ts";
import { ACCEPTED, ASKED, MINUTE, pagersWith } from "../../harness/fakes/index.ts";
import { JOURNAL } from "../../harness/keys.ts";
import { StoreBench } from "../../harness/store.ts";

const ALERTS = "the alerts channel";
let desk: Bridge;
let bench: StoreBench | undefined;
/** What people heard: a page, a call, or `where: words`. */
let told: string[];
let guards: { stop(): void }[];
/** Keys of the calls: a pager that has one already rings nobody. */
let pageKeys: string[];
beforeEach(() => {
  desk = bridge();
  told = [];
  guards = [];
  pageKeys = [];
});
afterEach(() => {
  for (const guard of guards) guard.stop();
  bench?.close();
  bench = undefined;
});

function jobs() {
  return createHandlers({
    ...{ stores: desk, clock: desk.clock, logger: desk.silent, worker: "one", inventory: desk.inventory },
    ...{ outside: { pagers: desk.pagers, chat: desk.chat }, incidentDeps: desk, times: {}, ledger: {} },
    announce: async (says: string, rooms: readonly string[] = []) =>
      void told.push(...[ALERTS, ...rooms].map((where) => `${where}: ${says}`)),
    queues: { wake: desk.wake, wakeLater: async () => undefined },
  } as never);
}
type Jobs = ReturnType<typeof jobs>;

/** A guard with a pager of its own, and how often it has looked. */
function guarded({ inVain }: Pick<Jobs, "inVain">, memory: CallMemory = inProcess()) {
  let looks = 0;
  const pagers = pagersWith({
    trigger: async ({ dedupKey, summary, urgent }) => {
      told.push(`${urgent ? "urgent" : "calm"} ${dedupKey}: ${summary}`);
      return ACCEPTED;
    },
    call: async ({ users, pageKey }) => {
      pageKeys.push(pageKey);
      told.push(`called ${users.length > 0 ? "people" : "nobody"}`);
      return ASKED;
    },
    resolve: async (key) => {
      told.push(`resolved ${key}`);
      return ACCEPTED;
    },
  });
  const guard = startBrokenGuard({
    broken: () => {
      looks += 1;
      return inVain.broken();
    },
    ...{ memory, pagers, clock: desk.clock, logger: desk.silent, process: "bot-1", inventory: desk.inventory },
    ...{ chat: desk.chat, checkEveryMs: 5 },
  });
  guards.push(guard);
  return async (count = 5) => {
    const from = looks;
    await eventually("looks", () => (looks >= from + count ? true : undefined));
  };
}

const broken = () => Promise.reject(new Error("no page was made", { cause: new TypeError("rungs is not iterable") }));
const CHAIN = "no page was made ← rungs is not iterable";
const OPENING = "Open the incident at the pager, which rings the people on call for its service";

async function failFiveTimes({ inVain }: Pick<Jobs, "inVain">, doing: Doing, why = "no"): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) await inVain.failed(doing, new Error(why));
}
const failing = (what: string): Doing => ({ what, wakes: true });
/** How often people were called since the last time that this was asked. */
const calls = () => told.splice(0).filter((each) => each.startsWith("urgent")).length;

describe("what TwoKey itself fails at", () => {
  test("guard broken calls: a page that breaks again and again calls commanders by telephone, and stands in the incident's room with its chain", async () => {
    const id = await opened(desk);
    await desk.chats(id);
    const room = (await desk.incident(id)).channel?.id;
    const { trigger } = desk.paging;
    desk.paging.trigger = broken;
    const handlers = jobs();

    for (let tries = 0; tries < 8; tries += 1) {
      await handlers.wakeUps.pages(id, new AbortController().signal);
      desk.clock.move(MINUTE);
    }
    const looks = guarded(handlers);
    await looks();

    const inWords = expect.stringContaining(`incident ${id}, “${OPENING}”. ${CHAIN}. It is tried again`);
    expect(told).toHaveLength(4);
    expect(told.slice(0, 2)).toEqual([inWords, inWords]);
    expect(told.slice(0, 2).map((each) => each.split(": ")[0])).toEqual([ALERTS, room]);
    expect(told.slice(2)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^urgent dr:test:broken:bot-1: TwoKey's process bot-1 fails at this again and again: incident ${id}, “${OPENING}”\\. Do it by hand\\. TwoKey may page nobody about it, so call the people you need by telephone: /dr oncall has their numbers\\. Everything else goes on\\. .*Why: ${CHAIN}`,
        ),
      ),
      "called people",
    ]);

    desk.paging.trigger = trigger.bind(desk.paging);
    await handlers.wakeUps.pages(id, new AbortController().signal);
    desk.clock.move(5 * MINUTE);
    await looks();
    expect(told.slice(4)).toEqual(["resolved dr:test:broken:bot-1"]);
  });

  test("calls people once more for another thing, and not for one thing less", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const fail = async (what: string) => {
      await failFiveTimes({ inVain }, failing(what));
      await looks();
      return calls();
    };

    expect([await fail("one"), await fail("one"), await fail("another")]).toEqual([1, 0, 0]);
    desk.clock.move(2 * MINUTE);
    await looks();
    expect(calls()).toBe(1);
    inVain.succeeded(failing("another"));
    await looks();
    expect(told).toEqual([]);
  });

  test("guard flapping: what fails and works in turn calls people once and stays one call, until it was well for five minutes", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    for (let turn = 0; turn < 120; turn += 1) {
      await failFiveTimes({ inVain }, failing("paging"));
      await looks(2);
      desk.clock.move(20_000);
      inVain.succeeded(failing("paging"));
      await looks(2);
      desk.clock.move(10_000);
    }
    expect(
      told
        .splice(0)
        .filter((each) => !each.startsWith(ALERTS))
        .map((each) => each.split(" ")[0]),
    ).toEqual(["urgent", "called"]);

    desk.clock.move(5 * MINUTE);
    await looks();
    expect(told.splice(0)).toEqual(["resolved dr:test:broken:bot-1"]);
  });

  test("guard pauses: new things call with pauses that double up to ten minutes, across outages too", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const atMinute: number[] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      await failFiveTimes({ inVain }, failing(`thing ${minute}`));
      await looks(2);
      if (calls() > 0) atMinute.push(minute);
      for (let before = 0; before <= minute; before += 1) inVain.succeeded(failing(`thing ${before}`));
      desk.clock.move(MINUTE);
    }
    expect(atMinute).toEqual([0, 2, 6, 14, 24, 34, 44, 54]);

    // Now an outage is over, and an incident whose paging breaks waits for no more than the ten minutes.
    desk.clock.move(3 * MINUTE);
    await looks();
    await failFiveTimes({ inVain }, { ...failing("its page"), incident: "k7" });
    await looks();
    expect(calls()).toBe(0);
    desk.clock.move(MINUTE);
    await looks();
    expect(calls()).toBe(1);
  });

  test("guard broken again: what was whole for five minutes and breaks again calls again, whatever else stays broken", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const fail = async (what: string) => {
      await failFiveTimes({ inVain }, failing(what));
      await looks();
      return calls();
    };
    const whole = async (what: string, minutes: number) => {
      inVain.succeeded(failing(what));
      await looks();
      desk.clock.move(minutes * MINUTE);
      await inVain.failed(failing("what stays broken"), new Error("no"));
      await looks();
    };

    expect(await fail("what stays broken")).toBe(1);
    desk.clock.move(2 * MINUTE);
    expect(await fail("paging")).toBe(1);
    await whole("paging", 4);
    expect(await fail("paging")).toBe(0);
    await whole("paging", 5);
    expect(await fail("paging")).toBe(1);
  });

  test("guard pauses of one: what breaks every seven minutes calls with pauses that double up to an hour, and keeps nothing new waiting", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const atMinute: number[] = [];
    for (let minute = 0; minute < 280; minute += 7) {
      await failFiveTimes({ inVain }, failing("paging"));
      await looks(2);
      if (calls() > 0) atMinute.push(minute);
      desk.clock.move(MINUTE);
      inVain.succeeded(failing("paging"));
      await looks(2);
      desk.clock.move(6 * MINUTE);
      await looks(2);
    }
    expect(atMinute).toEqual([0, 7, 14, 28, 49, 84, 147, 210, 273]);

    desk.clock.move(3 * MINUTE);
    await failFiveTimes({ inVain }, { ...failing("its page"), incident: "k7" });
    await looks();
    expect(calls()).toBe(1);
  });

  test("guard many: more things than the store has room for call once as long as they stay broken, also in the process that follows", async () => {
    const memory = inProcess();
    const failAll = async (handlers: Jobs) => {
      for (let one = 0; one < 250; one += 1) await failFiveTimes(handlers, failing(`thing ${one}`));
    };
    const first = jobs();
    await failAll(first);
    const looks = guarded(first, memory);
    await looks();
    expect(calls()).toBe(1);
    for (let minute = 0; minute < 60; minute += 5) {
      desk.clock.move(5 * MINUTE);
      await failAll(first);
      await looks(2);
    }
    expect(calls()).toBe(0);
    expect((await memory.read())?.news?.about).toHaveLength(200);
    for (const guard of guards) guard.stop();

    const second = jobs();
    const looksAfter = guarded(second, memory);
    await looksAfter();
    desk.clock.move(4 * MINUTE);
    await failAll(second);
    await looksAfter();
    desk.clock.move(20 * MINUTE);
    await failAll(second);
    await looksAfter();
    expect(calls()).toBe(0);
    await failFiveTimes(second, { ...failing("its page"), incident: "k7" });
    await looksAfter();
    expect(calls()).toBe(1);
  });

  test("guard later page: several things of one incident are one call, and its page that fails after that is another one", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    for (const what of ["its card", "its topic"]) await failFiveTimes({ inVain }, { ...failing(what), incident: "k7" });
    await looks();
    desk.clock.move(3 * MINUTE);
    await looks();
    expect(calls()).toBe(1);

    await failFiveTimes({ inVain }, { ...failing("its page"), incident: "k7" });
    await looks();
    expect(calls()).toBe(1);
  });

  test("says what to do before why, within what a pager shows, whatever the chains are", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    for (const each of ["a", "b", "c", "d"])
      await failFiveTimes(
        { inVain },
        failing(`${each} ${"long ".repeat(60)}`),
        `outer\n${"x".repeat(2_000)} ← root of ${each}`,
      );
    await looks();

    const [call = ""] = told.filter((each) => each.startsWith("urgent"));
    expect(call.length).toBeLessThan(1_024);
    expect(call).toMatch(
      /again and again: d .*; and 1 more, in the alerts channel\. Do it by hand\. .*operations manual\. Why: .*root of d.*root of b\.$/,
    );
    expect(call).not.toContain("goes on");
  });

  test("guard goes on: says that everything else goes on only where nothing else is broken, and rests on what is", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const says = async (doing: Doing) => {
      await failFiveTimes({ inVain }, doing);
      await looks();
      desk.clock.move(10 * MINUTE);
      await looks();
      const heard = told.splice(0).filter((each) => /^(the alerts channel|urgent)/.test(each));
      return heard.map((each) => [each.includes("Everything else goes on."), each.includes("may be late")]);
    };

    expect(await says(failing("paging"))).toEqual([
      [true, false],
      [true, false],
    ]);
    await failFiveTimes({ inVain }, { what: "removing what is old", wakes: false });
    expect(await says(failing("a room"))).toEqual([
      [true, false],
      [false, false],
      [false, false],
    ]);
    expect(await says({ ...failing("looking at what is due"), isForAll: true })).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  test("wakes nobody for what can wait for the day, and is over five minutes after it counts no more", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const fail = async (wakes: boolean) => {
      await failFiveTimes({ inVain }, { what: wakes ? "paging" : "removing", wakes });
      await looks();
      return told.splice(0).map((each) => each.split(" ")[0]);
    };

    expect(await fail(false)).toEqual(["the"]);
    expect(await fail(true)).toEqual(["the", "urgent", "called"]);
    desk.clock.move(10 * MINUTE - 1);
    await looks();
    desk.clock.move(5 * MINUTE - 1);
    await looks();
    expect(told).toEqual([]);
    desk.clock.move(1);
    await looks();
    expect(told).toEqual(["resolved dr:test:broken:bot-1"]);
  });

  test("guard broken before: calls nobody again where the process before it called for the same, while it has not tried as often, and rings for what is new", async () => {
    bench = await StoreBench.start();
    const { ownCalls: kept } = createStores(await bench.connect(), () => desk.clock.now(), JOURNAL);
    const first = jobs();
    const before = guarded(first, ownCalls(kept, "broken:bot-1"));
    for (const what of ["paging", "a room"]) {
      await failFiveTimes(first, failing(what));
      await before();
      desk.clock.move(2 * MINUTE);
    }
    for (const guard of guards) guard.stop();
    expect(calls()).toBe(2);

    const second = jobs();
    const looks = guarded(second, ownCalls(kept, "broken:bot-1"));
    await looks();
    for (const what of ["paging", "a room"]) await failFiveTimes(second, failing(what));
    await looks();
    desk.clock.move(9 * MINUTE);
    await looks();
    expect(told.splice(0).filter((each) => !each.startsWith(ALERTS))).toEqual([]);

    await failFiveTimes(second, failing("an alarm"));
    await looks();
    expect([calls(), new Set(pageKeys).size, pageKeys.length]).toEqual([1, 3, 3]);
  });

  test("guard tries again: what fails for the fifth time only six minutes after a start was broken all the time, and calls nobody again", async () => {
    bench = await StoreBench.start();
    const { ownCalls: kept } = createStores(await bench.connect(), () => desk.clock.now(), JOURNAL);
    const first = jobs();
    await failFiveTimes(first, failing("paging"));
    await guarded(first, ownCalls(kept, "broken:bot-1"))();
    for (const guard of guards) guard.stop();
    expect(calls()).toBe(1);
    told = [];

    const second = jobs();
    const looks = guarded(second, ownCalls(kept, "broken:bot-1"));
    await looks();
    desk.clock.move(6 * MINUTE);
    await looks();
    await failFiveTimes(second, failing("paging"));
    await looks();

    expect(told.filter((each) => !each.startsWith(ALERTS))).toEqual([]);
  });
});
