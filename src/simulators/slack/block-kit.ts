import { accessory, action, actionElements, CONTEXT, ID, input } from "./block-elements.ts";
import {
  anything,
  boolean,
  type Check,
  type Field,
  list,
  object,
  optional,
  required,
  string,
  text,
  typed,
} from "./checks.ts";
import { refusal, SlackError } from "./errors.ts";
import { isJson, type Json, jsonList } from "./json.ts";

/** Limits of Block Kit as the comments of `@slack/types` 3.2 state them (characters or items). */
const MOST = {
  messageBlocks: 50,
  viewBlocks: 100,
  viewBytes: 250_000,
  /** All text of a message's blocks together: undocumented, named by Slack's staff in slackapi/bolt-js#2509. */
  messageBlocksText: 12_000,
} as const;

const block = (...fields: readonly Field[]): Check => object([optional("block_id", string(ID)), ...fields]);

const SECTION = object(
  [
    optional("block_id", string(ID)),
    optional("text", text(3000)),
    optional("fields", list(10, text(2000), 1)),
    optional("accessory", accessory),
  ],
  (value, at, problems) => {
    if (!value["text"] && !value["fields"])
      problems.push(`missing required field: text or fields [json-pointer:${at}]`);
  },
);

/** Blocks newer than this table (`plan`, `task_card` …) are taken as they are; unknown types are refused as Slack does. */
const BLOCKS: Readonly<Record<string, Check>> = {
  section: SECTION,
  header: block(required("text", text(150, "plain"))),
  divider: block(),
  context: block(
    required(
      "elements",
      list(
        10,
        typed(() => CONTEXT),
        1,
      ),
    ),
  ),
  actions: block(required("elements", list(25, action, 1))),
  input: block(
    required("label", text(2000, "plain")),
    optional("hint", text(2000, "plain")),
    optional("optional", boolean),
    required("element", input),
  ),
  image: block(
    required("alt_text", string(2000)),
    optional("title", text(2000, "plain")),
    optional("image_url", string(3000)),
  ),
  markdown: block(required("text", string(12_000, 1))),
  rich_text: block(required("elements", list(1000, object([required("type", string(50))])))),
  table: block(required("rows", list(100, list(20, anything), 1))),
  ...Object.fromEntries(
    ["alert", "card", "carousel", "container", "data_table", "plan", "task_card", "video", "file"].map((type) => [
      type,
      block(),
    ]),
  ),
};

const VIEW_FIELDS: readonly Field[] = [
  optional("callback_id", string(ID)),
  optional("external_id", string(ID)),
  optional("private_metadata", string(3000)),
  required(
    "blocks",
    list(
      MOST.viewBlocks,
      typed(() => BLOCKS),
    ),
  ),
];
const VIEWS: Readonly<Record<string, Check>> = {
  home: object(VIEW_FIELDS, idsAreUnique),
  modal: object(
    [
      ...VIEW_FIELDS,
      required("title", text(24, "plain")),
      optional("submit", text(24, "plain")),
      optional("close", text(24, "plain")),
    ],
    (view, at, problems) => {
      idsAreUnique(view, at, problems);
      if (jsonList(view["blocks"]).some((one) => one["type"] === "input") && !view["submit"])
        problems.push(`missing required field: submit, as there are input blocks [json-pointer:${at}/submit]`);
    },
  ),
};

function idsAreUnique(surface: Json, at: string, problems: string[]): void {
  const blockIds = new Set<unknown>();
  for (const [index, one] of jsonList(surface["blocks"]).entries()) {
    const blockId = one["block_id"];
    if (typeof blockId === "string" && blockIds.has(blockId))
      problems.push(`\`block_id\` "${blockId}" already exists [json-pointer:${at}/blocks/${index}/block_id]`);
    blockIds.add(blockId);
    const actionIds = actionElements(one).flatMap((each) =>
      each["action_id"] === undefined ? [] : [each["action_id"]],
    );
    if (new Set(actionIds).size < actionIds.length)
      problems.push(`\`action_id\` already exists in the block [json-pointer:${at}/blocks/${index}]`);
  }
}

/** Every `text` of a block, however deep, in characters. */
function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + textLength(each), 0);
  if (!isJson(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, member]) => sum + (name === "text" && typeof member === "string" ? member.length : textLength(member)),
    0,
  );
}

/** The blocks of a message, with missing ids filled in. Throws invalid_blocks_format, invalid_blocks, msg_blocks_too_long. */
export function messageBlocks(value: unknown, newId: () => string): Json[] {
  if (!Array.isArray(value)) throw new SlackError("invalid_blocks_format");
  const problems: string[] = [];
  list(
    MOST.messageBlocks,
    typed(() => BLOCKS),
  )(value, "/blocks", problems);
  idsAreUnique({ blocks: value }, "", problems);
  if (problems.length > 0) throw refusal("invalid_blocks", problems);
  if (textLength(value) > MOST.messageBlocksText) throw new SlackError("msg_blocks_too_long");
  return withIds(jsonList(value), newId);
}

/** Checks a modal or Home view. Throws view_too_large, or invalid_arguments with the places that are wrong. */
export function checkedView(value: unknown, type: "modal" | "home", newId: () => string): Json {
  if (!isJson(value)) throw refusal("invalid_arguments", ["must be a JSON object [json-pointer:/view]"]);
  if (Buffer.byteLength(JSON.stringify(value)) > MOST.viewBytes) throw new SlackError("view_too_large");
  const problems: string[] = [];
  typed(
    () => VIEWS,
    (each) => each === type,
  )(value, "/view", problems);
  if (problems.length > 0) throw refusal("invalid_arguments", problems);
  return { ...value, blocks: withIds(jsonList(value["blocks"]), newId) };
}

function withIds(blocks: readonly Json[], newId: () => string): Json[] {
  const named = (value: Json) => ("action_id" in value ? value : { ...value, action_id: newId() });
  const isActed = (one: Json, each: unknown): each is Json => isJson(each) && actionElements(one).includes(each);
  return blocks.map((one) => {
    const filled: Record<string, unknown> = { block_id: newId(), ...one };
    for (const place of ["accessory", "element"]) if (isActed(one, one[place])) filled[place] = named(one[place]);
    if (one["type"] === "actions") filled["elements"] = jsonList(one["elements"]).map(named);
    return filled;
  });
}
