import {
  boolean,
  type Check,
  type Field,
  integer,
  list,
  object,
  oneOf,
  optional,
  required,
  string,
  text,
  typed,
} from "./checks.ts";
import { isJson, type Json, jsonList, textOf } from "./json.ts";

/** Characters, as for all limits of Block Kit (`block-kit.ts`). */
export const ID = 255;
const PLACEHOLDER = 150;

const CONFIRM = object([
  required("title", text(100, "plain")),
  required("text", text(300)),
  required("confirm", text(30, "plain")),
  required("deny", text(30, "plain")),
  optional("style", oneOf("primary", "danger")),
]);

const option = (kind: "any" | "plain") =>
  object([required("text", text(75, kind)), required("value", string(75)), optional("description", text(75, kind))]);

const GROUP = object([required("label", text(75, "plain")), required("options", list(100, option("plain"), 1))]);

const element = (...fields: readonly Field[]): Check =>
  object([optional("action_id", string(ID)), optional("confirm", CONFIRM), ...fields]);

const placeholder = optional("placeholder", text(PLACEHOLDER, "plain"));

const staticSelect = element(
  placeholder,
  optional("options", list(100, option("plain"), 1)),
  optional("option_groups", list(100, GROUP, 1)),
);
const textInput = element(placeholder, optional("initial_value", string(3000)));

const IMAGE = object([required("alt_text", string(2000)), optional("image_url", string(3000))]);

const ELEMENTS: Readonly<Record<string, Check>> = {
  button: element(
    required("text", text(75, "plain")),
    optional("value", string(2000)),
    optional("url", string(3000)),
    optional("style", oneOf("primary", "danger")),
    optional("accessibility_label", string(75)),
  ),
  overflow: element(required("options", list(5, option("any"), 1))),
  checkboxes: element(required("options", list(10, option("any"), 1))),
  radio_buttons: element(required("options", list(10, option("any"), 1))),
  static_select: staticSelect,
  multi_static_select: staticSelect,
  external_select: element(placeholder),
  multi_external_select: element(placeholder),
  users_select: element(placeholder),
  multi_users_select: element(placeholder),
  conversations_select: element(placeholder),
  multi_conversations_select: element(placeholder),
  channels_select: element(placeholder),
  multi_channels_select: element(placeholder),
  datepicker: element(placeholder),
  timepicker: element(placeholder),
  datetimepicker: element(),
  plain_text_input: element(
    placeholder,
    optional("initial_value", string(3000)),
    optional("multiline", boolean),
    optional("max_length", integer(1, 3000)),
    optional("min_length", integer(0, 3000)),
  ),
  number_input: element(placeholder, required("is_decimal_allowed", boolean)),
  email_text_input: textInput,
  url_text_input: textInput,
  rich_text_input: element(placeholder),
  image: IMAGE,
};

const ONLY_INPUT = new Set([
  "plain_text_input",
  "number_input",
  "email_text_input",
  "url_text_input",
  "rich_text_input",
]);
const NEVER_INPUT = new Set(["button", "overflow", "image"]);

const elements = () => ELEMENTS;
export const accessory = typed(elements, (type) => !ONLY_INPUT.has(type));
export const action = typed(elements, (type) => !ONLY_INPUT.has(type) && type !== "image");
export const input = typed(elements, (type) => !NEVER_INPUT.has(type));
export const CONTEXT: Readonly<Record<string, Check>> = {
  plain_text: text(3000),
  mrkdwn: text(3000),
  image: IMAGE,
};

/** Elements that people act on, of one block. */
export function actionElements(value: Json): Json[] {
  return [...jsonList(value["elements"]), value["accessory"], value["element"]]
    .filter(isJson)
    .filter((each) => textOf(each["type"]) in ELEMENTS && each["type"] !== "image");
}
