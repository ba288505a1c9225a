import { expect, test } from "@jest/globals";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import type { Person } from "../../../src/domain/people/person.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { Calls } from "../../../src/flows/reach/calls.ts";
import { callPeople } from "../../../src/flows/reach/run-calls.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { example } from "../../harness/example.ts";
import {
  ACCEPTED,
  ASKED,
  clockAt,
  memoryDocuments,
  pagersWith,
  RecordedChat,
  silent,
} from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const nothing = async () => undefined;
const run = proposed(inventory);
const needed = whoIsNeeded(run, inventory, AT)?.people ?? [];

/** What the timeline says of the call for a plan that waits, where the pager that rings knows these people. */
async function saidOf(knows: (person: Person) => boolean): Promise<string[]> {
  const calls = memoryDocuments<Calls>(({ open }) => open.length > 0);
  const people = inventory.people.map((person) => (knows(person) ? person : { ...person, pagers: {} }));
  await callPeople(run, {
    ...{ calls, cards: memoryDocuments<CardDue>(), logger: silent, inventory: () => ({ ...inventory, people }) },
    ...{ chat: new RecordedChat(clockAt()), channelOf: async () => undefined, clock: clockAt(() => AT) },
    pagers: pagersWith({ trigger: async () => ACCEPTED, call: async () => ASKED }),
    wake: {
      ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing },
      ...{ incidentChat: nothing, card: nothing },
    },
  });
  return calls.events.map(({ says }) => says.split(": Plan ")[0] ?? "");
}

test("guard called by name: only those are said to be called whom the pager that rings knows, and who is not is named", async () => {
  const [first, ...rest] = needed;
  if (!first) throw new Error("nobody is needed");
  const others = rest.map(({ name }) => name).join(", ");

  expect(await saidOf(() => true)).toEqual([`Called ${needed.map(({ name }) => name).join(", ")}`]);
  expect(await saidOf(({ id }) => id !== first.id)).toEqual([
    `Called ${others}. PagerDuty does not know ${first.name}, who was not called there`,
  ]);
  expect(await saidOf(() => false)).toEqual([
    `PagerDuty has the call, and knows nobody to call by name: not ${needed.map(({ name }) => name).join(", ")}`,
  ]);
});

/** Keys that the pager gets where a vendor refuses these steps of a run. */
async function keysOf(of: RunState, refused: readonly string[]): Promise<string[]> {
  const steps = refused.map((id) => {
    const heldUp = { sinceMs: AT, why: "HTTP 503" };
    return [id, { ...stateOf(of, id), state: "intended" as const, heldUp }] as const;
  });
  const keys: string[] = [];
  const wake = { ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing } };
  await callPeople(
    {
      ...{ ...of, state: "running", startedAtMs: AT },
      outbreaks: Object.fromEntries(refused.map((id) => [`held-up:${id}`, { beganMs: AT, isOver: false, toldMs: [] }])),
      steps: { ...of.steps, ...Object.fromEntries(steps) },
    },
    {
      ...{ calls: memoryDocuments<Calls>(), cards: memoryDocuments<CardDue>(), logger: silent },
      ...{ chat: new RecordedChat(clockAt()), channelOf: async () => undefined, clock: clockAt(() => AT) },
      ...{ inventory: () => inventory, wake: { ...wake, incidentChat: nothing, card: nothing } },
      pagers: pagersWith({
        trigger: async ({ dedupKey }) => {
          keys.push(dedupKey);
          return ACCEPTED;
        },
        call: async ({ pageKey }) => {
          keys.push(pageKey);
          return ASKED;
        },
      }),
    },
  );
  return keys;
}

test("guard short keys: however many steps a vendor refuses at once, the pager gets keys that it takes, and other ones for other steps", async () => {
  const ids = Object.keys(run.steps);
  const keys = [...(await keysOf(run, ids)), ...(await keysOf(run, ids.slice(1)))];

  expect([ids.length > 5, keys.length, new Set(keys).size]).toEqual([true, 4, 4]);
  expect(keys.filter((key) => key.length > 255)).toEqual([]);
});

test("guard short keys: a reason of up to 100 characters can be read in them", async () => {
  const around = `held-up::${AT}`.length;
  const isReadable = async (length: number): Promise<boolean> => {
    const id = "x".repeat(length - around);
    const [step, ...others] = run.plan.steps;
    if (!step) throw new Error("a plan has steps");
    const named = { ...run, plan: { ...run.plan, steps: [{ ...step, id }, ...others] } };
    return (await keysOf({ ...named, steps: { ...run.steps, [id]: stateOf(run, step.id) } }, [id])).some((key) =>
      key.includes(`held-up:${id}:${AT}`),
    );
  };

  expect([await isReadable(100), await isReadable(101)]).toEqual([true, false]);
});
