import { describe, expect, test } from "@jest/globals";
import type { DatabaseFacts } from "../../src/domain/observed.ts";
import type { RunState } from "../../src/domain/run.ts";
import type { RunEntry } from "../../src/domain/run-entry.ts";
import { transition } from "../../src/domain/run-transition.ts";
import { watchOldSide } from "../../src/engine/fence-watch.ts";
import type { StoredStep } from "../../src/ports/step.ts";
import { example } from "../harness/example.ts";
import { silent } from "../harness/failover-world.ts";
import { AT, homeIsDark, known, quietDay } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const quiet = quietDay(service);

/** A verified run whose old side was dark: nobody knows whether it still writes. */
function verified(): RunState {
  const run = proposed(inventory, { observed: homeIsDark(service) });
  const entries: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", atMs: AT, step: "fence", epoch: 1, attempt: 1 },
    { kind: "done", atMs: AT, step: "fence", epoch: 1, says: "cannot know", output: { fence: "cannot-know" } },
    { kind: "finished", atMs: AT, state: "verified" },
  ];
  return entries.reduce(transition, run);
}

async function watched(promoted: Partial<DatabaseFacts>, atMs = AT + 1_000) {
  const [home, standby] = [quiet.sites[service.home], quiet.sites[service.standby]];
  if (!home || !standby?.database.known) throw new Error("a quiet day is known");
  const facts = { ...standby.database.value, role: "standalone" as const, source: undefined, ...promoted };
  const written: string[] = [];
  let fenced = 0;
  const fence: StoredStep = {
    name: "fence-primary",
    wayBack: "undo",
    run: async () => {
      fenced += 1;
      return { requestIds: ["r-1"], data: {} };
    },
    verify: async () => ({ done: true, says: "fenced", output: {} }),
    undo: async () => ({ says: "", requestIds: [] }),
  };
  const nothing = async () => undefined;
  const unused = async () => {
    throw new Error("the watch does not ask for this");
  };
  const databases = {
    ...{ lag: unused, promote: unused, closeFirewall: unused, openFirewall: unused },
    describe: async () => known(facts),
    firewall: async () => home.firewall,
  };
  const clock = { now: () => atMs, speed: 1, sleep: nothing };
  const compute = { describe: unused, scaleOut: unused, stop: unused, restore: unused };
  const traffic = { records: unused, upsert: unused, changeState: unused };
  const probe = { writeCheck: unused, health: unused, resolve: unused, resolveAuthoritative: unused };
  const cloud = { databases, compute, traffic, probe, clock };
  await watchOldSide(
    verified(),
    {
      ...{ clock, logger: silent, steps: { "fence-primary": fence } },
      cloud: { ...cloud, guardedBy: () => cloud },
      ledger: { append: nothing, disagreement: nothing, highestEpoch: () => 0 },
      runs: {
        ...{
          create: unused,
          read: unused,
          openIds: unused,
          ofIncident: unused,
          holderOf: unused,
          coolDownUntil: unused,
        },
        append: async (run, { entries }) => {
          written.push(...entries.map(({ kind }) => kind));
          return { kind: "appended", run: entries.reduce(transition, run) };
        },
      },
    },
    new AbortController().signal,
  );
  return { written, fenced };
}

describe("the watch over an old side that was dark", () => {
  test("fences it when it answers again", async () => {
    expect(await watched({})).toEqual({ written: ["watch-intent", "fenced-later"], fenced: 1 });
  });

  test("leaves it alone once people have moved the service back", async () => {
    const back = await watched({ role: "replica", source: "arn:aws:rds:eu-west-1:1:db:new" });

    expect(back).toEqual({ written: ["watch-ended"], fenced: 0 });
  });

  test("ends with the signed plan's authority", async () => {
    expect(await watched({}, verified().plan.authorisesUntilMs)).toEqual({ written: ["watch-ended"], fenced: 0 });
  });
});
