import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { permittedIn, quietPlan } from "../harness/permitted.ts";
import { PLAYS } from "../harness/plays.ts";

const Policy = z.object({
  Statement: z.array(z.object({ Effect: z.string(), Action: z.array(z.string()).or(z.string()) })),
});

describe.each(PLAYS)("$title", (play) => {
  test("needs nothing that the role of runs may not do, and nothing that a deny takes away", async () => {
    const policy = Policy.parse(JSON.parse(readFileSync("docs/iam-policy.json", "utf8")));
    const actions = (effect: string) =>
      policy.Statement.filter(({ Effect }) => Effect === effect).flatMap(({ Action }) => Action);
    const allowed = actions("Allow");
    const denied = actions("Deny").map((action) => new RegExp(`^${action.replaceAll("*", ".*")}$`));

    const missing = permittedIn(await quietPlan(play)).flatMap(({ step, permissions }) =>
      permissions
        .flatMap((permission) => permission.actions)
        .filter((action) => !allowed.includes(action) || denied.some((pattern) => pattern.test(action)))
        .map((action) => `${step}: ${action}`),
    );

    expect(missing).toEqual([]);
  });

  test("names each thing that it changes, where AWS lets a policy name it", async () => {
    const permitted = permittedIn(await quietPlan(play)).flatMap(({ permissions }) => permissions);
    const unnamed = permitted.filter(({ on }) => on.some(({ resource }) => resource.includes("*")));

    // A scalable target has an id that AWS makes up; an alias of a key can only be a condition.
    const reasons = { "scalable-target/*": "scalable-dimension", "key/*": "kms:ResourceAliases" };
    for (const { on, when } of unnamed) {
      const [reason] = Object.entries(reasons).flatMap(([resource, key]) =>
        on.every((thing) => thing.resource === resource) ? [key] : [],
      );
      expect(reason).toBeDefined();
      expect(JSON.stringify(when)).toContain(reason);
    }
  });
});
