import { expect, test } from "@jest/globals";
import { otherSts, stsOf } from "../../src/app/sts-order.ts";
import { example } from "../harness/example.ts";

const inventory = example("inventory");
const TWOKEY = inventory.file.aws.sts;

test("sessions come from where the run leads to, then from TwoKey's own region, and never from the region that it leaves", () => {
  expect(stsOf({ id: "F-1", from: "eu-west-1", to: "eu-central-1" }, inventory)).toEqual(["eu-central-1", TWOKEY]);
  expect(stsOf({ id: "F-2", from: "eu-central-1", to: "eu-west-1" }, inventory)).toEqual(["eu-west-1", TWOKEY]);
});

test("a run that stays in its region asks there, and then everywhere", () => {
  const all = ["eu-west-1", TWOKEY, "eu-central-1"];
  expect(stsOf({ id: "R-1", from: "eu-west-1", to: "eu-west-1" }, inventory)).toEqual(all);
});

test("what only looks asks the sites in the order of the file, within TwoKey's own partition", () => {
  const [service] = inventory.services;
  if (!service) throw new Error("the example has a service");
  const abroad = { ...service, regions: ["cn-north-1", ...service.regions] };

  expect(otherSts({ ...inventory, services: [abroad] })).toEqual(["eu-west-1", "eu-central-1"]);
});
