import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { z } from "zod";
import { STEPS } from "../../src/flows/index.ts";

const Policy = z.object({
  Statement: z.array(z.object({ Effect: z.string(), Action: z.array(z.string()).or(z.string()) })),
});

test("the role that runs act with may do what the steps need, and nothing is asked for that a deny takes away", () => {
  const policy = Policy.parse(JSON.parse(readFileSync("docs/iam-policy.json", "utf8")));
  const actions = (effect: string) =>
    policy.Statement.filter(({ Effect }) => Effect === effect).flatMap(({ Action }) => Action);
  const allowed = actions("Allow");
  const denied = actions("Deny").map((action) => new RegExp(`^${action.replaceAll("*", ".*")}$`));

  const missing = Object.values(STEPS).flatMap(({ name, permissions }) =>
    permissions
      .filter((action) => !allowed.includes(action) || denied.some((pattern) => pattern.test(action)))
      .map((action) => `${name}: ${action}`),
  );

  expect(missing).toEqual([]);
});
