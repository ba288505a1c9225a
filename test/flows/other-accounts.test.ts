import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../src/domain/plan-run/plan.ts";
import { inventoryFrom } from "../../src/domain/service/inventory.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { enteredBy } from "../../src/ports/elsewhere.ts";
import type { Cloud } from "../../src/ports/step.ts";
import { example } from "../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../harness/fakes/index.ts";
import { AT, known } from "../harness/observed.ts";

const ALL = "arn:aws:iam::210987654321:role/databases";
const STANDBY = "arn:aws:iam::321098765432:role/databases-of-the-standby";

/** The inventory service with its store in two accounts of its own. */
function inOtherAccounts() {
  const file = structuredClone(example("inventory").file);
  const store = file.services["inventory"]?.stores["stock"];
  if (!store) throw new Error("the example has a store");
  Reflect.set(store, "role", ALL);
  Reflect.set(Reflect.get(store.in ?? {}, "eu-central-1"), "role", STANDBY);
  return inventoryFrom(file);
}

const inventory = inOtherAccounts();
const [service] = inventory.services;
if (!service) throw new Error("the example has a service");

/** A cloud that notes by which role each database and each ECS service was described. */
function noting(cloud: Cloud) {
  const asked: string[] = [];
  const by = (role: string | undefined): Cloud =>
    fakeCloud(
      {
        databases: {
          describe: (region, ...more) => {
            asked.push(`database ${region} ${role}`);
            return cloud.databases.describe(region, ...more);
          },
        },
        compute: {
          describe: (region, ...more) => {
            asked.push(`service ${region} ${role}`);
            return cloud.compute.describe(region, ...more);
          },
        },
        through: by,
      },
      cloud,
    );
  return { cloud: by(undefined), asked };
}

describe("a store that lies in other accounts", () => {
  test("is looked at by the role of its region, and what lies in the ordinary account by the ordinary one", async () => {
    const { cloud, asked } = noting(fakeCloud(ordinaryDay(service)));

    await observe(service, cloud);

    expect(asked.toSorted((one, other) => one.localeCompare(other))).toEqual([
      `database eu-central-1 ${STANDBY}`,
      `database eu-west-1 ${ALL}`,
      "service eu-central-1 undefined",
      "service eu-west-1 undefined",
    ]);
  });

  test("is acted on by the roles that people signed, which stand in each step about it and in its part of the fence", async () => {
    const observed = await observe(service, fakeCloud(ordinaryDay(service)));
    const made = runbookOf({ runbook: "failover", id: "F-1" }).plan(
      {
        ...{ id: "F-1", service, inventory, observed, nowMs: AT },
        ...{ reason: "a rehearsal", requester: "farid", incident: undefined },
      },
      { mode: "unplanned" },
    );
    if (made.kind === "refused") throw new Error(made.reasons.join(" "));
    const roles = { anywhere: ALL, in: { "eu-central-1": STANDBY } };

    expect(made.plan.steps.filter((step) => step.roles !== undefined).map(({ id }) => id)).toEqual([
      ...["record-position", "promote", "check-writable", "forbid-deletion", "point-application"],
    ]);
    expect(stepOf(made.plan, "promote").roles).toEqual(roles);
    expect(stepOf(made.plan, "fence").input["parts"]).toMatchObject([
      { resource: "compute.api" },
      { resource: "stores.stock", roles },
    ]);
  });
});

test("a step with roles calls each region by its own, and what belongs to no region by that of anywhere", async () => {
  const asked: (string | undefined)[] = [];
  const cloud = fakeCloud({
    databases: { lag: async () => ({ known: false, cause: "absent", why: "no replica", atMs: AT }) },
    traffic: { records: async () => known([]) },
    through: (role) => {
      asked.push(role);
      return cloud;
    },
  });
  const theirs = enteredBy({ anywhere: ALL, in: { "eu-central-1": STANDBY } }, cloud);
  asked.length = 0;

  await theirs.databases.lag("eu-central-1", "db");
  await theirs.databases.lag("eu-west-1", "db");

  expect(asked).toEqual([STANDBY, ALL]);
  expect((await theirs.traffic.records("Z1", "db.internal")).known).toBe(true);
  expect(enteredBy(undefined, cloud)).toBe(cloud);
});
