import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { VERBS } from "../../src/commands/index.ts";
import type { Card } from "../../src/domain/card/card.ts";
import { cardText } from "../../src/views/card-text.ts";
import { cards } from "../cards/gallery.ts";
import { lastButtonLine, phoneLines, writtenOn } from "./card-lines.ts";
import { missingPaths } from "./paths.ts";
import { literalsOf, longSentencesIn, prose, spokenIn, verbProblems, wordingOf, wordsToAvoidIn } from "./sentences.ts";
import { PHONE_SCREEN_LINES, PHONE_WIDTH } from "./words-to-avoid.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("simulators"))
  .map((path) => `src/${path.replaceAll("\\", "/")}`);
const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const DECISIONS = readdirSync(join(ROOT, "docs/decisions")).map((name) => `docs/decisions/${name}`);
const verbs = Object.keys(VERBS);

const LOUD = /(?<![\w./:-])[A-Z]{3,}(?![\w./:-])/g;
/** ALARM is what CloudWatch calls the state. */
const ABBREVIATIONS = new Set(["AWS", "DNS", "ECS", "ETA", "HTTP", "IAM", "RDS", "RPO", "RTO", "ALARM", "UTC"]);
/** What is owed to people, said as done: only a pager's answer makes it true (G8). */
const SAID_AS_DONE = /(?<!nobody )\b(?:is|are|was|were) (?:being )?paged\b(?! too often)|\bbeing (?:called|paged)\b/i;
const ROOMS_THAT_ASK = /^src\/(flows|commands|engine|jobs|doors|app)\//;
/** “A” before what is spoken with a vowel first: “a unplanned failover”. */
const WRONG_ARTICLE = /\ba (?:un(?!i)|[ai]|e(?!u)|o(?!ne\b|nce\b))[a-z]*/gi;
/** What key holders sign is the same for each of them, so its times are UTC. */
const SIGNED = /^“I accept /;

describe("what people read", () => {
  test("in views, errors, refusals, reasons and announcements: short sentences, plain words", () => {
    const problems = SOURCES.flatMap((path) => {
      const spoken = spokenIn(path, read(path));
      return [...wordingOf(path, spoken).problems, ...longSentencesIn(path, spoken)];
    });

    expect(problems).toEqual([]);
  });

  test("in any string of the sources: plain words", () => {
    const problems = SOURCES.flatMap((path) =>
      wordsToAvoidIn(
        path,
        literalsOf(read(path)).map(({ text }) => text),
      ),
    );

    expect(problems).toEqual([]);
  });

  test("where people are asked for: never that they are paged, before a pager has accepted it", () => {
    const asking = SOURCES.filter((path) => ROOMS_THAT_ASK.test(path));
    const spoken = asking.flatMap((path) => literalsOf(read(path)).map(({ text }) => `${path}: ${text}`));

    expect(spoken.filter((text) => SAID_AS_DONE.test(text))).toEqual([]);
    expect(SAID_AS_DONE.test("The approvers are being called.")).toBe(true);
  });

  test("everywhere: “an” before a vowel", () => {
    const said = [
      ...SOURCES.flatMap((path) => literalsOf(read(path)).map(({ text }) => [path, text] as const)),
      ...[...DOCUMENTS, ...DECISIONS].flatMap((path) => prose(read(path)).map((text) => [path, text] as const)),
      ...Object.entries(cards()).map(([name, card]) => [name, cardText(card)] as const),
    ];
    const wrong = said.flatMap(([where, text]) =>
      (text.match(WRONG_ARTICLE) ?? []).map((found) => `${where}: ${found}`),
    );

    expect(wrong).toEqual([]);
    expect(
      "Agree to a unplanned failover, an unplanned one, a user, a once, a unit and a European".match(WRONG_ARTICLE),
    ).toEqual(["a unplanned"]);
  });

  test("in documents and decisions: short sentences, plain words", () => {
    const problems = [...DOCUMENTS, ...DECISIONS].flatMap((path) => wordingOf(path, prose(read(path))).problems);

    expect(problems).toEqual([]);
  });

  test("in documents and decisions: names only files that exist", () => {
    const problems = [...DOCUMENTS, ...DECISIONS].flatMap((path) => missingPaths(ROOT, path, read(path)));

    expect(problems).toEqual([]);
  });

  test("names only verbs that exist, and says how one is written nowhere but in the table of verbs", () => {
    const problems = SOURCES.flatMap((path) =>
      verbProblems(
        path,
        literalsOf(read(path)).map(({ text }) => text),
        verbs,
      ),
    );

    expect(problems).toEqual([]);
  });
});

