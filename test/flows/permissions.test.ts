import { describe, expect, test } from "@jest/globals";
import { roleWish } from "../../src/app/policy.ts";
import { executePolicy, managedPolicies } from "../../src/integrations/aws/role-policies.ts";
import { type Statement, statementsOf } from "../../src/integrations/aws/session-policy.ts";
import type { RequestContext } from "../../src/simulators/aws/iam/conditions.ts";
import { judge, PolicyDocument } from "../../src/simulators/aws/iam/policy.ts";
import { example } from "../harness/example.ts";
import { permittedIn, quietPlan } from "../harness/permitted.ts";
import { PLAYS } from "../harness/plays.ts";

const asAws = (document: object) => PolicyDocument.parse(JSON.parse(JSON.stringify(document)));

/** A call that fulfils what the permission itself asks for. */
function callFor({ Condition = {} }: Pick<Statement, "Condition">): RequestContext {
  const keys = Object.values(Condition).flatMap((each) => Object.entries(each));
  return Object.fromEntries(
    keys.map(([key, values]) => [key.toLowerCase(), values.map((value) => value.replace("*", "amazonaws.com"))]),
  );
}

describe.each(PLAYS)("$title", (play) => {
  test("needs nothing that the role of runs may not do, and nothing that a deny takes away", async () => {
    const wish = roleWish(example(play.example), undefined);
    const role = [asAws(executePolicy(wish))];

    const missing = permittedIn(await quietPlan(play)).flatMap(({ step, permissions }) =>
      statementsOf(permissions, wish.whose).flatMap((statement) =>
        statement.Action.flatMap((action) =>
          statement.Resource.filter(
            (resource) => judge(role, { action, resource, context: callFor(statement) }) !== "allowed",
          ).map((resource) => `${step}: ${action} on ${resource}`),
        ),
      ),
    );

    expect(missing).toEqual([]);
  });

  test("needs nothing that the managed policies of its service do not allow, which have no other service's calls", async () => {
    const inventory = example(play.example);
    const services = inventory.services.filter(({ name }) => name === play.service);
    const wish = roleWish({ ...inventory, services }, undefined);
    const managed = (managedPolicies(wish) ?? []).map(asAws);

    const missing = permittedIn(await quietPlan(play)).flatMap(({ step, permissions }) =>
      statementsOf(permissions, wish.whose).flatMap((statement) =>
        statement.Action.flatMap((action) =>
          statement.Resource.filter(
            (resource) => judge(managed, { action, resource, context: callFor(statement) }) !== "allowed",
          ).map((resource) => `${step}: ${action} on ${resource}`),
        ),
      ),
    );

    expect(missing).toEqual([]);
    for (const each of managed) expect(JSON.stringify(each).length).toBeLessThanOrEqual(6_144);
    const strange = { action: "rds:PromoteReadReplica", resource: "arn:aws:rds:eu-central-1:123456789012:db:theirs" };
    expect(judge(managed, { ...strange, context: {} })).toBe("not-allowed");
  });

  test("names each thing that it changes, where AWS lets a policy name it", async () => {
    const permitted = permittedIn(await quietPlan(play)).flatMap(({ permissions }) => permissions);
    const unnamed = permitted.filter(({ on }) => on.some(({ resource }) => resource.includes("*")));

    // A scalable target has an id that AWS makes up; an alias of a key can only be a condition; groups may be attached later.
    const reasons = {
      ...{ "scalable-target/*": "scalable-dimension", "key/*": "kms:ResourceAliases" },
      "security-group/*": "ec2:Vpc",
    };
    for (const { on, when } of unnamed) {
      const [reason] = Object.entries(reasons).flatMap(([resource, key]) =>
        on.every((thing) => thing.resource === resource) ? [key] : [],
      );
      expect(reason).toBeDefined();
      expect(JSON.stringify(when)).toContain(reason);
    }
  });
});
