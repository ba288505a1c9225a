import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { ComputeFacts } from "../../../src/ports/compute.ts";
import type { DatabaseFacts } from "../../../src/ports/databases.ts";
import type { Cloud } from "../../../src/ports/step.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { example } from "../../harness/example.ts";
import { acceptingActs, contextIn, fakeCloud, type SaidCloud, seenDay } from "../../harness/fakes/index.ts";
import { AT, type Day, known, quietDay } from "../../harness/observed.ts";
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

/** The ports as a step sees them, with every mutating call written down: both sides are seen alike. */
function cloudIn(world: World): { cloud: Cloud; asked: string[] } {
  const asked: string[] = [];
  if (!home?.firewall.known || !standby?.database.known || !standby.compute.known)
    throw new Error("a quiet day is known");
  const side = {
    ...standby,
    database: known({ ...standby.database.value, ...world.database }),
    compute: known({ ...standby.compute.value, ...world.compute }),
    firewall: world.isClosed ? known({}) : home.firewall,
    lag: known({ seconds: 0, measuredAtMs: AT }),
  };
  const day: Day = { ...quiet, sites: { [service.home]: side, [standbyOf(service)]: side } };
  const more: SaidCloud = {
    traffic: {
      records: async (_zone, name) => known((world.records ?? []).filter((record) => record.name === name)),
    },
    probe: {
      writeCheck: async () => ({ kind: "written" }),
      health: async () => ({ kind: "healthy", status: 200 }),
      resolve: async () => [],
      resolveAuthoritative: async () => [],
    },
  };
  const seen = fakeCloud(seenDay(service, day), fakeCloud(acceptingActs(asked)));
  return { cloud: fakeCloud(more, seen), asked };
}

/** What the step asks for; of each call it keeps the id that AWS gave it, and no other. */
async function askedFor(stepId: string, world: World, mayHaveAsked = false): Promise<string[]> {
  const { cloud, asked } = cloudIn(world);
  const step = stepOf(plan, stepId);
  const context = contextIn(cloud, { mayHaveAsked, hold: { run: plan.id, epoch: 1 } });
  const { requestIds = [] } = (await STEPS[step.does]?.run(step.input, context)) ?? {};
  expect(requestIds).toEqual(asked.map(() => "r-1"));
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
