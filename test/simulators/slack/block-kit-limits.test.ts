import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkedView, messageBlocks } from "../../../src/simulators/slack/block-kit.ts";
import { SlackError } from "../../../src/simulators/slack/errors.ts";

const SEED = Number(Date.now() % 2_147_483_647);

const text = (length: number) => ({ type: "mrkdwn", text: "x".repeat(length) });
const plain = (length: number) => ({ type: "plain_text", text: "x".repeat(length) });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_each, index) => make(index));
const options = (count: number) => many(count, (index) => ({ text: plain(1), value: `v${index}` }));
const actions = (...elements: object[]) => ({ type: "actions", elements });
const button = (more: object = {}) => ({ type: "button", text: plain(1), ...more });
const select = (more: object) => ({ type: "static_select", options: options(1), ...more });
const confirm = (more: object) => ({ title: plain(1), text: text(1), confirm: plain(1), deny: plain(1), ...more });
const input = (more: object) => ({ type: "input", label: plain(1), element: { type: "plain_text_input" }, ...more });

/** Place, its limit as Slack documents it, and blocks that hold `size` there. */
const IN_MESSAGES: readonly (readonly [string, number, (size: number) => object[]])[] = [
  ["blocks of a message", 50, (size) => many(size, () => ({ type: "divider" }))],
  ["section text", 3000, (size) => [{ type: "section", text: text(size) }]],
  ["section fields", 10, (size) => [{ type: "section", fields: many(size, () => text(1)) }]],
  ["text of a section field", 2000, (size) => [{ type: "section", fields: [text(size)] }]],
  ["header", 150, (size) => [{ type: "header", text: plain(size) }]],
  ["button text", 75, (size) => [actions(button({ text: plain(size) }))]],
  ["button value", 2000, (size) => [actions(button({ value: "x".repeat(size) }))]],
  ["button url", 3000, (size) => [actions(button({ url: "x".repeat(size) }))]],
  ["accessibility label", 75, (size) => [actions(button({ accessibility_label: "x".repeat(size) }))]],
  ["action id", 255, (size) => [actions(button({ action_id: "x".repeat(size) }))]],
  ["block id", 255, (size) => [{ type: "divider", block_id: "x".repeat(size) }]],
  ["elements of an actions block", 25, (size) => [actions(...many(size, () => button()))]],
  ["elements of a context block", 10, (size) => [{ type: "context", elements: many(size, () => text(1)) }]],
  ["overflow options", 5, (size) => [actions({ type: "overflow", options: options(size) })]],
  ["checkboxes", 10, (size) => [actions({ type: "checkboxes", options: options(size) })]],
  ["radio buttons", 10, (size) => [actions({ type: "radio_buttons", options: options(size) })]],
  ["select options", 100, (size) => [actions(select({ options: options(size) }))]],
  ["option text", 75, (size) => [actions(select({ options: [{ text: plain(size), value: "v" }] }))]],
  ["option value", 75, (size) => [actions(select({ options: [{ text: plain(1), value: "x".repeat(size) }] }))]],
  ["placeholder", 150, (size) => [actions(select({ placeholder: plain(size) }))]],
  ["confirm title", 100, (size) => [actions(button({ confirm: confirm({ title: plain(size) }) }))]],
  ["confirm text", 300, (size) => [actions(button({ confirm: confirm({ text: text(size) }) }))]],
  ["confirm button", 30, (size) => [actions(button({ confirm: confirm({ deny: plain(size) }) }))]],
  ["input label", 2000, (size) => [input({ label: plain(size) })]],
  ["input hint", 2000, (size) => [input({ hint: plain(size) })]],
  ["length of a text input", 3000, (size) => [input({ element: { type: "plain_text_input", max_length: size } })]],
  ["markdown block", 12_000, (size) => [{ type: "markdown", text: "x".repeat(size) }]],
  ["rows of a table", 100, (size) => [{ type: "table", rows: many(size, () => []) }]],
  ["cells of a table row", 20, (size) => [{ type: "table", rows: [many(size, () => ({}))] }]],
];

