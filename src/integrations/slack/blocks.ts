import type { types } from "@slack/bolt";
import type { Card, CardButton, CardPart, Text } from "../../domain/card/card.ts";
import { Bug } from "../../domain/errors.ts";
import { escapeText } from "./escape.ts";
import { elementsOf, type MemberOf, Room, words } from "./rich-text.ts";

type Block = types.KnownBlock;
type Inline = types.RichTextElement;

/** Characters or items. From the comments of `@slack/types` 3.2 where nothing else is said. */
export const LIMITS = {
  messageBlocks: 50,
  viewBlocks: 100,
  /** All text of a message's blocks together: undocumented, named by Slack's staff in slackapi/bolt-js#2509. */
  messageText: 12_000,
  /** Our own: longer messages are folded by the client anyhow. */
  partText: 3_000,
  topText: 3_000,
  header: 150,
  context: 2_000,
  buttonsInBlock: 25,
  button: 75,
  buttonValue: 2_000,
  listItems: 50,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
} as const;

const SHORTENED = "This message was shortened: it has more than Slack can show.";

export interface SlackMessage {
  /** The whole meaning: notifications and screen readers get only this. */
  readonly text: string;
  readonly blocks: Block[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** A card as a message. Never over a limit: what is too much is cut, and the message says that it was; buttons stay. */
export function messageOf(card: Card, memberOf: MemberOf): SlackMessage {
  const text = escapeText(card.text, LIMITS.topText) || "TwoKey";
  const blocks = blocksOf(card.parts, memberOf);
  // Without blocks Slack would show `text` and take its asterisks for markup.
  const shown = blocks.length > 0 ? blocks : blocksOf([{ kind: "text", text: card.text || "TwoKey" }], memberOf);
  return { text, blocks: fitted(shown, LIMITS.messageBlocks), unfurl_links: false, unfurl_media: false };
}

export function hasButtons(blocks: readonly Block[]): boolean {
  return blocks.some((block) => block.type === "actions");
}

export function blocksOf(parts: readonly CardPart[], memberOf: MemberOf): Block[] {
  let buttons = 0;
  return parts.flatMap((part): Block[] => {
    if (part.kind !== "buttons") return partBlocks(part, new Room(LIMITS.partText, memberOf));
    const first = buttons;
    buttons += part.buttons.length;
    return buttonBlocks(part.buttons, first);
  });
}

/** Leaves out blocks from the end, but no buttons, until count and text are within Slack's limits. */
export function fitted(blocks: readonly Block[], mostBlocks: number): Block[] {
  const kept = [...blocks];
  const isOver = (reserve: number) =>
    kept.length + reserve > mostBlocks || textLength(kept) + reserve * SHORTENED.length > LIMITS.messageText;
  if (!isOver(0)) return kept;
  let end = kept.length;
  while (isOver(1)) {
    const index = kept.findLastIndex((block) => block.type !== "actions");
    if (index === -1) throw new Bug("card-too-many-buttons", "A card has more buttons than Slack can show");
    kept.splice(index, 1);
    end = index;
  }
  kept.splice(end, 0, note(SHORTENED));
  return kept;
}

/** Every `text`, however deep: what Slack seems to count. */
function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + textLength(each), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [name, member]) => sum + (name === "text" && typeof member === "string" ? member.length : textLength(member)),
    0,
  );
}

function partBlocks(part: Exclude<CardPart, { kind: "buttons" }>, room: Room): Block[] {
  switch (part.kind) {
    case "heading": {
      const text = escapeText(part.text, LIMITS.header);
      return text === "" ? [] : [{ type: "header", text: { type: "plain_text", text, emoji: false } }];
    }
    case "text":
      return section(elementsOf(part.text, room), room);
    case "facts":
      return section(factElements(part.facts, room), room);
    case "lines":
      return part.plain ? plainLines(part.lines, room) : list(part.lines, room);
    case "code": {
      const text = room.fit(part.text);
      if (text === "") return [];
      return [
        { type: "rich_text", elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text }] }] },
      ];
    }
    case "note":
      return noteBlocks(part.text, room);
    case "divider":
      return [{ type: "divider" }];
  }
}

