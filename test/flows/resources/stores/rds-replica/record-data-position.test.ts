import { expect, test } from "@jest/globals";
import type { LagFacts } from "../../../../../src/domain/service/observed.ts";
import { STEPS } from "../../../../../src/flows/index.ts";
import { fakeCloud } from "../../../../harness/fakes.ts";
import { AT, known } from "../../../../harness/observed.ts";

const INPUT = {
  ...{ region: "eu-central-1", instance: "inventory-replica", mustReachZero: false, blindMs: 0 },
  knownUntilMs: null as number | null,
};
const BROKEN: LagFacts = { known: false, cause: "failed", why: "it does not replicate", atMs: AT };
const SAMPLE = { seconds: 5, measuredAtMs: AT - 600_000 };

async function recorded(lag: LagFacts, input: Partial<typeof INPUT> = {}) {
  const cloud = fakeCloud({ clock: { now: () => AT }, databases: { lag: async () => lag } });
  const fencing = { run: "F-1", epoch: 1 };
  const context = { cloud, signal: new AbortController().signal, fencing, tries: 1, outputOf: () => undefined };
  return STEPS["record-data-position"]?.verify({ ...INPUT, ...input }, { sinceMs: AT }, context);
}

test("with the source gone the last good sample is what is written down", async () => {
  expect(await recorded({ ...BROKEN, lastGood: SAMPLE })).toMatchObject({
    ...{ done: true, output: { lastCommitMs: AT - 605_000 } },
    says: "commits until 03:02:40Z are on the standby (its last known position: it does not replicate)",
  });
});

test("a sample that may be wrong over a silent link counts that much less", async () => {
  const written = await recorded({ ...BROKEN, lastGood: SAMPLE }, { blindMs: 60_000 });

  expect(written).toMatchObject({ output: { lastCommitMs: AT - 665_000 } });
});

test("what the plan knew is never taken back", async () => {
  const knownUntilMs = AT - 90_000;

  expect(await recorded(BROKEN, { knownUntilMs })).toMatchObject({ output: { lastCommitMs: knownUntilMs } });
  expect(await recorded({ ...BROKEN, lastGood: SAMPLE }, { knownUntilMs })).toMatchObject({
    output: { lastCommitMs: knownUntilMs },
  });
});

test("unknown stays unknown where there never was a good sample", async () => {
  expect(await recorded(BROKEN)).toMatchObject({ done: true, output: { lastCommitMs: null } });
});

test("a planned run takes no old position for having everything", async () => {
  const fresh: LagFacts = known({ seconds: 0, measuredAtMs: AT + 60_000 });

  expect(await recorded({ ...BROKEN, lastGood: SAMPLE }, { mustReachZero: true })).toMatchObject({ done: false });
  expect(await recorded(fresh, { mustReachZero: true })).toMatchObject({ done: true });
});
