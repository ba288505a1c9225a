import { describe, expect, test } from "@jest/globals";
import type { ReadingVerb } from "../../../src/commands/reading.ts";
import type { Card } from "../../../src/domain/card/card.ts";
import { UserError } from "../../../src/domain/errors.ts";
import { inTerminal, type ReadingApp } from "../../../src/doors/terminal/terminal.ts";

const CARD: Card = { text: "All is quiet", parts: [] };
const VERB: ReadingVerb = {
  usage: "status [service]",
  says: "The board, or one service in depth",
  words: 1,
  read: async () => CARD,
};

/** What is printed, what was asked, and how often the app that answers was opened and closed. */
async function typed(args: readonly string[], ask = async () => CARD) {
  const asked: (readonly string[])[] = [];
  const doors = { opened: 0, closed: 0 };
  const app: ReadingApp = {
    ask: (_verb, words) => {
      asked.push(words);
      return ask();
    },
    close: () => {
      doors.closed += 1;
    },
  };
  const printed = await inTerminal(VERB, args, async () => {
    doors.opened += 1;
    return app;
  });
  return { printed, asked, doors };
}

describe("a verb typed into a terminal", () => {
  test("is asked with the words that follow it, and what it opened is closed", async () => {
    expect(await typed(["inventory"])).toEqual({
      printed: { exitCode: 0, text: "All is quiet" },
      asked: [["inventory"]],
      doors: { opened: 1, closed: 1 },
    });
  });

  test("is asked with its words as they look, as in Slack", async () => {
    const { asked } = await typed(["inv\u200bеntory\u2010e\u0131ght"]);

    expect(asked).toEqual([["inventory-eight"]]);
  });

  test("with --json answers with the card itself, for the same words", async () => {
    const { printed, asked } = await typed(["inventory", "--json"]);

    expect([printed.exitCode, JSON.parse(printed.text), asked]).toEqual([0, CARD, [["inventory"]]]);
  });

  test.each(["--help", "-h"])("with %s says how it is called, and opens nothing", async (flag) => {
    expect(await typed([flag])).toEqual({
      printed: { exitCode: 0, text: expect.stringMatching(/^Usage: twokey status \[service\] \[--json\]\n/) },
      asked: [],
      doors: { opened: 0, closed: 0 },
    });
  });

  test.each([
    { args: ["inventory", "payments"], why: "“payments” is one word too many." },
    { args: ["--jsn"], why: "--jsn" },
  ])("$args is refused with why and how it is called, and opens nothing", async ({ args, why }) => {
    const { printed, doors } = await typed(args);
    const [says, , usage] = printed.text.split("\n");

    expect([printed.exitCode, doors.opened]).toEqual([2, 0]);
    expect([says, usage]).toEqual([expect.stringContaining(why), "Usage: twokey status [service] [--json]"]);
  });

  test.each([
    { error: new UserError("unknown", "There is no service payments."), says: "There is no service payments." },
    {
      error: new Error("Redis is away"),
      says: "twokey status [service] could not be answered: Redis is away",
    },
  ])("that has no answer says why in one sentence, and what it opened is closed: $says", async ({ error, says }) => {
    const { printed, doors } = await typed([], () => Promise.reject(error));

    expect([printed, doors]).toEqual([
      { exitCode: 1, text: says },
      { opened: 1, closed: 1 },
    ]);
  });
});
