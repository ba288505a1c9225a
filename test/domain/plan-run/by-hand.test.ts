import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { pastedLines } from "../../../src/domain/plan-run/by-hand.ts";

const said = (lines: readonly string[]): string =>
  spawnSync("bash", ["--norc", "-c", lines.join("\n")], { encoding: "utf8" }).stdout;

test("lines of a loop, a condition and the background, as plans of earlier versions have them, are one list too", () => {
  const commands = [
    ...["for word in one two", "do", '  echo "$word"', "done"],
    ...["if false", "then", "  echo three", "fi"],
    "echo four > /dev/null &",
    "echo five",
  ];

  expect(said(pastedLines({ commands, goOn: "at once." }, { number: "3" })).split("\n")).toEqual([
    ...["one", "two", "five", "Go on at once.", ""],
  ]);
});

test("a block that fails says of which step, and to paste it again", () => {
  const lines = pastedLines({ commands: ["echo one", "false", "echo two"], goOn: "at once." }, { number: "3-1" });

  expect(said(lines)).toBe(
    "one\nFAILED in step 3-1: do not go on. Mend the error above (none: an answer was empty), then paste this whole block again.\n",
  );
});

test("a block whose call leads back when it is made twice says where to look, and never to paste it again", () => {
  const lines = pastedLines({ commands: ["false", "echo two"], goOn: "at once." }, { number: "3-2", looks: "3-1" });

  expect(said(lines)).toBe(
    "FAILED in step 3-2: do not go on, and do not paste this block again: its call may have been made all the same. Look again as in block 3-1.\n",
  );
});
