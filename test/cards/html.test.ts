import { describe, expect, test } from "@jest/globals";
import { gallery, NAMES } from "./gallery.ts";
import { type Drawn, dateText, pageOf } from "./html.ts";

const drawn = gallery();
const html = (blocks: readonly object[], over: Partial<Drawn> = {}) =>
  pageOf([{ id: "x", title: "x", blocks: blocks.map((block) => ({ ...block })), ...over }], NAMES).replace(
    /<style>.*<\/style>/s,
    "",
  );
const rich = (...elements: readonly object[]) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements }],
});
const text = (words: string, style?: object) => ({ type: "text", text: words, ...(style ? { style } : {}) });

describe("the drawn cards", () => {
  test.each(drawn.map((card) => [card.id, card] as const))("%s is drawn whole: no block is unknown", (_id, card) => {
    const page = html(card.blocks, card);

    expect(page).not.toContain('class="unknown"');
    expect(page).toContain(`id="${card.id}"`);
  });

  test("a block and an element that the renderer does not know stand out, and are not left out", () => {
    expect(html([{ type: "carousel", what: "new" }])).toContain(
      '<div class="unknown">{"type":"carousel","what":"new"}</div>',
    );
    expect(html([rich({ type: "emoji", name: "fire" })])).toContain('class="unknown"');
  });
});

describe("text is drawn as Slack shows it", () => {
  test("literal in rich text, where an entity is only characters", () => {
    expect(html([rich(text("a < b &amp; c"))])).toContain("a &lt; b &amp;amp; c");
  });

  test("with its three entities decoded where Slack parses it", () => {
    const header = { type: "header", text: { type: "plain_text", text: "5 &gt; 4 &amp;&lt;b&gt;" } };

    expect(html([header])).toContain("<h1>5 &gt; 4 &amp;&lt;b&gt;</h1>");
  });

  test("bold, code and italic, one in the other", () => {
    expect(html([rich(text("x", { bold: true, code: true }))])).toContain("<code><b>x</b></code>");
    expect(html([rich(text("x", { italic: true }))])).toContain("<i>x</i>");
  });

  test("people and channels by name, and by id where nobody knows one", () => {
    const page = html([
      rich({ type: "user", user_id: "U01ANA" }, { type: "channel", channel_id: "C01ALERTS" }),
      rich({ type: "user", user_id: "U0NOBODY" }, { type: "channel", channel_id: "C0NONE" }),
    ]);

    for (const shown of ["@Ana Keller", "#alerts", "@U0NOBODY", "#C0NONE"]) expect(page).toContain(`>${shown}<`);
  });
});

describe("what people press", () => {
  test("has its label and its style", () => {
    const element = { type: "button", text: { type: "plain_text", text: "Yes &amp; no" }, style: "danger" };

    expect(html([{ type: "actions", elements: [element] }])).toContain(
      '<span class="button danger">Yes &amp; no</span>',
    );
  });

  test("in a modal: title, what stands in each field, submit and close", () => {
    const input = {
      ...{ type: "input", label: { text: "Why" }, hint: { text: "In words" } },
      element: { type: "plain_text_input", initial_value: "because <b>" },
    };
    const page = html([input], { modal: { title: "Resolve", submit: "Send", close: "Cancel" } });

    for (const shown of ["Resolve", "Why", "because &lt;b&gt;", "In words", "Send", "Cancel"])
      expect(page).toContain(shown);
    expect(page).not.toContain('class="who"');
  });
});

describe("a time is told as Slack's clients tell it", () => {
  const at = (format: string, ms: number) =>
    dateText({ type: "date", timestamp: Math.floor((NAMES.nowMs + ms) / 1_000), format }, NAMES.nowMs);
  const MINUTE = 60_000;

  test.each([
    ["{time} ({ago})", -4 * MINUTE, "3:08 AM (4 minutes ago)"],
    ["{time} ({ago})", 30_000, "3:13 AM (in 30 seconds)"],
    ["{ago}", -1 * MINUTE, "1 minute ago"],
    ["{ago}", -100 * MINUTE, "2 hours ago"],
    ["{date_short_pretty} {time_secs}", 0, "today 3:12:45 AM"],
    ["{date_short_pretty} {time}", -1_440 * MINUTE, "Nov 20, 2026 3:12 AM"],
  ])("%s at %s ms is %s", (format, ms, shown) => {
    expect(at(format, ms).replaceAll("\u202f", " ")).toBe(shown);
  });

  test("and a card's date element is one", () => {
    const element = { type: "date", timestamp: Math.floor(NAMES.nowMs / 1_000), format: "{time}", fallback: "x" };

    expect(html([rich(element)])).toMatch(/<span class="date">3:12.AM<\/span>/);
  });
});
