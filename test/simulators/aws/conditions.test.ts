import { expect, test } from "@jest/globals";
import { isArnLike, isLike } from "../../../src/simulators/aws/iam/conditions.ts";
import { Random } from "../../../src/simulators/world/random.ts";

test.each([
  ["rds:Describe*", "rds:DescribeDBInstances", true],
  ["rds:Describe*", "rds:PromoteReadReplica", false],
  ["*", "", true],
  ["?", "", false],
  ["a?c", "abc", true],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-b-b-c-", false],
  ["a.c", "abc", false],
  ["a+", "aa", false],
])("a pattern of a policy: %s fits %s: %s", (pattern, text, fits) => {
  expect(isLike(pattern, text)).toBe(fits);
});

test("a star of an ARN does not reach past a colon, but in the resource itself", () => {
  expect(isArnLike("arn:aws:rds:*:1:db:orders", "arn:aws:rds:eu-west-1:1:db:orders")).toBe(true);
  expect(isArnLike("arn:aws:*:db:orders", "arn:aws:rds:eu-west-1:1:db:orders")).toBe(false);
  expect(isArnLike("arn:aws:rds:*:1:*", "arn:aws:rds:eu-west-1:1:db:orders")).toBe(true);
});

test("patterns fit what the same regular expression fits, in 20,000 random ones", () => {
  const random = new Random(1);
  const drawn = (letters: readonly [string, ...string[]]) =>
    Array.from({ length: random.integer(0, 7) }, () => random.pick(letters)).join("");
  const odd = Array.from({ length: 20_000 }, () => [drawn(["a", "b", "*", "?"]), drawn(["a", "b"])] as const).filter(
    ([pattern, text]) => {
      const source = pattern.replaceAll("*", ".*").replaceAll("?", ".");
      return isLike(pattern, text) !== new RegExp(`^${source}$`, "s").test(text);
    },
  );

  expect(odd).toEqual([]);
});
