import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Card, CardPart, FormField, Text } from "../../../src/domain/card/card.ts";
import { messageOf } from "../../../src/integrations/slack/blocks.ts";
import { escapeText } from "../../../src/integrations/slack/escape.ts";
import { modalOf } from "../../../src/integrations/slack/modal.ts";
import { checkedView, messageBlocks } from "../../../src/simulators/slack/block-kit.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);
const RUNS = { seed: SEED, numRuns: 200 };

const HOSTILE = [
  ...["<!channel>", "<!here|x>", "<@U0ANA>", "<#C0OPS>", "<https://evil.example|bank>", "&lt;!channel&gt;"],
  ...["*bold*", "_it_", "~gone~", "`code`", "```", ":fire:", "> quote", "\u202egnp.exe", "\u0000\u001b[2J", "\ud800"],
];
/** Any text at all, with what is dangerous in Slack mixed in often. */
const foreign = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 40 })), { maxLength: 12 })
  .map((pieces) => pieces.join(""));
/** Long enough to be cut at every limit. */
const long = fc.oneof(
  foreign,
  fc.tuple(foreign, fc.integer({ min: 1, max: 400 })).map(([text, n]) => text.repeat(n)),
);

const plainParts: fc.Arbitrary<CardPart> = fc.oneof(
  long.map((text): CardPart => ({ kind: "heading", text })),
  long.map((text): CardPart => ({ kind: "text", text })),
  fc.array(fc.tuple(long, long), { maxLength: 12 }).map((facts): CardPart => ({ kind: "facts", facts })),
  fc.array(long, { maxLength: 80 }).map((lines): CardPart => ({ kind: "lines", lines })),
  long.map((text): CardPart => ({ kind: "code", text })),
  long.map((text): CardPart => ({ kind: "note", text })),
  fc.constant<CardPart>({ kind: "divider" }),
  long.map(
    (label): CardPart => ({
      kind: "buttons",
      buttons: [{ label, intent: "approve", value: "p1", confirm: { title: label, text: label, yes: label } }],
    }),
  ),
);
const cards = fc.record({ text: long, parts: fc.array(plainParts, { maxLength: 70 }) });

const memberOf = (person: string) => ({ ana: "U0ANA", wanda: "W0WANDA" })[person];

let ids = 0;
const newId = () => `id${++ids}`;

