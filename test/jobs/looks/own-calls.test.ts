import { afterEach, describe, expect, test } from "@jest/globals";
import { createStores } from "../../../src/app/stores.ts";
import type { CallMemory } from "../../../src/flows/reach/calls.ts";
import { startLedgerGuard } from "../../../src/jobs/looks/ledger-guard.ts";
import { startMemoryGuard } from "../../../src/jobs/looks/memory-guard.ts";
import { ownCalls } from "../../../src/jobs/looks/own-calls.ts";
import type { PagerAnswer } from "../../../src/ports/pager.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, ASKED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";
import { JOURNAL } from "../../harness/keys.ts";
import { StoreBench } from "../../harness/store.ts";

let ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

interface Place {
  readonly is: { away: boolean };
  readonly calls: CallMemory;
  readonly resolve: () => PagerAnswer;
}

const GUARDS = {
  "store-full": ({ is, calls, ...about }: ReturnType<typeof aboutOf> & Pick<Place, "is" | "calls">) =>
    startMemoryGuard({
      ...{ ...about, calls, announce: async () => undefined },
      memory: async () => {
        about.looked();
        return { usedBytes: is.away ? 90 : 10, limitBytes: 100 };
      },
    }),
  "ledger-unwritable": ({ is, calls, ...about }: ReturnType<typeof aboutOf> & Pick<Place, "is" | "calls">) =>
    startLedgerGuard({
      ...{ ...about, calls, announce: async () => undefined },
      whyUnwritable: async () => {
        about.looked();
        return is.away ? "no room is left on its disk" : undefined;
      },
    }),
} as const;

function aboutOf(told: string[], resolve: () => PagerAnswer) {
  const seen = { looks: 0 };
  return {
    looked: () => {
      seen.looks += 1;
    },
    looks: () => seen.looks,
    pagers: pagersWith({
      trigger: async () => {
        told.push("page");
        return ACCEPTED;
      },
      call: async () => ASKED,
      resolve: async () => {
        told.push("resolved");
        return resolve();
      },
    }),
    // By the store's own clock, which tells microseconds.
    ...{ clock: clockAt(() => Date.now() + 0.125), logger: silent },
    ...{ process: "bot-1", inventory: () => example("inventory"), checkEveryMs: 5 },
    chat: new RecordedChat(clockAt()),
  };
}

/** A process of the same name, and what it tells people; `looks` resolves when it has looked so often more. */
function begun(name: keyof typeof GUARDS, { is, calls, resolve }: Place) {
  const told: string[] = [];
  const about = aboutOf(told, resolve);
  const guard = GUARDS[name]({ ...about, is, calls });
  ends.push(() => guard.stop());
  const looks = (count: number) => {
    const from = about.looks();
    return eventually("looks", () => (about.looks() >= from + count ? true : undefined));
  };
  return { told, looks, stop: () => guard.stop() };
}

async function remembered() {
  const bench = await StoreBench.start();
  ends.push(() => bench.close());
  const redis = await bench.connect();
  return () => ownCalls(createStores(redis, () => Date.now(), JOURNAL).ownCalls, "it");
}

describe.each(["store-full", "ledger-unwritable"] as const)("%s", (name) => {
  test("guard called before: is not told again by the process that follows within the same outage, which ends the call", async () => {
    const memory = await remembered();
    const is = { away: true };
    const first = begun(name, { is, calls: memory(), resolve: () => ACCEPTED });
    await first.looks(5);
    first.stop();
    const second = begun(name, { is, calls: memory(), resolve: () => ACCEPTED });
    await second.looks(5);
    is.away = false;
    await second.looks(5);

    expect([first.told, second.told]).toEqual([["page"], ["resolved"]]);
  });

  test("guard full again: a second outage is a call of its own, also where the pager took no end of the first", async () => {
    const memory = await remembered();
    const is = { away: true };
    const busy: PagerAnswer = { kind: "retry", why: "busy", afterMs: 600_000 };
    const { told, looks } = begun(name, { is, calls: memory(), resolve: () => busy });
    await looks(5);
    is.away = false;
    await looks(5);
    is.away = true;
    await looks(5);

    expect(told).toEqual(["page", "resolved", "page"]);
  });
});
