import type { Arguments } from "./arguments.ts";
import { messageBlocks } from "./block-kit.ts";
import { SlackError } from "./errors.ts";
import { type Json, jsonList } from "./json.ts";
import { checkedMetadata, type Metadata } from "./metadata.ts";
import type { Message, Workspace } from "./workspace.ts";

/** Documented: longer text is cut, not refused. */
const LONGEST_TEXT = 40_000;
const MOST_ATTACHMENTS = 100;
/** Earlier contents that are kept for lagging screens. */
const MOST_EARLIER = 50;

export interface Content {
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly attachments: readonly Json[];
  /** `undefined`: not said; `null`: to be removed. */
  readonly metadata: Metadata | null | undefined;
}

/** Throws no_text, invalid_blocks…, msg_blocks_too_long, too_many_attachments, invalid_metadata…, metadata_too_large. */
export function contentOf(args: Arguments, workspace: Workspace): Content {
  const given = args.json("blocks");
  const blocks = given === undefined ? [] : messageBlocks(given, () => workspace.newId("").slice(0, 5));
  const attachments = jsonList(args.json("attachments"));
  if (attachments.length > MOST_ATTACHMENTS) throw new SlackError("too_many_attachments");
  const text = (args.text("markdown_text") || args.text("text")).slice(0, LONGEST_TEXT);
  if (args.has("markdown_text") && (args.has("text") || given !== undefined))
    throw new SlackError("markdown_text_conflict");
  if (text === "" && blocks.length === 0 && attachments.length === 0) throw new SlackError("no_text");
  const metadata = args.json("metadata");
  return { text, blocks, attachments, metadata: metadata === undefined ? undefined : checkedMetadata(metadata) };
}

/** The idempotency key that a message carries in its metadata; the world's log is matched by it. */
export const keyOf = (message: Pick<Message, "metadata">): unknown => message.metadata?.event_payload["key"];

/** New content takes the place of the old as a whole: without `blocks` the blocks are gone. Metadata stays unless named. */
export function rewrite(workspace: Workspace, message: Message, content: Omit<Content, "metadata">): void {
  message.earlier.push({ text: message.text, blocks: message.blocks });
  if (message.earlier.length > MOST_EARLIER) message.earlier.shift();
  message.text = content.text;
  message.blocks = content.blocks;
  message.attachments = content.attachments;
  message.editedTs = workspace.newTs();
}
