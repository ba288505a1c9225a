import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { canonicalJson } from "../../src/domain/json.ts";
import { type Plan, stepOf } from "../../src/domain/plan-run/plan.ts";
import { type Inventory, inventoryFrom } from "../../src/domain/service/inventory.ts";
import type { Observation } from "../../src/domain/service/observation.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { discover, mergeFound } from "../../src/flows/discover.ts";
import { observe } from "../../src/flows/observe.ts";
import { openQuestions } from "../../src/flows/resources/settings-of.ts";
import { planFailover } from "../../src/flows/runbooks/failover/plan.ts";
import { RecordsInput } from "../../src/flows/steps/schemas.ts";
import { eventually } from "../harness/eventually.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { leftOut } from "../harness/left-out.ts";
import { databaseRecordOf, siteOf, standbyOf, trafficOf } from "../harness/site.ts";

let at: FailoverWorld;
let short: Inventory;
beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 60 });
  short = inventoryFrom(leftOut(at.inventory.file));
});
afterAll(() => at.stop());

const only = ({ services: [service] }: Inventory): Service => {
  if (!service) throw new Error("the example has a service");
  return service;
};
const resolved = (service: Service) =>
  canonicalJson([
    ...service.regions.map((region) => siteOf(service, region)),
    databaseRecordOf(service),
    trafficOf(service),
  ]);

/** Everything, as soon as every region answers: one that was dark is taken for silent a while longer. */
const foundOfAll = () =>
  eventually("answer of every region", async () => {
    const { found, silent } = await discover(only(short), at.cloud);
    return silent.length === 0 ? found : undefined;
  });

function planOf(inventory: Inventory, observed: Observation): Plan {
  const service = only(inventory);
  const made = planFailover({
    ...{ id: "F-1", service, to: standbyOf(service), mode: "unplanned", reason: "dark", inventory },
    ...{ requester: "nobody", incident: undefined, observed, nowMs: at.clock.now() },
  });
  if (made.kind !== "plan") throw new Error(made.reasons.join(" "));
  return made.plan;
}

describe("in a world that was made from a file with everything written down", () => {
  test("a file without all that AWS knows is found to say the same", async () => {
    const { found, silent } = await discover(only(short), at.cloud);
    expect(silent).toEqual([]);
    const service = only(inventoryFrom(short.file, found));
    expect(openQuestions(service, at.clock.now())).toEqual([]);
    expect(resolved(service)).toBe(resolved(at.service));
  });

  test("the file with everything written agrees with AWS in everything", async () => {
    const { found } = await discover(at.service, at.cloud);
    expect(openQuestions(only(inventoryFrom(at.inventory.file, found)), at.clock.now())).toEqual([]);
  });

  test("with the home region dark, a plan is made from what is remembered, and pins the same values", async () => {
    const remembered = await foundOfAll();
    await at.client.setRegion(at.service.home, "dark");
    const service = only(inventoryFrom(short.file, remembered));
    const again = await discover(service, at.cloud);
    expect(again.silent.map(({ says }) => says)).toContain(`database mycomputer-inventory-db in ${service.home}`);
    const known = inventoryFrom(short.file, mergeFound(remembered, again.found));

    const observed = await observe(only(known), at.cloud);
    expect(planOf(known, observed).steps).toEqual(planOf(at.inventory, observed).steps);
    await at.client.setRegion(service.home, "up");
  });

  test("after a failover, when all records lead to one side, whose record is whose stays as it was known", async () => {
    const before = await foundOfAll();
    const { zone, name } = trafficOf(at.service);
    const plan = planOf(at.inventory, await observe(at.service, at.cloud));
    const { after: moves } = RecordsInput.parse(stepOf(plan, "shift-traffic").input);
    await at.others.traffic.upsert({ zone, records: moves, comment: "a failover" });

    const moved = only(inventoryFrom(short.file, before));
    const { found: after } = await discover(moved, at.cloud);
    const key = `route53/record/${name}`;
    expect(Object.keys(after[key] ?? {})).not.toContain(`set_identifiers.${at.service.home}`);
    expect(trafficOf({ ...moved, found: mergeFound(before, after) })).toEqual(trafficOf(at.service));
  });
});
