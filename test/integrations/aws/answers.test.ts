import { expect, test } from "@jest/globals";
import { Answers } from "../../../src/integrations/aws/answers.ts";

const BROKEN = { kind: "unreachable", byAws: false } as const;
const THROTTLED = { kind: "retryLater", byAws: true } as const;

test("answers of the last minute count, each region by itself, with the time within which half of them came", () => {
  let nowMs = 0;
  const answers = new Answers(() => nowMs);
  const ask = (region: string, tookMs: number, hasFailed = false) => {
    const answered = answers.begin(region);
    nowMs += tookMs;
    answered(hasFailed ? BROKEN : undefined);
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

function counting() {
  const clock = { nowMs: 0 };
  const back: number[] = [];
  const answers = new Answers(
    () => clock.nowMs,
    () => void back.push(clock.nowMs),
  );
  const ask = (region: string, hasFailed: boolean) => {
    clock.nowMs += 10;
    answers.begin(region)(hasFailed ? BROKEN : undefined);
  };
  return { clock, back, answers, ask };
}

test("an answer of any region shows that AWS is reached, and a failure does not", () => {
  const { clock, answers, ask } = counting();
  clock.nowMs += 7;
  expect(answers.sinceAnswerMs()).toBe(7);
  ask("eu-west-1", false);
  ask("eu-central-1", true);

  expect([answers.sinceAnswerMs(), answers.sinceFailureMs()]).toEqual([10, 0]);
});

test("guard bad answer: an error of its own and a throttle are answers, though of a region in trouble", () => {
  const { clock, answers } = counting();
  clock.nowMs += 7;
  answers.begin("eu-west-1")(THROTTLED);

  expect([answers.sinceAnswerMs(), answers.sinceFailureMs()]).toEqual([0, Number.POSITIVE_INFINITY]);
  expect(answers.of("eu-west-1")).toMatchObject({ asked: 1, failed: 1 });
});

test("guard own failures: what fails while this process is cut off, and has since the newest answer, is no failure of AWS", () => {
  const { back, answers, ask } = counting();
  ask("eu-west-1", true);
  ask("eu-central-1", false);
  ask("eu-west-1", true);
  ask("eu-central-1", true);
  answers.cutOff(true);
  ask("eu-west-1", true);

  expect(["eu-west-1", "eu-central-1"].map((region) => answers.of(region))).toEqual([
    { asked: 1, failed: 1, typicalMs: 0 },
    { asked: 1, failed: 0, typicalMs: 0 },
  ]);
  expect(back).toEqual([]);
  ask("eu-central-1", false);
  ask("eu-west-1", true);
  expect(back).toEqual([60]);
  expect(answers.of("eu-west-1")).toMatchObject({ asked: 2, failed: 2 });
});
