import { expect, test } from "@jest/globals";
import { shares } from "../../../../../src/flows/resources/compute/ecs/parts.ts";
import { Ecs } from "../../../../../src/flows/resources/compute/ecs/settings.ts";

const REGIONS = ["eu-west-1", "eu-central-1"];
const BASE = { kind: "ecs", tasks: 4, healthy_means: "process" } as const;
const ID = "production/app";

/** Each thing, and the setting that says it. */
const sharedBy = (settings: object) =>
  shares(Ecs.parse({ ...BASE, ...settings }), REGIONS).map(({ what, key, path }) => [what, key, path.join(".")]);

test("a service may share its cluster in each region, as it is written once for all or for the region alone", () => {
  expect(sharedBy({ id: ID, in: { "eu-central-1": { id: "standby/app" } } })).toEqual([
    ["cluster", "eu-west-1/production", "id"],
    ["cluster", "eu-central-1/standby", "in.eu-central-1.id"],
  ]);
});

test("it may share the load balancer of each region that names one, however the name is written", () => {
  const balanced = { load_balancer: { dns_name: "App-ALB.eu-west-1.elb.amazonaws.com" } };

  expect(sharedBy({ id: ID, in: { "eu-west-1": balanced } })).toEqual([
    ["cluster", "eu-west-1/production", "id"],
    ["load-balancer", "app-alb.eu-west-1.elb.amazonaws.com", "in.eu-west-1.load_balancer.dns_name"],
    ["cluster", "eu-central-1/production", "id"],
  ]);
});

test("it shares nothing where the file names neither", () => {
  expect(sharedBy({})).toEqual([]);
});
