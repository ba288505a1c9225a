import { describe, expect, test } from "@jest/globals";
import type { CardDue } from "../../src/domain/card/card-due.ts";
import type { DutyRow } from "../../src/domain/incident/duty.ts";
import type { Incident } from "../../src/domain/incident/incident.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import type { Calls } from "../../src/flows/reach/calls.ts";
import { callPeople } from "../../src/flows/reach/run-calls.ts";
import { createInVain } from "../../src/jobs/in-vain.ts";
import { SWEEP_EVERY_MS } from "../../src/jobs/queues.ts";
import { endedAndRinging, type SweepDeps, sweep } from "../../src/jobs/sweep.ts";
import type { PagerAnswer } from "../../src/ports/pager.ts";
import { example } from "../harness/example.ts";
import { clockAt, memoryDocuments, pagersWith, RecordedChat, silent, testClock } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

describe("a run that is over while the pager does not answer", () => {
  test("is looked at by every sweep until the pager has taken its end", async () => {
    const calls = memoryDocuments<Calls>(({ open }) => open.length > 0);
    const accepted: PagerAnswer = { kind: "accepted", value: undefined };
    let answer: () => PagerAnswer = () => accepted;
    let nowMs = AT;
    const chat = new RecordedChat(clockAt());
    const deps = {
      ...{ calls, cards: memoryDocuments<CardDue>(), logger: silent, inventory: () => inventory },
      ...{ chat, channelOf: async () => undefined },
      clock: clockAt(() => nowMs),
      pagers: pagersWith({ trigger: async () => answer(), resolve: async () => answer() }),
      wake: {
        ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing },
        ...{ incidentChat: nothing, card: nothing },
      },
    };
    const waiting = proposed(inventory);
    const refused: RunEntry = { kind: "refused", atMs: AT, by: "ana", door: "slack" };
    const over = transition(waiting, refused);

    await callPeople(waiting, deps);
    expect(await endedAndRinging([waiting.plan.id], { calls })).toEqual([]);
    answer = () => ({ kind: "retry", why: "no answer", afterMs: 1_000 });
    await callPeople(over, deps);
    expect(await endedAndRinging([], { calls })).toEqual([over.plan.id]);
    answer = () => accepted;
    nowMs += 60_000;
    await callPeople(over, deps);
    expect(await endedAndRinging([], { calls })).toEqual([]);
    expect(chat.calls).toEqual([]);
  });
});

describe("a sweep in which something fails", () => {
  /** Incidents by name; the duties of one of them cannot be worked out. */
  function swept(isBroken: () => boolean, runs: readonly string[] = []) {
    const clock = { ...testClock(), refresh: nothing };
    const done: string[] = [];
    const told: string[] = [];
    const overdue: number[] = [];
    const say = (what: string) => async (id: string) => void done.push(`${what} ${id}`);
    const incident = (id: string) => ({ value: { id, duties: {} } as unknown as Incident, revision: 1 });
    const rows: DutyRow<Incident>[] = [
      {
        ...{ kind: "rung", says: "rung", queue: "pages", perform: async () => ({ kind: "done" }) },
        duties: ({ id }) => {
          if (id === "I-broken" && isBroken()) throw new TypeError("rungs is not iterable");
          return [{ key: "1", dueAtMs: clock.now(), subject: {} }];
        },
      },
    ];
    const takeBack = async () => false;
    const deps: SweepDeps = {
      stores: {
        runs: { openIds: async () => runs, read: nothing, takeBack },
        incidents: { due: async () => ["I-broken", "I-whole"], get: async (id) => incident(id), takeBack },
        cards: { due: async () => ["progress:F-1"] },
        calls: { openIds: async () => [] },
        asides: {
          list: async () => {
            done.push("put aside");
            return [];
          },
          reported: nothing,
        },
        ...{ timelines: { takeBack }, waits: { openIds: async () => [] } },
      },
      queues: {
        wake: {
          ...{ run: nothing, runCalls: nothing, incidentEvidence: nothing, incidentChat: nothing },
          ...{ incidentPages: say("page"), card: say("card") },
        },
      },
      ...{ clock, logger: silent, onSweep: async (things) => void overdue.push(things) },
      announce: async (says) => void told.push(says),
      retention: { apply: async () => void done.push("retention") },
      tendWait: nothing,
      putBack: { look: async () => void done.push("put back") },
    };
    const inVain = createInVain({ ...deps, roomOf: async () => undefined });
    const look = async () => {
      done.length = 0;
      await sweep(deps, rows, inVain);
      clock.move(SWEEP_EVERY_MS);
      return [...done];
    };
    return { look, told, overdue };
  }
  const REST = ["page I-whole", "card progress:F-1", "put aside", "put back", "retention"];

  test("guard sweep goes on: an incident that fails keeps nobody from the rest, and people are told of it once", async () => {
    let isBroken = true;
    const { look, told } = swept(() => isBroken);

    for (let sweeps = 0; sweeps < 4; sweeps += 1) expect(await look()).toEqual(REST);
    expect(told).toEqual([]);
    for (let sweeps = 0; sweeps < 26; sweeps += 1) expect(await look()).toEqual(REST);
    expect(told).toEqual([expect.stringMatching(/incident I-broken.*rungs is not iterable/)]);

    isBroken = false;
    const later: string[][] = [];
    for (let sweeps = 0; sweeps < 30; sweeps += 1) later.push(await look());
    expect(later.at(-1)).toEqual(["page I-broken", ...REST]);
    expect(told.length).toBe(1);
  });

  test("guard listed and gone: a run that is listed as open, and of which nothing stands there, is told, and keeps nobody from the rest", async () => {
    const { look, told } = swept(() => false, ["F-9"]);

    for (let sweeps = 0; sweeps < 30; sweeps += 1) expect(await look()).toEqual(expect.arrayContaining(REST));

    expect(told).toEqual([expect.stringMatching(/run F-9.*nothing of it stands in Redis/)]);
  });

  test("tells the monitor outside how much is overdue, incidents and cards, also when one of them fails", async () => {
    const { look, overdue } = swept(() => true);

    await look();

    expect(overdue).toEqual([3]);
  });
});