/** Every string in a payload, with the name it stands under. */
function strings(value: unknown, name = ""): [name: string, text: string][] {
  if (typeof value === "string") return [[name, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => strings(member, Array.isArray(value) ? name : key));
}

/** Every string that Slack parses for mentions and links: all but those inside `rich_text`, whose text is literal. */
function parsedBySlack(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  if ("type" in value && value.type === "rich_text") return [];
  return Object.values(value).flatMap(parsedBySlack);
}

function types(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "type" in value ? [value.type] : [];
  return [...own, ...Object.values(value).flatMap(types)];
}

const HARMLESS = ["header", "plain_text", "rich_text", "rich_text_section", "rich_text_list", "rich_text_preformatted"];
const ALLOWED = [...HARMLESS, "text", "context", "divider", "actions", "button"];

describe(`Cards in Slack (seed ${SEED})`, () => {
  test("foreign text can neither ping, link nor format, whatever it is (G14)", () => {
    fc.assert(
      fc.property(cards, (card) => {
        const message = messageOf(card, memberOf);
        for (const text of parsedBySlack(message)) expect(text).not.toMatch(/<|>|&(?!amp;|lt;|gt;)/);
        expect(types(message.blocks).filter((type) => !ALLOWED.includes(String(type)))).toEqual([]);
        // Styles come from spans, and plain strings are no spans: only the labels of facts are bold.
        const styled = JSON.stringify(message.blocks).match(/"style":\{[^}]*\}/g) ?? [];
        expect(styled.filter((style) => style !== '"style":{"bold":true}')).toEqual([]);
      }),
      RUNS,
    );
  });

  test("no control, bidirectional or broken character gets through", () => {
    fc.assert(
      fc.property(cards, (card) => {
        for (const [, text] of strings(messageOf(card, memberOf)))
          expect(text).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
      RUNS,
    );
  });

  test("every card is within Slack's limits, and none loses a button", () => {
    fc.assert(
      fc.property(cards, (card) => {
        const { blocks, text } = messageOf(card, memberOf);
        expect(() => messageBlocks(blocks, newId)).not.toThrow();
        expect(text.length).toBeGreaterThan(0);
        const buttons = card.parts.filter(({ kind }) => kind === "buttons").length;
        expect(types(blocks).filter((type) => type === "button")).toHaveLength(buttons);
      }),
      RUNS,
    );
  });

  test("text that fits is shown whole", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 500 }), (text) => {
        const shown = strings(messageOf({ text: "t", parts: [{ kind: "text", text }] }, memberOf).blocks)
          .filter(([name]) => name === "text")
          .map(([, value]) => value);
        expect(shown.join("")).toBe(text);
      }),
      RUNS,
    );
  });

  test("cutting happens after escaping and never inside an entity or a character", () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 60 }), (text, most) => {
        const cut = escapeText(text, most);
        expect(cut.length).toBeLessThanOrEqual(most);
        expect(cut).not.toMatch(/&(?!amp;|lt;|gt;)|[<>]|\p{Cs}/u);
        const whole = escapeText(text, Number.POSITIVE_INFINITY);
        expect(whole.length <= most ? cut === whole : cut.endsWith("…")).toBe(true);
      }),
      RUNS,
    );
  });

  test("a card that was shortened says so and keeps its buttons at the end", () => {
    const parts: CardPart[] = Array.from({ length: 90 }, (_, index) => ({ kind: "text", text: `line ${index}` }));
    const { blocks } = messageOf(
      {
        text: "Plan",
        parts: [...parts, { kind: "buttons", buttons: [{ label: "Approve", intent: "approve", value: "p" }] }],
      },
      memberOf,
    );
    expect(blocks).toHaveLength(50);
    expect(JSON.stringify(blocks.at(-2))).toContain("was shortened");
    expect(blocks.at(-1)).toMatchObject({ type: "actions" });
  });

  test("a list that is cut says how much is missing", () => {
    const lines = Array.from({ length: 60 }, (_, index) => `row ${index}`);
    const { blocks } = messageOf({ text: "t", parts: [{ kind: "lines", lines }] }, memberOf);
    expect(JSON.stringify(blocks)).toContain("and 10 more");
  });
});

describe("Spans", () => {
  const only = (text: Text) => {
    const [block] = messageOf({ text: "t", parts: [{ kind: "text", text }] }, memberOf).blocks;
    return block;
  };
  const section = (...inner: unknown[]) => ({
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: inner }],
  });

  test("become Slack's own elements", () => {
    const text: Text = [
      ...[
        "to ",
        { person: "ana" },
        { person: "wanda" },
        { channel: "C0OPS" },
        { bold: "b" },
        { code: "c" },
        { italic: "i" },
      ],
      { link: "https://runbook.example/a?b=1&c=2", label: "runbook" },
      { timeMs: Date.parse("2026-11-21T09:30:05.500Z") },
    ];
    expect(only(text)).toEqual(
      section(
        { type: "text", text: "to " },
        { type: "user", user_id: "U0ANA" },
        { type: "user", user_id: "W0WANDA" },
        { type: "channel", channel_id: "C0OPS" },
        { type: "text", text: "b", style: { bold: true } },
        { type: "text", text: "c", style: { code: true } },
        { type: "text", text: "i", style: { italic: true } },
        { type: "link", url: "https://runbook.example/a?b=1&c=2", text: "runbook" },
        {
          ...{ type: "date", timestamp: 1_795_253_405, format: "{date_short_pretty} {time_secs}" },
          fallback: "2026-11-21 09:30:05 UTC",
        },
      ),
    );
  });

  test("that are not what they say become words", () => {
    expect(only(["to ", { person: "U0ANA" }])).toEqual(
      section({ type: "text", text: "to " }, { type: "text", text: "U0ANA" }),
    );
    expect(only([{ person: "<!channel>" }])).toEqual(section({ type: "text", text: "<!channel>" }));
    expect(only([{ link: "javascript:alert(1)", label: "x" }])).toEqual(
      section({ type: "text", text: "x (javascript:alert(1))" }),
    );
    expect(only([{ link: "not a url", label: "x" }])).toEqual(section({ type: "text", text: "x (not a url)" }));
  });
});

