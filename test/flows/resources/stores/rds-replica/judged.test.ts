import { expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { acceptances } from "../../../../../src/flows/resources/stores/rds-replica/judged.ts";
import type { DatabaseFacts } from "../../../../../src/ports/databases.ts";
import { AT, dark, known } from "../../../../harness/observed.ts";

const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];
const database = (instance: string, instanceClass: string) => known({ instance, instanceClass } as DatabaseFacts);

/** Ids of what is to be agreed to before users come to the standby. */
function agreedTo(old: Known<DatabaseFacts>, now: Known<DatabaseFacts>, promoted?: "before"): string[] {
  const at = { seen: { in: { [HOME]: { database: old }, [STANDBY]: { database: now } } } };
  return acceptances(at as never, { from: HOME, to: STANDBY, promoted }, AT).map(({ id }) => id);
}

test("a new writer of a smaller class is agreed to where both classes are seen and it is not the writer yet", () => {
  const [large, medium] = [database("stock", "db.r6g.large"), database("stock-replica", "db.r6g.medium")];

  expect(agreedTo(large, medium)).toEqual(["smaller-class"]);
  expect(agreedTo(medium, large)).toEqual([]);
  expect(agreedTo(dark("RDS"), medium)).toEqual([]);
  expect(agreedTo(large, dark("RDS"))).toEqual([]);
  expect(agreedTo(large, medium, "before")).toEqual([]);
});