describe("a card on a phone", () => {
  test.each(Object.entries(cards()))("%s has its buttons within the first screen", (_name, card) => {
    expect(lastButtonLine(card) ?? 0).toBeLessThanOrEqual(PHONE_SCREEN_LINES);
  });

  const plans = Object.entries(cards()).filter(([name]) =>
    /^(?:plan-(?!details|in-full)|runbook-|started-)/.test(name),
  );

  test.each(plans)("%s is one screen: what is asked, who must agree and what decides", (_name, card) => {
    expect(phoneLines(card).length).toBeLessThanOrEqual(PHONE_SCREEN_LINES);
  });

  const asking = Object.entries(cards()).filter(([, card]) => lastButtonLine(card) !== undefined);

  test.each(asking)("%s begins with what it asks, and nothing that is asked lies below its buttons", (_name, card) => {
    const [first, ...rest] = phoneLines(card);
    const below = rest.slice((lastButtonLine(card) ?? 0) - 1);

    expect(first?.kind).toMatch(/^(?:heading|text)$/);
    expect(below.filter(({ kind }) => kind === "heading" || kind === "buttons")).toEqual([]);
  });

  test("a question has buttons that answer it", () => {
    const mute = Object.entries(cards())
      .filter(([, { parts }]) => parts.some((part) => part.kind === "heading" && part.text.endsWith("?")))
      .filter(([, card]) => lastButtonLine(card) === undefined);

    expect(mute.map(([name]) => name)).toEqual([]);
  });

  test.each(Object.entries(cards()))("%s shows nobody the raw answer of a machine", (_name, card) => {
    // Commands to paste are the exception: some of them hold what a machine wants to read.
    const told = { ...card, parts: card.parts.filter(({ kind }) => kind !== "code") };

    expect(cardText(told)).not.toMatch(/\{\s*"|"\s*:\s*[[{"]/);
  });

  test.each(Object.entries(cards()))("%s leaves it to the reader's client to count how long ago", (_name, card) => {
    // A moment is a client's own element; without a clock it is told here as the time that it is.
    expect(cardText(card)).not.toMatch(/\d (?:s|min|h|d) ago/);
  });

  test.each(Object.entries(cards()))(
    "%s raises its voice nowhere: capitals are for names and abbreviations",
    (_name, card) => {
      const loud = writtenOn(card).flatMap((text) => text.match(LOUD) ?? []);

      expect(loud.filter((word) => !ABBREVIATIONS.has(word))).toEqual([]);
    },
  );

  test.each(Object.entries(cards()))("%s ends no sentence twice", (_name, card) => {
    expect(writtenOn(card).filter((text) => /(?<!\.)\.\.(?!\.)/.test(text))).toEqual([]);
  });

  // Two people sign what the recovery shows, each the same.
  test.each(Object.entries(cards()).filter(([name]) => name !== "recovery"))(
    "%s leaves it to the reader's client to say a time in the reader's zone",
    (_name, card) => {
      const own = writtenOn({ ...card, text: "" }).filter((text) => !SIGNED.test(text));

      expect(own.filter((text) => /\d\d:\d\d(?::\d\d)?Z/.test(text))).toEqual([]);
    },
  );

  test("its text carries the meaning alone", () => {
    const empty = Object.entries(cards()).filter(([, card]) => card.text.trim() === "");

    expect(empty).toEqual([]);
  });
});

describe("this check can fail", () => {
  test("on a word to avoid, wherever it stands", () => {
    const source = `throw new UserError("x", \`Ask whoever asked for \${plan}.\`);\nconst quiet = "whoever";\n`;

    expect(wordingOf("src/commands/x.ts", spokenIn("src/commands/x.ts", source)).problems).toEqual([
      expect.stringContaining("“whoever”"),
    ]);
    expect(wordingOf("README.md", prose("Plan the rest anew.\n\n```\nanew again\n```\n")).problems).toHaveLength(1);
  });

  test("on sentences that are long on average, and not on one long sentence among short ones", () => {
    const long = Array.from({ length: 40 }, () => "word").join(" ");

    expect(wordingOf("src/views/x.ts", spokenIn("src/views/x.ts", `const a = "${long}.";`)).problems).toHaveLength(1);
    expect(wordingOf("README.md", [`${long}.`, "It is so.", "It is so."]).problems).toEqual([]);
  });

  test.each([
    ["a plan is refused", "return refused(`LONG`);"],
    ["a step fails", 'throw new StepFailed("x", `LONG`);'],
    ["somebody is called", "return { ...of(state), why: `LONG` };"],
    ["a channel is told", "await announce(`LONG`);"],
    ["an event is written", "const event = { kind, says: `LONG` };"],
    ["a sentence stands anywhere", "const LOST = `LONG.`;"],
  ])("on a long sentence where %s", (_where, source) => {
    const words = Array.from({ length: 40 }, (_, at) => (at === 0 ? "Word" : "word")).join(" ");
    const spoken = spokenIn("src/flows/x.ts", `${source.replace("LONG", words)}\n`);

    expect(wordingOf("src/flows/x.ts", spoken).problems).toHaveLength(1);
    expect(longSentencesIn("src/flows/x.ts", spoken)).toHaveLength(1);
    expect(spokenIn("src/flows/x.ts", `const key = "${words}";\n`)).toEqual([]);
  });

  test("on a verb that does not exist, and on a usage that is written by hand", () => {
    expect(verbProblems("x", ["Ask with /dr failovr inventory"], verbs)).toHaveLength(1);
    expect(verbProblems("x", ["Use: /dr failover <service>"], verbs)).toHaveLength(1);
    expect(verbProblems("x", ["Ask with /dr failover inventory"], verbs)).toEqual([]);
  });

  test("on a path, a test and a link that lead nowhere, and not on one that only shows a form", () => {
    const text =
      "`src/nowhere`, `src/cli.ts`, `store/gone.test.ts`, `src/flows/<kind>/look.ts`, [a](gone.md#b), [c](https://x.y)";

    expect(missingPaths(ROOT, "docs/x.md", text)).toEqual([
      "docs/x.md: src/nowhere does not exist",
      "docs/x.md: store/gone.test.ts does not exist",
      "docs/x.md: gone.md does not exist",
    ]);
  });

  test("on a card whose buttons lie below the first screen", () => {
    const lines = Array.from({ length: 24 }, () => "x".repeat(PHONE_WIDTH + 1));
    const card: Card = {
      text: "t",
      parts: [
        { kind: "lines", lines },
        { kind: "buttons", buttons: [{ label: "Yes", intent: "ack", value: "" }] },
      ],
    };

    expect(lastButtonLine(card)).toBeGreaterThan(PHONE_SCREEN_LINES);
    expect(phoneLines(card).every(({ text }) => text.length <= PHONE_WIDTH + 4)).toBe(true);
  });

  test("not on what is only filled in, or said in a comment", () => {
    expect(literalsOf(`// "whoever"\nconst a = \`a \${f("b c", \`d \${e}\`)} g\`;`).map(({ text }) => text)).toEqual([
      "a X g",
      "b c",
      "d X",
    ]);
  });
});
