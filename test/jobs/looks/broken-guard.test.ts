import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CallMemory } from "../../../src/flows/reach/calls.ts";
import { createHandlers } from "../../../src/jobs/handlers.ts";
import { startBrokenGuard } from "../../../src/jobs/looks/broken-guard.ts";
import { inProcess } from "../../../src/jobs/looks/in-process.ts";
import { type Bridge, bridge, opened } from "../../flows/incident/bridge.ts";
import { eventually } from "../../harness/eventually.ts";
import { ACCEPTED, ASKED, MINUTE, pagersWith } from "../../harness/fakes/index.ts";

const ALERTS = "the alerts channel";
let desk: Bridge;
/** What people heard: a page, a call, or `where: words`. */
let told: string[];
let guards: { stop(): void }[];
beforeEach(() => {
  desk = bridge();
  told = [];
  guards = [];
});
afterEach(() => {
  for (const guard of guards) guard.stop();
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

interface Given {
  readonly memory?: CallMemory;
  readonly overAfterMs?: number;
}

/** A guard with a pager of its own, and how often it has looked. */
function guarded({ inVain }: Pick<Jobs, "inVain">, { memory = inProcess(), overAfterMs = 1 }: Given = {}) {
  let looks = 0;
  const pagers = pagersWith({
    trigger: async ({ dedupKey, summary, urgent }) => {
      told.push(`${urgent ? "urgent" : "calm"} ${dedupKey}: ${summary}`);
      return ACCEPTED;
    },
    call: async ({ users }) => {
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
    ...{ chat: desk.chat, checkEveryMs: 5, newsEveryMs: 0, overAfterMs },
  });
  guards.push(guard);
  return async (count = 5) => {
    const from = looks;
    await eventually("looks", () => (looks >= from + count ? true : undefined));
  };
}

const broken = () => Promise.reject(new Error("no page was made", { cause: new TypeError("rungs is not iterable") }));
const CHAIN = "no page was made ← rungs is not iterable";

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

    const inWords = expect.stringContaining(`trigger:1 of incident ${id}. ${CHAIN}. It is tried again`);
    expect(told).toHaveLength(4);
    expect(told.slice(0, 2)).toEqual([inWords, inWords]);
    expect(told.slice(0, 2).map((each) => each.split(": ")[0])).toEqual([ALERTS, room]);
    expect(told.slice(2)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^urgent dr:test:broken:bot-1: TwoKey's process bot-1 fails at the same thing again and again: trigger:1 of incident ${id}: ${CHAIN}`,
        ),
      ),
      "called people",
    ]);

    desk.paging.trigger = trigger.bind(desk.paging);
    await handlers.wakeUps.pages(id, new AbortController().signal);
    await looks();
    expect(told.slice(4)).toEqual(["resolved dr:test:broken:bot-1"]);
  });

  test("calls people once more for another thing, and not for one thing less", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const fail = async (what: string) => {
      for (let tries = 0; tries < 5; tries += 1) await inVain.failed({ what, wakes: true }, new Error("no"));
      await looks();
      return told.splice(0).filter((each) => each.startsWith("urgent")).length;
    };

    expect([await fail("one"), await fail("one"), await fail("another")]).toEqual([1, 0, 1]);
    inVain.succeeded({ what: "another", wakes: true });
    await looks();
    expect(told).toEqual([]);
  });

  test("wakes nobody for what can wait for the day, and is over when it has not been tried for ten minutes", async () => {
    const { inVain } = jobs();
    const looks = guarded({ inVain });
    const fail = async (wakes: boolean) => {
      for (let tries = 0; tries < 5; tries += 1)
        await inVain.failed({ what: wakes ? "paging" : "removing", wakes }, new Error("no"));
      await looks();
      return told.splice(0).map((each) => each.split(" ")[0]);
    };

    expect(await fail(false)).toEqual(["the"]);
    expect(await fail(true)).toEqual(["the", "urgent", "called"]);
    desk.clock.move(10 * MINUTE);
    await looks();
    expect(told).toEqual(["resolved dr:test:broken:bot-1"]);
  });

  test("guard broken before: calls nobody again where the process before it called for the same, while it has not tried as often", async () => {
    const memory = inProcess();
    const fail = async ({ inVain }: Jobs) => {
      for (let tries = 0; tries < 5; tries += 1) await inVain.failed({ what: "paging", wakes: true }, new Error("no"));
    };
    const calls = () => told.splice(0).filter((each) => !each.startsWith(ALERTS));
    const first = jobs();
    await fail(first);
    await guarded(first, { memory })();
    for (const guard of guards) guard.stop();
    expect(calls()).toHaveLength(2);

    const second = jobs();
    const looks = guarded(second, { memory, overAfterMs: 10 * MINUTE });
    await looks();
    await fail(second);
    await looks();
    expect(calls()).toEqual([]);
  });
});
