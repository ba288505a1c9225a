import { afterEach, describe, expect, test } from "@jest/globals";
import { startStoreGuard } from "../../../src/jobs/looks/store-guard.ts";
import type { PageRequest, PagerAnswer } from "../../../src/ports/pager.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";

const inventory = example("inventory");
let guard: { stop(): void } | undefined;
afterEach(() => guard?.stop());

interface Pager {
  readonly trigger: () => PagerAnswer;
  readonly now: () => number;
}
const PAGER: Pager = { trigger: () => ACCEPTED, now: () => Date.now() };

function guarded(wrong: () => string | undefined, { trigger, now } = PAGER, rooms: () => readonly string[] = () => []) {
  const pages: PageRequest[] = [];
  const resolved: string[] = [];
  const said: string[] = [];
  const saidIn: string[] = [];
  let sweeps = 0;
  let claims = 0;
  guard = startStoreGuard({
    checkEveryMs: 20,
    clock: clockAt(now),
    ledger: { keepUp: async () => undefined, disagreement: async () => wrong() },
    queues: {
      startSweep: async () => {
        sweeps += 1;
      },
    },
    sayWhose: async () => {
      claims += 1;
    },
    pagers: pagersWith({
      trigger: async (page) => {
        pages.push(page);
        return trigger();
      },
      resolve: async (key) => {
        resolved.push(key);
        return ACCEPTED;
      },
    }),
    logger: silent,
    announce: async (says, rooms = []) => {
      said.push(says);
      for (const room of rooms) saidIn.push(`${room}: ${says}`);
    },
    rooms: async () => rooms(),
    process: "bot-1",
    inventory: () => inventory,
    chat: new RecordedChat(clockAt()),
  });
  return { pages, resolved, said, saidIn, sweeps: () => sweeps, claims: () => claims };
}

describe("a store that came back empty or older (G17)", () => {
  test("calls people once, keeps the sweep going, and stands down when it agrees again", async () => {
    let wrong: string | undefined = "Redis came back empty";
    const seen = guarded(() => wrong);

    await eventually("the guard has looked several times", () => (seen.sweeps() > 5 ? true : undefined));
    expect(seen.pages.map(({ dedupKey, urgent }) => [dedupKey, urgent])).toEqual([["dr:production:store-lost", true]]);
    expect(seen.pages[0]?.summary).toContain("Redis came back empty");
    const { channel } = inventory.file.alerts;
    expect(seen.pages[0]?.links.map(({ href }) => href)).toEqual([`https://chat.example.com/${channel}`]);

    wrong = undefined;
    await eventually("the pager is told", () => (seen.resolved.length > 0 ? true : undefined));
    expect(seen.pages).toHaveLength(1);
    // The channel hears of it as well, each time once.
    expect(seen.said).toEqual([
      expect.stringMatching(/^TwoKey has stopped changing anything: Redis came back empty\..*\/dr accept-store\.$/),
      expect.stringContaining("agree again"),
    ]);
  });

  test("guard whose again: is told again whose it is, or it would refuse the next process that starts", async () => {
    const seen = guarded(() => "Redis came back empty");

    await eventually("the guard has looked", () => (seen.sweeps() > 0 ? true : undefined));
    expect(seen.claims()).toBeGreaterThan(0);
  });

  test("is said in each room that was open, also where the store has forgotten it, and taken back there", async () => {
    let wrong: string | undefined;
    let rooms = ["C1INC"];
    const seen = guarded(
      () => wrong,
      PAGER,
      () => rooms,
    );
    await eventually("the guard has looked", () => (seen.sweeps() > 2 ? true : undefined));
    rooms = ["C2RUN"];
    wrong = "Redis came back empty";
    await eventually("the rooms are told", () => (seen.saidIn.length >= 2 ? true : undefined));
    wrong = undefined;
    await eventually("it is taken back", () => (seen.saidIn.length >= 4 ? true : undefined));

    const stopped = expect.stringMatching(/: TwoKey has stopped changing anything: Redis came back empty/);
    const agreed = expect.stringContaining("agree again");
    expect(seen.saidIn).toEqual([stopped, stopped, agreed, agreed]);
    expect(seen.saidIn.map((each) => each.slice(0, 5))).toEqual(expect.arrayContaining(["C1INC", "C2RUN"]));
  });

  test("is said in the alerts channel also where nobody can list the rooms", async () => {
    const seen = guarded(
      () => "Redis came back empty",
      PAGER,
      () => {
        throw new Error("an incident cannot be read");
      },
    );
    await eventually("the channel hears of it", () => (seen.said.length > 0 ? true : undefined));
  });

  test("guard lost store called again: a call that the pager refused is made again, until it is accepted", async () => {
    let answer: PagerAnswer = { kind: "retry", why: "busy", afterMs: 0 };
    let nowMs = 0;
    const seen = guarded(() => "Redis came back empty", { trigger: () => answer, now: () => nowMs });
    await eventually("the pager is asked", () => (seen.pages.length > 0 ? true : undefined));

    nowMs += 60_000;
    await eventually("it is asked again", () => (seen.pages.length > 1 ? true : undefined));
    answer = ACCEPTED;
    nowMs += 120_000;
    await eventually("it is asked once more", () => (seen.pages.length > 2 ? true : undefined));
  });

  test("a store that agrees calls nobody", async () => {
    const seen = guarded(() => undefined);

    await eventually("the guard has looked several times", () => (seen.sweeps() > 3 ? true : undefined));
    expect(seen.pages).toEqual([]);
  });
});
