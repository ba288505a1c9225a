import * as ecs from "@aws-sdk/client-ecs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { ECS_PARAMETERS } from "../../../src/simulators/aws/ecs-parameters.ts";
import { HOME, openTraffic, refusal } from "../traffic/harness.ts";

let opened: ReturnType<typeof openTraffic>;
beforeEach(() => {
  opened = openTraffic();
});
afterEach(() => opened.stop());

const SERVICE = { cluster: "production", service: "inventory" };
const asked =
  (operation: string, input: Record<string, unknown>): (() => unknown) =>
  () =>
    opened.call({ service: "ecs", operation }, input, HOME);
const desired = () => {
  const found = opened.traffic.ecs.find(HOME, "production", "inventory");
  return found?.desired;
};

describe("a parameter of the wrong type", () => {
  test.each<[string, object, string]>([
    ["UpdateService", { desiredCount: "3" }, "STRING_VALUE cannot be converted to Integer"],
    ["UpdateService", { taskDefinition: 7 }, "NUMBER_VALUE cannot be converted to String"],
    ["UpdateService", { forceNewDeployment: "yes" }, "STRING_VALUE cannot be converted to Boolean"],
    ["UpdateService", { desiredCount: true }, "TRUE_VALUE cannot be converted to Integer"],
    ["UpdateService", { cluster: ["production"] }, "Start of list found where not expected"],
    ["ListTasks", { maxResults: {} }, "Start of structure or map found where not expected."],
    ["DescribeServices", { services: "inventory" }, "Expected list or null"],
    ["UpdateService", { networkConfiguration: "none" }, "Expected null"],
    ["DescribeTasks", { tasks: [7] }, "NUMBER_VALUE cannot be converted to String"],
  ])("is refused as by AWS, before anything else: %s %j", (operation, changes, message) => {
    const before = desired();

    expect(refusal(asked(operation, { ...SERVICE, ...changes }))).toMatchObject({
      ...{ code: "SerializationException", message },
    });
    expect(desired()).toBe(before);
  });

  test("is none where it is null, which is as good as absent, nor in a part of a number, which is dropped", () => {
    asked("UpdateService", { ...SERVICE, desiredCount: 3.9, taskDefinition: null })();

    expect(desired()).toBe(3);
  });
});

describe("a parameter that the world does nothing with", () => {
  test("is ignored where ECS does not know it either", () => {
    asked("UpdateService", { ...SERVICE, desiredCount: 3, DesiredCount: 9, comment: { by: "ana" } })();

    expect(desired()).toBe(3);
    expect(asked("DescribeServices", { cluster: "production", services: ["inventory"], colour: 1 })()).toMatchObject({
      failures: [],
    });
  });

  test.each([
    ["UpdateService", { ...SERVICE, desiredCount: 3, capacityProviderStrategy: [] }, "capacityProviderStrategy"],
    ["UpdateService", { ...SERVICE, healthCheckGracePeriodSeconds: 5 }, "healthCheckGracePeriodSeconds"],
    ["ListServices", { cluster: "production", resourceManagementType: "ECS" }, "resourceManagementType"],
    ["DescribeClusters", { clusters: ["production"], include: ["STATISTICS"] }, "include"],
  ])("is refused by its name where ECS would do something with it: %s %j", (operation, input, name) => {
    const before = desired();

    expect(refusal(asked(operation, input))).toMatchObject({
      ...{ code: "InvalidParameterException", message: expect.stringContaining(name) },
    });
    expect(desired()).toBe(before);
  });

  test("tags may be asked for: nothing here has any", () => {
    const input = { cluster: "production", services: ["inventory"], include: ["TAGS"] };

    expect(asked("DescribeServices", input)()).toMatchObject({ failures: [] });
  });
});

/** What AWS's own client knows of an operation: a structure of names, and of each what it is. */
const Model = z.tuple([z.unknown(), z.unknown(), z.unknown(), z.unknown(), z.array(z.string()), z.array(z.unknown())]);
const TYPES: Readonly<Record<string, string>> = { 0: "text", 1: "number", 2: "flag", 64: "texts" };

function typeOf(member: unknown): string | undefined {
  if (typeof member !== "function") return TYPES[String(member)];
  const made: unknown = member();
  return Array.isArray(made) && made[0] === 1 ? "list" : "structure";
}

test("every operation of the world knows exactly the parameters that AWS's own client knows, with their types", () => {
  const served = opened.traffic.services.find(({ name }) => name === "ecs")?.operations ?? {};
  expect(new Set(Object.keys(ECS_PARAMETERS))).toEqual(new Set(Object.keys(served)));
  for (const [operation, known] of Object.entries(ECS_PARAMETERS)) {
    const schema: unknown = Reflect.get(ecs, `${operation}$`);
    const input: unknown = Array.isArray(schema) ? schema[4] : undefined;
    const [, , , , names, members] = Model.parse((typeof input === "function" ? input() : input).slice(0, 6));
    const model = Object.fromEntries(names.map((name, at) => [name, typeOf(members[at])]));
    expect([operation, known]).toEqual([operation, model]);
  }
});
