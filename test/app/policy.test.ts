import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { policy, roleWish } from "../../src/app/policy.ts";
import { NOTHING_FOUND } from "../../src/domain/service/found.ts";
import { inventoryFrom } from "../../src/domain/service/inventory.ts";
import { COPY_TAG } from "../../src/flows/steps/permissions.ts";
import { deletePolicy, executePolicy, observePolicy } from "../../src/integrations/aws/role-policies.ts";
import { isLike } from "../../src/simulators/aws/iam/conditions.ts";
import { type Judgement, judge, PolicyDocument } from "../../src/simulators/aws/iam/policy.ts";
import { example } from "../harness/example.ts";
import { IAM_ACTIONS } from "../harness/iam-actions.ts";

const printed = (...args: string[]) =>
  policy(args, {
    file: "examples/inventory.yaml",
    readText: (path) => readFileSync(path, "utf8"),
    found: NOTHING_FOUND,
  });
const asAws = (document: object) => PolicyDocument.parse(JSON.parse(JSON.stringify(document)));
const wish = roleWish(example("inventory"), undefined);
const EXECUTE = [asAws(executePolicy(wish)), asAws(observePolicy(wish))];
const DELETE = [asAws(deletePolicy(wish))];
const REGION = "eu-central-1";
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:123456789012:${resource}`;
const REPLICA = arn("rds", "db:mycomputer-inventory-db-replica");
const OURS = arn("rds", "snapshot:twokeycopy-inventory-1");
const ORIGINAL = arn("rds", "snapshot:twokey-inventory-1");
const THEIRS = arn("rds", "snapshot:before-the-migration");

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What IAM answers; `tags` are those of the resource, and of the request as well. */
function answer(documents: readonly PolicyDocument[], { action, resource, tags = {} }: Asked): Judgement {
  const context = {
    "aws:requestedregion": [REGION],
    ...Object.fromEntries(
      Object.entries(tags).flatMap(([key, value]) => [
        [`aws:resourcetag/${key}`, [value]],
        [`aws:requesttag/${key}`, [value]],
      ]),
    ),
    ...(Object.keys(tags).length > 0 && { "aws:tagkeys": Object.keys(tags) }),
  };
  return judge(documents, { action, resource, context });
}

test.each([
  ["execute", "docs/iam-policy.json"],
  ["observe", "docs/iam-policy-observe.json"],
  ["delete", "docs/iam-policy-delete.json"],
])("the document that twokey policy %s prints for the example stands in %s", (which, path) => {
  expect(`${printed(which).text}\n`).toBe(readFileSync(path, "utf8"));
});

test.each(["inventory", "every-kind"])("IAM knows every action that a policy for examples/%s.yaml names", (file) => {
  const named = ["execute", "observe", "delete"].flatMap((which) =>
    asAws(JSON.parse(printed(which, "--file", `examples/${file}.yaml`).text)).Statement.flatMap(({ Action }) => Action),
  );

  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((pattern) => !IAM_ACTIONS.some((action) => isLike(pattern, action.toLowerCase())))).toEqual([]);
});

test("each fits into one managed policy of AWS, for one service", () => {
  for (const name of ["inventory", "bookings", "desk", "archive"]) {
    const file = name === "inventory" ? name : "every-kind";
    for (const which of ["execute", "observe", "delete"]) {
      const { text } = printed(which, name, "--file", `examples/${file}.yaml`);
      expect(text.replaceAll(/\s/g, "").length).toBeLessThanOrEqual(6_144);
    }
  }
});

test("says how it is asked, and what it does not find", () => {
  expect(printed("everything")).toMatchObject({ exitCode: 2, text: expect.stringContaining("Usage") });
  expect(printed("execute", "--role")).toMatchObject({ exitCode: 2, text: expect.stringContaining("Usage") });
  expect(printed("execute", "orders")).toMatchObject({ exitCode: 2, text: "There is no service orders" });
  expect(printed("execute", "--file", "nowhere.yaml")).toMatchObject({ exitCode: 2 });
});

describe("the role that runs assume", () => {
  test.each([
    ["rds:DeleteDBInstance", arn("rds", "db:mycomputer-inventory-db-replica")],
    ["rds:DeleteDBCluster", arn("rds", "cluster:orders")],
    ["rds:DeleteDBSnapshot", OURS],
    ["rds:DeleteDBClusterSnapshot", arn("rds", "cluster-snapshot:twokey-orders-1")],
    ["rds:DeleteDBInstanceAutomatedBackup", arn("rds", "auto-backup:ab-1")],
    ["rds:DeleteGlobalCluster", "arn:aws:rds::123456789012:global-cluster:orders"],
    ["backup:DeleteBackupVault", arn("backup", "backup-vault:dr")],
    ["backup:DeleteRecoveryPoint", arn("backup", "recovery-point:1")],
    ["glacier:DeleteVault", arn("glacier", "vaults/dr")],
    ["s3:DeleteBucket", "arn:aws:s3:::reports"],
    ["s3:DeleteObject", "arn:aws:s3:::reports/1"],
    ["s3:PutLifecycleConfiguration", "arn:aws:s3:::reports"],
    ["backup:UpdateRecoveryPointLifecycle", arn("backup", "recovery-point:1")],
    ["route53:DeleteHostedZone", "arn:aws:route53:::hostedzone/Z123456789"],
    ["dynamodb:DeleteTable", arn("dynamodb", "table/orders")],
    ["kms:ScheduleKeyDeletion", arn("kms", "key/1")],
    ["ecs:DeleteService", arn("ecs", "service/mycomputer-production/inventory-service")],
    ["ec2:DeleteSecurityGroup", arn("ec2", "security-group/sg-0ee55ff66aa77bb88")],
    ["iam:PutRolePolicy", "arn:aws:iam::123456789012:role/twokey-execute"],
  ])("is denied %s, whatever else would allow it", (action, resource) => {
    const everything = asAws({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: "*" },
    });

    expect(answer([...EXECUTE.slice(0, 1), everything], { action, resource, tags: { [COPY_TAG]: "true" } })).toBe(
      "denied",
    );
  });

  test("modifies the databases of the services, hands over no password, and no other database whatever allows it", () => {
    const modifying = (resource: string, documents = EXECUTE) =>
      answer(documents, { action: "rds:ModifyDBInstance", resource });
    const everything = asAws({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } });

    expect(modifying(REPLICA)).toBe("allowed");
    expect(modifying(arn("rds", "db:app"), [...EXECUTE, everything])).toBe("denied");
    expect(modifying(REPLICA, EXECUTE.slice(1))).toBe("not-allowed");
    expect(modifying(REPLICA, [...DELETE, everything])).toBe("denied");
    const context = { "rds:managemasteruserpassword": ["true"] };
    expect(judge(EXECUTE, { action: "rds:ModifyDBInstance", resource: REPLICA, context })).toBe("not-allowed");
  });

  test("may modify no database where the file leaves deletion protection to people", () => {
    const file = readFileSync("examples/inventory.yaml", "utf8");
    const byHand = file.replace("backup_retention: 30d", "backup_retention: 30d, deletion_protection: by-hand");
    const document = (which: string) =>
      asAws(JSON.parse(policy([which], { file: "twokey.yaml", readText: () => byHand, found: NOTHING_FOUND }).text));

    expect(
      answer([document("execute"), document("observe")], { action: "rds:ModifyDBInstance", resource: REPLICA }),
    ).toBe("denied");
  });

  test("marks as its own copy only what is called as a copy: no snapshot of somebody else, and no original, ever", () => {
    const marking = { action: "rds:AddTagsToResource", tags: { [COPY_TAG]: "true" } };

    expect(answer(EXECUTE, { ...marking, resource: OURS })).toBe("allowed");
    expect(answer(EXECUTE, { ...marking, resource: THEIRS })).toBe("denied");
    expect(answer(EXECUTE, { ...marking, resource: ORIGINAL })).toBe("denied");
    expect(answer(EXECUTE, { ...marking, resource: arn("rds", "db:mycomputer-inventory-db-replica") })).toBe("denied");
  });
});

describe("the role that deletes copies", () => {
  const deleting = (resource: string, tags?: Asked["tags"]) =>
    answer(DELETE, { action: "rds:DeleteDBSnapshot", resource, ...(tags && { tags }) });

  test("deletes what carries name and mark of a copy, nothing that lacks one of them, and no original", () => {
    expect(deleting(OURS, { [COPY_TAG]: "true" })).toBe("allowed");
    expect(deleting(OURS)).toBe("not-allowed");
    expect(deleting(OURS, { [COPY_TAG]: "false" })).toBe("not-allowed");
    expect(deleting(THEIRS, { [COPY_TAG]: "true" })).toBe("denied");
    expect(deleting(ORIGINAL, { [COPY_TAG]: "true" })).toBe("denied");
  });

  test("can set the mark on nothing, and touches nothing else", () => {
    const marking = { action: "rds:AddTagsToResource", resource: OURS, tags: { [COPY_TAG]: "true" } };
    expect(answer(DELETE, marking)).toBe("denied");
    expect(answer(DELETE, { action: "rds:DeleteDBInstance", resource: arn("rds", "db:twokey-1") })).toBe("denied");
    expect(answer(DELETE, { action: "rds:PromoteReadReplica", resource: arn("rds", "db:app") })).toBe("not-allowed");
  });
});

describe("what a role looks at", () => {
  const looksOf = (service: string) => printed("observe", service, "--file", "examples/every-kind.yaml").text;

  test("is what the services of the file have, and nothing of other kinds", () => {
    expect(looksOf("bookings")).toContain("ecs:DescribeServices");
    expect(looksOf("bookings")).not.toContain("DescribeDBClusters");
    expect(looksOf("desk")).toContain("rds:DescribeDBInstances");
    expect(looksOf("desk")).not.toMatch(/"ecs:Describe|elasticloadbalancing|route53:ListResourceRecordSets/);
    expect(looksOf("archive")).toContain("rds:DescribeDBClusters");
    expect(looksOf("archive")).not.toMatch(/ec2:Describe|DescribeDBSnapshots/);
  });

  test("lies in the document of the account that it lies in", () => {
    const file = structuredClone(example("inventory").file);
    const ROLE = "arn:aws:iam::210987654321:role/databases";
    Reflect.set(file.services["inventory"]?.stores["stock"] ?? {}, "role", ROLE);
    const inventory = inventoryFrom(file);
    const [theirs, ours] = [ROLE, undefined].map((role) => JSON.stringify(observePolicy(roleWish(inventory, role))));

    expect(theirs).toContain("rds:DescribeDBInstances");
    expect(theirs).not.toMatch(/"ecs:DescribeServices/);
    expect(ours).not.toContain("rds:DescribeDBInstances");
  });
});

test("what lies in another account stands in that account's document alone", () => {
  const file = structuredClone(example("inventory").file);
  const ROLE = "arn:aws:iam::210987654321:role/databases";
  Reflect.set(file.services["inventory"]?.stores["stock"] ?? {}, "role", ROLE);
  const inventory = inventoryFrom(file);

  expect(JSON.stringify(executePolicy(roleWish(inventory, ROLE)))).toContain("210987654321:db:mycomputer-inventory-db");
  expect(JSON.stringify(executePolicy(roleWish(inventory, undefined)))).not.toContain("db:mycomputer-inventory-db");
});
