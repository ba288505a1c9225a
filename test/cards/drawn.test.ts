import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Card } from "../../src/domain/card/card.ts";
import { messageOf } from "../../src/integrations/slack/blocks.ts";
import { PHONE_SCREEN_LINES } from "../words/words-to-avoid.ts";
import { type Browser, openChromium } from "./chromium.ts";
import { gallery, NAMES } from "./gallery.ts";
import { type Drawn, pageOf } from "./html.ts";
import { faultsOn, WIDTHS } from "./measured.ts";

/** The gallery in a browser, at the widths at which people read it: what can be measured of “looks right”. */
const cards = gallery();
const [phone] = WIDTHS;
let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser?.close());

const measured = (html: string, width: number) => faultsOn(browser.page, html, width);

describe.each(WIDTHS)("on a page of %i px", (width) => {
  let faults: ReadonlyMap<string, string[]>;
  beforeAll(async () => {
    faults = await measured(pageOf(cards, NAMES), width);
  });

  test.each(cards.map(({ id }) => id))(
    "%s fits: nothing sticks out, its buttons are whole and on the first screen, and no markup is to be read",
    (id) => {
      expect(faults.get(id)).toEqual([]);
    },
  );

  test("each card was measured", () => {
    expect([...faults.keys()]).toEqual(cards.map(({ id }) => id));
  });
});

describe("this check can fail", () => {
  const message = (card: Card): Drawn => ({ id: "planted", title: "planted", blocks: blocksOf(card) });
  const blocksOf = (card: Card) => messageOf(card, () => undefined).blocks.map((block) => ({ ...block }));
  const planted = (drawn: Drawn) => pageOf([drawn], NAMES);
  const faultsOf = async (html: string) => (await measured(html, phone)).get("planted");

  const long = "mycomputer_inventory_db_replica_".repeat(3);
  const text = message({ text: "t", parts: [{ kind: "text", text: `Promote ${long}` }] });
  const code = message({ text: "t", parts: [{ kind: "code", text: `aws rds ${"promote-read-replica ".repeat(6)}` }] });

  test("on a word that a client does not break, and on a line of code that it does not wrap", async () => {
    const unbroken = planted(text).replace("overflow-wrap: anywhere", "overflow-wrap: normal");
    const unwrapped = planted(code).replaceAll("white-space: pre-wrap", "white-space: pre");

    expect(await faultsOf(unbroken)).toEqual([expect.stringMatching(/^wider than the page: Promote mycomputer/)]);
    expect(await faultsOf(unwrapped)).toEqual([expect.stringMatching(/^wider than the page: aws rds/)]);
    expect(await faultsOf(planted(text))).toEqual([]);
    expect(await faultsOf(planted(code))).toEqual([]);
  });

  test("on a block that is wider than a phone", async () => {
    const page = planted(text).replace('<div class="section">', '<div class="section" style="width: 400px">');

    expect(await faultsOf(page)).toEqual([expect.stringMatching(/^wider than the page: Promote/)]);
  });

  test("on a button below the first screen, and on a label that a client cuts off", async () => {
    const asking = (lines: number, label: string) =>
      message({
        text: "t",
        parts: [
          { kind: "lines", plain: true, lines: Array.from({ length: lines }, () => "One line.") },
          { kind: "buttons", buttons: [{ label, intent: "ack", value: "" }] },
        ],
      });

    expect(await faultsOf(planted(asking(PHONE_SCREEN_LINES, "Acknowledge")))).toEqual([
      expect.stringMatching(/^“Acknowledge” ends at \d+ px, and a screen at 550$/),
    ]);
    expect(await faultsOf(planted(asking(1, "Let TwoKey act on this run for as long again from now on")))).toEqual([
      "cut off: button “Let TwoKey act on this run for as long again from now on”",
    ]);
    expect(await faultsOf(planted(asking(1, "Acknowledge")))).toEqual([]);
  });

  test("on what is marked for bold or for code where nothing is marked that way", async () => {
    const marked = (words: string) => planted(message({ text: "t", parts: [{ kind: "text", text: words }] }));

    expect(await faultsOf(marked("Write `end_sessions: reboot` into the file."))).toEqual([
      "shows `end_sessions: reboot`",
    ]);
    expect(await faultsOf(marked("It *cannot* be undone."))).toEqual(["shows *cannot*"]);
    expect(await faultsOf(marked("2 * 3 * 4, and *.example.com"))).toEqual([]);
  });

  test("on an entity where Slack parses none, and on a block that a client does not know", async () => {
    const element = { type: "rich_text_section", elements: [{ type: "text", text: "/dr status &lt;service&gt;" }] };
    const escaped = { id: "planted", title: "planted", blocks: [{ type: "rich_text", elements: [element] }] };
    const unknown = { id: "planted", title: "planted", blocks: [{ type: "carousel" }] };

    expect(await faultsOf(planted(escaped))).toEqual(["shows &lt;"]);
    expect(await faultsOf(planted(unknown))).toEqual(['cannot be drawn: {"type":"carousel"}']);
  });
});