const modal = (more: object) => ({ type: "modal", title: plain(1), submit: plain(1), blocks: [], ...more });
const IN_MODALS: readonly (readonly [string, number, (size: number) => object])[] = [
  ["blocks of a modal", 100, (size) => modal({ blocks: many(size, () => ({ type: "divider" })) })],
  ["modal title", 24, (size) => modal({ title: plain(size) })],
  ["modal submit", 24, (size) => modal({ submit: plain(size) })],
  ["modal close", 24, (size) => modal({ close: plain(size) })],
  ["private metadata", 3000, (size) => modal({ private_metadata: "x".repeat(size) })],
  ["callback id", 255, (size) => modal({ callback_id: "x".repeat(size) })],
];

function outcome(check: () => unknown): string {
  try {
    check();
    return "accepted";
  } catch (error) {
    if (error instanceof SlackError) return error.code;
    throw error;
  }
}

let ids = 0;
const newId = () => `id${ids++}`;
const ofMessage = (blocks: unknown) => outcome(() => messageBlocks(blocks, newId));
const ofModal = (view: unknown) => outcome(() => checkedView(view, "modal", newId));

describe(`Block Kit limits (seed ${SEED})`, () => {
  test.each(IN_MESSAGES)("%s: up to %d is accepted and anything beyond is invalid_blocks", (_place, limit, build) => {
    expect(ofMessage(build(limit))).toBe("accepted");
    expect(ofMessage(build(limit + 1))).toBe("invalid_blocks");
    const size = fc.integer({ min: 1, max: limit * 2 });
    const follows = (wanted: number) => ofMessage(build(wanted)) === (wanted <= limit ? "accepted" : "invalid_blocks");
    // Twice 12,000 characters would meet the limit of the whole message as well; both refuse.
    fc.assert(fc.property(size, follows), { seed: SEED, numRuns: 25 });
  });

  test.each(IN_MODALS)("%s: up to %d is accepted and anything beyond is invalid_arguments", (_place, limit, build) => {
    const follows = (wanted: number) => ofModal(build(wanted)) === (wanted <= limit ? "accepted" : "invalid_arguments");
    expect([limit, limit + 1].every(follows)).toBe(true);
    fc.assert(fc.property(fc.integer({ min: 1, max: limit * 2 }), follows), { seed: SEED, numRuns: 25 });
  });

  test("all text of a message together has a limit of its own", () => {
    const sections = (count: number) => many(count, () => ({ type: "section", text: text(3000) }));
    expect(ofMessage(sections(4))).toBe("accepted");
    expect(ofMessage(sections(5))).toBe("msg_blocks_too_long");
  });

  test("a view has at most 250 kB", () => {
    const sections = (count: number) => modal({ blocks: many(count, () => ({ type: "section", text: text(2800) })) });
    expect(ofModal(sections(80))).toBe("accepted");
    expect(ofModal(sections(100))).toBe("view_too_large");
  });

  test.each([
    ["a block of unknown type", [{ type: "marquee" }]],
    ["empty text", [{ type: "section", text: text(0) }]],
    ["a section without text and fields", [{ type: "section" }]],
    ["a header with mrkdwn", [{ type: "header", text: text(3) }]],
    ["a text input among actions", [actions({ type: "plain_text_input" })]],
    ["two blocks of one id", many(2, () => ({ type: "divider", block_id: "same" }))],
    ["two actions of one id in a block", [actions(button({ action_id: "a" }), button({ action_id: "a" }))]],
    ["no elements", [actions()]],
  ])("%s is refused", (_what, blocks) => {
    expect(ofMessage(blocks)).toBe("invalid_blocks");
  });

  test("a modal with inputs needs a submit button, and any modal a title", () => {
    expect(ofModal({ type: "modal", title: plain(1), blocks: [input({})] })).toBe("invalid_arguments");
    expect(ofModal({ type: "modal", blocks: [] })).toBe("invalid_arguments");
    expect(ofModal({ type: "home", blocks: [] })).toBe("invalid_arguments");
  });

  test("a refusal points to the place", () => {
    const blocks = [{ type: "divider" }, { type: "header", text: plain(151) }];
    const refused = () => messageBlocks(blocks, newId);
    expect(refused).toThrow(SlackError);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({
        extra: { errors: ["must be less than 151 characters [json-pointer:/blocks/1/text/text]"] },
      });
    }
  });

  test("missing ids are filled in and given ones kept", () => {
    const [block] = messageBlocks([actions(button(), button({ action_id: "mine" }))], newId);
    expect(block).toMatchObject({ block_id: expect.any(String) });
    expect(block?.["elements"]).toMatchObject([{ action_id: expect.any(String) }, { action_id: "mine" }]);
  });
});
