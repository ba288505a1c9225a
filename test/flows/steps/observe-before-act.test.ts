import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { ComputeFacts } from "../../../src/ports/compute.ts";
import type { Act, DatabaseFacts } from "../../../src/ports/databases.ts";
import type { Cloud, StepContext } from "../../../src/ports/step.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { AT, known, quietDay } from "../../harness/observed.ts";
import { planFor, serviceIn } from "../../harness/plans.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const plan = planFor(inventory);
const quiet = quietDay(service);
const [home, standby] = [quiet.sites[service.home], quiet.sites[standbyOf(service)]];

interface World {
  readonly database?: Partial<DatabaseFacts>;
  readonly compute?: Partial<ComputeFacts>;
  readonly isClosed?: boolean;
  readonly records?: readonly RecordSet[];
}

/** The ports as a step sees them, with every mutating call written down. */
function cloudIn(world: World): { cloud: Cloud; asked: string[] } {
  const asked: string[] = [];
  const act = async (name: string): Promise<Act> => {
    asked.push(name);
    return { requestIds: ["r-1"] };
  };
  if (!home?.firewall.known || !standby?.database.known || !standby.compute.known)
    throw new Error("a quiet day is known");
  const database = { ...standby.database.value, ...world.database };
  const compute = { ...standby.compute.value, ...world.compute };
  const rules = world.isClosed ? [] : Object.values(home.firewall.value).flat();
  const cloud = fakeCloud({
    clock: { now: () => AT },
    databases: {
      describe: async () => known(database),
      lag: async () => known({ seconds: 0, measuredAtMs: AT }),
      promote: async () => ({ ...(await act("promote")), kind: "accepted" }),
    },
    firewall: {
      rules: async () => known(rules),
      close: () => act("close"),
      open: () => act("open"),
    },
    compute: {
      describe: async () => known(compute),
      scaleOut: () => act("scale-out"),
      stop: () => act("stop"),
      restore: () => act("restore"),
    },
    traffic: {
      records: async (_zone, name) => known((world.records ?? []).filter((record) => record.name === name)),
      upsert: async () => ({ ...(await act("upsert")), changeId: "C1" }),
      changeState: async () => "in-sync",
    },
    probe: {
      writeCheck: async () => ({ kind: "written" }),
      health: async () => ({ kind: "healthy", status: 200 }),
      resolve: async () => [],
      resolveAuthoritative: async () => [],
    },
  });
  return { cloud, asked };
}

async function askedFor(stepId: string, world: World, mayHaveAsked = false): Promise<string[]> {
  const { cloud, asked } = cloudIn(world);
  const step = stepOf(plan, stepId);
  const context: StepContext = {
    ...{ cloud, signal: new AbortController().signal, tries: 1, mayHaveAsked, outputOf: () => undefined },
    hold: { run: plan.id, epoch: 1 },
  };
  await STEPS[step.does]?.run(step.input, context);
  return asked;
}

const recordsOf = (which: "before" | "after") => stepOf(plan, "shift-traffic").input[which] as RecordSet[];
const { tasks } = siteOf(service, standbyOf(service)).compute;

describe("a step looks before it asks (G5)", () => {
  test("guard observe before act: a promotion that has happened is not asked for again", async () => {
    expect(await askedFor("promote", {})).toEqual(["promote"]);
    expect(await askedFor("promote", { database: { role: "standalone", source: undefined } }, true)).toEqual([]);
  });

  test("guard observe before act: a replica of something else is never promoted", async () => {
    await expect(
      askedFor("promote", { database: { source: "arn:aws:rds:eu-west-1:123456789012:db:another" } }),
    ).rejects.toThrow(/follows/);
  });

  test("guard observe before act: capacity that is there is not asked for again", async () => {
    expect(await askedFor("scale-out", {})).toEqual(["scale-out"]);
    expect(await askedFor("scale-out", { compute: { desired: tasks } })).toEqual([]);
  });

  test("guard observe before act: a side that is closed already is not closed again", async () => {
    expect(await askedFor("fence", { compute: { desired: tasks } })).toEqual(["stop", "close"]);
    expect(await askedFor("fence", { isClosed: true })).toEqual([]);
  });

  test("guard observe before act: records that have their planned value are not changed again", async () => {
    expect(await askedFor("shift-traffic", { records: recordsOf("before") })).toEqual(["upsert"]);
    expect(await askedFor("shift-traffic", { records: recordsOf("after") })).toEqual([]);
  });

  test("guard observe before act: records that somebody else changed stop the step", async () => {
    const changed = recordsOf("before").map((record) => ({ ...record, weight: 50 }));

    await expect(askedFor("shift-traffic", { records: changed })).rejects.toThrow(/Somebody else changed/);
  });
});
