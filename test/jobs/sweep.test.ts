import { describe, expect, test } from "@jest/globals";
import type { CardDue } from "../../src/domain/card/card-due.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import type { Calls } from "../../src/flows/reach/calls.ts";
import { callPeople } from "../../src/flows/reach/run-calls.ts";
import { endedAndRinging } from "../../src/jobs/sweep.ts";
import type { PagerAnswer } from "../../src/ports/pager.ts";
import { example } from "../harness/example.ts";
import { memoryDocuments } from "../harness/memory-documents.ts";
import { AT } from "../harness/observed.ts";
import { pagersWith } from "../harness/pagers.ts";
import { proposed } from "../harness/plans.ts";
import { silent } from "../harness/silent.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

describe("a run that is over while the pager does not answer", () => {
  test("is looked at by every sweep until the pager has taken its end", async () => {
    const calls = memoryDocuments<Calls>(({ open }) => open.length > 0);
    const accepted: PagerAnswer = { kind: "accepted", value: undefined };
    let answer: () => PagerAnswer = () => accepted;
    let nowMs = AT;
    const deps = {
      ...{ calls, cards: memoryDocuments<CardDue>(), logger: silent, inventory: () => inventory },
      ...{ chat: { addressOf: (channel: string) => channel }, channelOf: async () => undefined },
      clock: { now: () => nowMs, speed: 1, sleep: nothing },
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
  });
});
