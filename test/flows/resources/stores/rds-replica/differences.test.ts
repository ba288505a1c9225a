import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { differences } from "../../../../../src/flows/resources/stores/rds-replica/differences.ts";
import type { FactsKnown } from "../../../../../src/flows/resources/stores/rds-replica/remembered.ts";
import type { DatabaseFacts } from "../../../../../src/ports/databases.ts";
import { AT, dark, known } from "../../../../harness/observed.ts";

const OLD: DatabaseFacts = {
  ...{ instance: "stock", status: "available", role: "standalone", source: undefined, replicating: undefined },
  ...{ backupRetentionDays: 7, securityGroups: [], instanceClass: "db.r6g.large", encrypted: true, multiAz: true },
  ...{ deletionProtection: true, parameterGroup: "stock-16", logExports: ["postgresql", "upgrade"] },
};
const between = (
  change: Partial<DatabaseFacts>,
  before: Known<DatabaseFacts> = known(OLD),
  { isProtected = false, lastKnown }: { readonly isProtected?: boolean; readonly lastKnown?: FactsKnown } = {},
) =>
  differences({
    isProtected,
    ...{ instance: "stock-replica", region: "eu-central-1", old: "stock", before, lastKnown },
    now: known({ ...OLD, ...change, instance: "stock-replica", role: "replica" }),
  });

describe("what a promoted database lacks of the old one", () => {
  test("is nothing where both are set up alike", () => {
    expect(between({})).toEqual([]);
    expect(between({ logExports: ["upgrade", "postgresql", "iam-db-auth-error"] })).toEqual([]);
  });

  test.each<[string, Partial<DatabaseFacts>, RegExp]>([
    [
      "deletion protection",
      { deletionProtection: false },
      /costs no time: aws rds .* stock-replica --deletion-protection/,
    ],
    ["a log", { logExports: ["upgrade"] }, /no postgresql log.*'\{"EnableLogTypes":\["postgresql"\]\}'/],
    ["a standby in another zone", { multiAz: false }, /writes are slower .*: aws rds .* --multi-az/],
    [
      "its parameter group",
      { parameterGroup: "default.postgres16" },
      /default.postgres16, and stock stock-16\. .*one to two minutes/,
    ],
  ])("%s is told with its price, and with the command where there is one", (_what, change, says) => {
    const [only, ...more] = between(change);

    expect(only).toMatch(says);
    expect(more).toEqual([]);
  });

  test("leaves out deletion protection where a step of the plan switches it on", () => {
    expect(between({ deletionProtection: false }, known(OLD), { isProtected: true })).toEqual([]);
  });

  test("that RDS takes at once is asked for without what else waits for a maintenance window", () => {
    const all = between({ deletionProtection: false, logExports: [], multiAz: false });

    expect(all.map((each) => each.includes("--apply-immediately"))).toEqual([false, false, true]);
  });

  test("cannot be told of an old side that is silent, and people hear that", () => {
    expect(between({}, dark("RDS"))).toEqual([
      "How stock was set up cannot be seen. Compare stock-replica with it when it answers again",
    ]);
  });

  test("is told of a silent old side as it answered last, with when that was", () => {
    const lastKnown: FactsKnown = { known: true, value: OLD, atMs: AT - 90_000 };
    const told = between({ multiAz: false }, dark("RDS"), { lastKnown });

    expect(told).toEqual([
      expect.stringMatching(/^stock-replica has no standby in another zone, and stock has\./),
      "stock-replica is compared with stock as it was at 03:11:15Z, when it answered last. Compare them again when it answers",
    ]);
    expect(between({}, dark("RDS"), { lastKnown })).toHaveLength(1);
  });
});