function section(elements: Inline[], room: Room): Block[] {
  if (elements.length === 0) return [];
  const last = elements.at(-1);
  const isMarked = last?.type === "text" && last.text.endsWith("…");
  const cut: Inline[] = room.isOver && !isMarked ? [{ type: "text", text: "…" }] : [];
  return [{ type: "rich_text", elements: [{ type: "rich_text_section", elements: [...elements, ...cut] }] }];
}

/** One line a fact; on a phone two columns would be stacked anyhow. */
function factElements(facts: readonly (readonly [string, Text])[], room: Room): Inline[] {
  return facts.flatMap(([label, value], index) => {
    const lead = index === 0 ? [] : words("\n", room);
    return [...lead, ...words(`${label}:`, room, { bold: true }), ...words(" ", room), ...elementsOf(value, room)];
  });
}

/** Lines that begin with a number or a sign of their own: bullets before those would be noise. */
function plainLines(lines: readonly Text[], room: Room): Block[] {
  const elements: Inline[] = [];
  let missing = lines.length;
  for (const line of lines.slice(0, LIMITS.listItems)) {
    const shown = elementsOf(line, room);
    if (shown.length > 0) elements.push(...(elements.length > 0 ? words("\n", room) : []), ...shown);
    else if (room.isOver) break;
    missing -= 1;
  }
  const listed = section(elements, room);
  return missing > 0 && listed.length > 0 ? [...listed, note(`and ${missing} more`)] : listed;
}

function list(lines: readonly Text[], room: Room): Block[] {
  const items: types.RichTextSection[] = [];
  let missing = lines.length;
  for (const line of lines.slice(0, LIMITS.listItems)) {
    const elements = elementsOf(line, room);
    if (elements.length > 0) items.push({ type: "rich_text_section", elements });
    else if (room.isOver) break;
    missing -= 1;
  }
  if (items.length === 0) return [];
  const listed: Block = {
    type: "rich_text",
    elements: [{ type: "rich_text_list", style: "bullet", elements: items }],
  };
  return missing > 0 ? [listed, note(`and ${missing} more`)] : [listed];
}

/** Small grey text; a context block knows no mentions or times but as markup, so those are shown as italic text instead. */
function noteBlocks(text: Text, room: Room): Block[] {
  const spans = typeof text === "string" ? [text] : text;
  if (!spans.every((span) => typeof span === "string")) return section(elementsOf(text, room, { italic: true }), room);
  const joined = escapeText(spans.join(""), LIMITS.context);
  return joined === "" ? [] : [{ type: "context", elements: [{ type: "plain_text", text: joined, emoji: false }] }];
}

function note(text: string): Block {
  return { type: "context", elements: [{ type: "plain_text", text, emoji: false }] };
}

function buttonBlocks(buttons: readonly CardButton[], first: number): Block[] {
  const elements = buttons.map((button, index) => buttonElement(button, first + index));
  const blocks: Block[] = [];
  for (let start = 0; start < elements.length; start += LIMITS.buttonsInBlock)
    blocks.push({ type: "actions", elements: elements.slice(start, start + LIMITS.buttonsInBlock) });
  return blocks;
}

/** `action_id` is `intent:<intent>:<n>`, n counted through the card: within a block they must differ. */
function buttonElement(button: CardButton, index: number): types.Button {
  if (button.value.length > LIMITS.buttonValue)
    throw new Bug("button-value-too-long", "A button's value is longer than Slack can carry", {
      facts: { intent: button.intent, length: button.value.length },
    });
  const { confirm, style } = button;
  return {
    type: "button",
    action_id: `intent:${button.intent}:${index}`,
    text: { type: "plain_text", text: escapeText(button.label, LIMITS.button) || button.intent, emoji: false },
    ...(button.value === "" ? {} : { value: button.value }),
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined ? {} : { confirm: dialog(confirm, style) }),
  };
}

function dialog(confirm: NonNullable<CardButton["confirm"]>, style: CardButton["style"]): types.ConfirmationDialog {
  const plain = (text: string, most: number, otherwise: string) =>
    ({ type: "plain_text", text: escapeText(text, most) || otherwise, emoji: false }) as const;
  return {
    title: plain(confirm.title, LIMITS.confirmTitle, "Are you sure?"),
    text: plain(confirm.text, LIMITS.confirmText, "Are you sure?"),
    confirm: plain(confirm.yes, LIMITS.confirmButton, "Yes"),
    deny: plain("Cancel", LIMITS.confirmButton, "Cancel"),
    ...(style === undefined ? {} : { style }),
  };
}
