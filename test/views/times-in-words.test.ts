import { expect, test } from "@jest/globals";
import { withMoments } from "../../src/views/times-in-words.ts";

const AT = Date.parse("2026-11-21T23:59:30Z");

test.each([
  [
    "commits until 03:11:41Z are there",
    ["commits until ", { timeMs: Date.parse("2026-11-21T03:11:41Z") }, " are there"],
  ],
  ["since 2026-11-20 22:00:00Z", ["since ", { timeMs: Date.parse("2026-11-20T22:00:00Z") }]],
  [
    "03:00:00Z to 04:00:00Z",
    [{ timeMs: Date.parse("2026-11-21T03:00:00Z") }, " to ", { timeMs: Date.parse("2026-11-21T04:00:00Z") }],
  ],
  ["3 of 4 targets", ["3 of 4 targets"]],
])("what a journal says of a time is a time on a card: %s", (words, spans) => {
  expect(withMoments(words, AT)).toEqual(spans);
});
