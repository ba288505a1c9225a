import { expect, test } from "@jest/globals";
import { Answers } from "../../../src/integrations/aws/answers.ts";

test("answers of the last minute count, each region by itself, with the time within which half of them came", () => {
  let nowMs = 0;
  const answers = new Answers(() => nowMs);
  const ask = (region: string, tookMs: number, hasFailed = false) => {
    const answered = answers.begin(region);
    nowMs += tookMs;
    answered(hasFailed);
  };
  ask("eu-west-1", 50);
  for (const [tookMs, hasFailed] of [
    [100, false],
    [300, true],
    [200, false],
  ] as const)
    ask("eu-central-1", tookMs, hasFailed);

  expect(answers.of("eu-central-1")).toEqual({ asked: 3, failed: 1, typicalMs: 200 });
  expect(answers.of("eu-west-1")).toEqual({ asked: 1, failed: 0, typicalMs: 50 });
  expect(answers.of("us-east-1")).toEqual({ asked: 0, failed: 0, typicalMs: 0 });
  nowMs += 60_000;
  expect(answers.of("eu-central-1")).toEqual({ asked: 0, failed: 0, typicalMs: 0 });
});
