import { expect, test } from "@jest/globals";
import { scaleOut } from "../../../../../src/flows/resources/compute/ecs/scale-out.ts";
import { linesOfBlock, pasted, type Stock } from "../../../../harness/pasted.ts";

const INPUT = {
  region: "eu-central-1",
  compute: { cluster: "dr", service: "app", tasks: 4, target_health: "process" as const },
  tasks: 4,
};
const ID = "service/dr/app";

function told(stock: Stock, max?: number) {
  const compute = max === undefined ? INPUT.compute : { ...INPUT.compute, max_tasks: max };
  const calls = pasted(scaleOut.byHand({ ...INPUT, compute }).flatMap(linesOfBlock), stock);
  const optionsOf = (operation: string) => calls.find((call) => call.operation === operation)?.options;
  return { registers: optionsOf("register-scalable-target"), updates: optionsOf("update-service") };
}

test.each([
  ["raised where it is lower", { min: 0, max: 2 }, { "min-capacity": "4", "max-capacity": "10" }],
  ["never lowered where it is higher", { min: 6, max: 30 }, { "min-capacity": "6", "max-capacity": "30" }],
])("by hand as by the step, the auto scaling of AWS is %s, and every suspension is lifted", (_how, has, wanted) => {
  const { registers } = told({ scaling: { [ID]: has } }, 10);
  expect(registers).toMatchObject({
    ...wanted,
    "suspended-state":
      "DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false",
  });
});

test("it is registered where AWS has a target, whatever the file says of it, and nowhere else", () => {
  expect(told({ scaling: { [ID]: { min: 0, max: 8 } } }).registers).toMatchObject({ "max-capacity": "8" });
  expect(told({ scaling: {} }, 10).registers).toBeUndefined();
});

test("a service is told to have as many tasks as are wanted, and keeps more where it has more", () => {
  expect(told({ scaling: {} }).updates).toMatchObject({ "desired-count": "4" });
  expect(told({ scaling: {}, desired: { [ID]: 7 } }).updates).toMatchObject({ "desired-count": "7" });
});

test("the tasks that the step was planned with count, not those of the file", () => {
  const calls = pasted(scaleOut.byHand({ ...INPUT, tasks: 9 }).flatMap(linesOfBlock), { scaling: {} });
  expect(calls.find(({ operation }) => operation === "update-service")?.options).toMatchObject({
    "desired-count": "9",
  });
});
