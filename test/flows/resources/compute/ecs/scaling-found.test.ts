import { expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { discover } from "../../../../../src/flows/discover.ts";
import type { Scaling } from "../../../../../src/ports/compute.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud } from "../../../../harness/fakes/index.ts";
import { AT, dark, known } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";

const SERVICE = serviceIn(example("inventory"));
const KEY = "ecs/eu-west-1/mycomputer-production/inventory-service";
const GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/inventory/1";

async function foundWith(scaling: Known<Scaling | "not-scaled">) {
  const silent = async () => dark<never>("AWS");
  const cloud = fakeCloud(
    {
      clock: { now: () => AT },
      discovery: {
        service: async (_region, { service }) => known({ service, targetGroups: [GROUP] }),
        scaling: async () => scaling,
        ...{ loadBalancers: async () => known([]), database: silent, zones: silent },
      },
    },
    "a look changes nothing",
  );
  const { found } = await discover(SERVICE, cloud);
  return found[KEY];
}

const scaled = (max: number): Scaling => ({
  ...{ min: 0, max },
  suspended: { scaleIn: true, scaleOut: true, scheduled: true },
});

test("what AWS says of a service's auto scaling is its maximum, or that there is none", async () => {
  expect(await foundWith(known(scaled(10)))).toMatchObject({ max_tasks: { value: 10, atMs: AT } });
  expect(await foundWith(known("not-scaled"))).toMatchObject({ max_tasks: { value: "none" } });
});

test("a fenced side, whose maximum is 0 until it is given back, says nothing new of it", async () => {
  const found = await foundWith(known(scaled(0)));
  expect(found).toMatchObject({ target_group: { value: GROUP } });
  expect(found).not.toHaveProperty("max_tasks");
});

test("auto scaling that gives no answer by itself hides nothing else of the service", async () => {
  const found = await foundWith(dark("Application Auto Scaling"));
  expect(found).toMatchObject({ target_group: { value: GROUP } });
  expect(found).not.toHaveProperty("max_tasks");
});