test("text is escaped where Slack parses it, and literal in rich text, where it does not", () => {
  const text = "/dr status <service> & datapoints > 5";
  const parts: CardPart[] = [
    { kind: "heading", text },
    { kind: "text", text },
    { kind: "lines", lines: [[{ code: text }]] },
    { kind: "code", text },
    { kind: "note", text },
  ];
  const escaped = "/dr status &lt;service&gt; &amp; datapoints &gt; 5";
  const message = messageOf({ text, parts }, memberOf);

  expect(message.text).toBe(escaped);
  expect(strings(message.blocks).filter(([name]) => name === "text")).toEqual(
    [escaped, text, text, text, escaped].map((shown) => ["text", shown]),
  );
});

describe("Forms in Slack", () => {
  const fields: FormField[] = [
    { id: "what", label: "What happened", kind: "line", initial: "a < b & <!channel>" },
    { id: "more", label: "More", kind: "paragraph", hint: "<@U0ANA>", optional: true },
    {
      id: "sev",
      label: "Severity",
      kind: "choice",
      initial: "sev2",
      choices: [
        ["sev1", "<!here>"],
        ["sev2", "two"],
      ],
    },
    { id: "agreed", label: "I accept that it may be lost", kind: "agreement" },
  ];
  const form = { title: "Declare", intent: "declare", context: "ctx", intro: [], fields, submit: "Declare" } as const;

  test("are valid modals whose inputs carry their field's id", () => {
    const view = modalOf(form, memberOf, "carried");
    expect(() => checkedView(view, "modal", newId)).not.toThrow();
    expect(view).toMatchObject({ callback_id: "intent:declare", private_metadata: "carried" });
    expect(view.blocks.map(({ block_id }) => block_id)).toEqual(["what", "more", "sev", "agreed"]);
    expect(view.blocks[0]).toMatchObject({ element: { initial_value: "a < b & <!channel>" } });
    expect(view.blocks[1]).toMatchObject({ optional: true, hint: { text: "&lt;@U0ANA&gt;" } });
    expect(view.blocks[2]).toMatchObject({ element: { initial_option: { value: "sev2" } } });
    // Slack sends no form whose box is empty: it is one that has to be ticked.
    expect(view.blocks[3]).toMatchObject({ element: { type: "checkboxes", options: [{ value: "yes" }] } });
    expect(view.blocks[3]).not.toHaveProperty("optional");
  });

  test("with any text in them are within Slack's limits", () => {
    fc.assert(
      fc.property(long, fc.array(plainParts, { maxLength: 120 }), (text, intro) => {
        const odd = fields.map((field) => ({ ...field, label: text, hint: text, initial: text }));
        const view = modalOf({ ...form, title: text, submit: text, intro, fields: odd }, memberOf);
        expect(() => checkedView(view, "modal", newId)).not.toThrow();
      }),
      { ...RUNS, numRuns: 60 },
    );
  });

  test("never leave a choice out in silence", () => {
    const choices = Array.from({ length: 101 }, (_, index): [string, string] => [`v${index}`, "label"]);
    expect(() => modalOf({ ...form, fields: [{ id: "x", label: "X", kind: "choice", choices }] }, memberOf)).toThrow(
      "choices cannot be shown",
    );
  });
});

test("a card without parts shows its text as text, not as markup", () => {
  const card: Card = { text: "*not bold* <!channel>", parts: [] };
  expect(messageOf(card, memberOf).blocks).toEqual([
    {
      type: "rich_text",
      elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "*not bold* <!channel>" }] }],
    },
  ]);
});
