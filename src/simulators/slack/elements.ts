import { actionElements } from "./block-elements.ts";
import { isJson, type Json, jsonList, textOf } from "./json.ts";

/** What a person put into an element: text, an option's value, an id, a date; several where several may be chosen. */
export type Given = string | number | readonly string[];

export interface FoundAction {
  readonly block: Json;
  readonly element: Json;
}

type State = (element: Json, given: Given | undefined) => Json;

const typedText: State = (element, given) => ({
  value: given === undefined ? (element["initial_value"] ?? null) : String(given),
});

const chosen =
  (member: string, initial: string): State =>
  (element, given) => ({ [member]: given === undefined ? (element[initial] ?? null) : given });

const listed = (given: Given): readonly string[] => (Array.isArray(given) ? given.map(String) : [String(given)]);

/** The options of an element, in groups or not. Throws where the person chose what is not offered. */
function option(element: Json, value: string): Json {
  const offered = [
    ...jsonList(element["options"]),
    ...jsonList(element["option_groups"]).flatMap((group) => jsonList(group["options"])),
  ];
  if (textOf(element["type"]).endsWith("external_select")) return { text: { type: "plain_text", text: value }, value };
  const found = offered.find((each) => each["value"] === value);
  if (!found) {
    const values = offered.map((each) => textOf(each["value"])).join(", ");
    throw new Error(`${textOf(element["action_id"])} offers ${values}, not ${value}`);
  }
  return found;
}

const oneOption: State = (element, given) => ({
  selected_option: given === undefined ? (element["initial_option"] ?? null) : option(element, String(given)),
});
const someOptions: State = (element, given) => ({
  selected_options:
    given === undefined ? (element["initial_options"] ?? []) : listed(given).map((value) => option(element, value)),
});

const STATES: Readonly<Record<string, State>> = {
  plain_text_input: typedText,
  number_input: typedText,
  email_text_input: typedText,
  url_text_input: typedText,
  static_select: oneOption,
  external_select: oneOption,
  radio_buttons: oneOption,
  checkboxes: someOptions,
  multi_static_select: someOptions,
  multi_external_select: someOptions,
  users_select: chosen("selected_user", "initial_user"),
  multi_users_select: chosen("selected_users", "initial_users"),
  conversations_select: chosen("selected_conversation", "initial_conversation"),
  multi_conversations_select: chosen("selected_conversations", "initial_conversations"),
  channels_select: chosen("selected_channel", "initial_channel"),
  multi_channels_select: chosen("selected_channels", "initial_channels"),
  datepicker: chosen("selected_date", "initial_date"),
  timepicker: chosen("selected_time", "initial_time"),
  datetimepicker: chosen("selected_date_time", "initial_date_time"),
};

/** `state.values` of a surface: what its elements hold, by block id and action id. `given` is keyed by either id. */
export function stateValues(
  blocks: readonly Json[],
  given: Readonly<Record<string, Given>>,
): Record<string, Record<string, Json>> {
  const values: Record<string, Record<string, Json>> = {};
  const known = new Set<string>();
  for (const block of blocks) {
    const blockId = textOf(block["block_id"]);
    for (const element of actionElements(block)) {
      const actionId = textOf(element["action_id"]);
      const type = textOf(element["type"]);
      const state = STATES[type];
      if (!state) continue;
      known.add(blockId).add(actionId);
      values[blockId] = {
        ...values[blockId],
        [actionId]: { type, ...state(element, given[actionId] ?? given[blockId]) },
      };
    }
  }
  const unknown = Object.keys(given).filter((id) => !known.has(id));
  if (unknown.length > 0)
    throw new Error(`No input is called ${unknown.join(", ")}; there are ${[...known].join(", ")}`);
  return values;
}

/** What the client itself refuses before it sends a form, by block id: empty required inputs, text of a wrong length. */
export function inputErrors(
  blocks: readonly Json[],
  values: Record<string, Record<string, Json>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    const element = block["element"];
    if (block["type"] !== "input" || !isJson(element)) continue;
    const blockId = textOf(block["block_id"]);
    const state = values[blockId]?.[textOf(element["action_id"])] ?? {};
    const held = Object.entries(state).filter(([name]) => name !== "type" && name !== "rich_text_value");
    const isEmpty = held.every(
      ([, value]) => value === null || value === "" || (Array.isArray(value) && value.length === 0),
    );
    const length = textOf(state["value"]).length;
    if (isEmpty && block["optional"] !== true) errors[blockId] = "Please complete this required field.";
    else if (length > Number(element["max_length"] ?? 3000)) errors[blockId] = `Too long: ${length} characters.`;
    else if (!isEmpty && length < Number(element["min_length"] ?? 0))
      errors[blockId] = `Too short: ${length} characters.`;
  }
  return errors;
}

/** The element with this action id. A button carries its value: where one is named, it must be that button's. */
export function findAction(
  blocks: readonly Json[],
  actionId: string,
  value: Given | undefined,
): FoundAction | undefined {
  const found: FoundAction[] = blocks.flatMap((block) => actionElements(block).map((element) => ({ block, element })));
  return found.find(
    ({ element }) =>
      element["action_id"] === actionId &&
      (value === undefined || element["type"] !== "button" || element["value"] === value),
  );
}

/** One entry of `actions` in a block_actions payload. */
export function actionJson(found: FoundAction, value: Given | undefined, actionTs: string): Json {
  const { block, element } = found;
  const type = textOf(element["type"]);
  const always = { type, action_id: element["action_id"], block_id: block["block_id"], action_ts: actionTs };
  const keep = (...names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => name in element).map((name) => [name, element[name]]));
  if (type === "button") return { ...always, ...keep("text", "value", "style", "url", "confirm") };
  if (type === "overflow") return { ...always, selected_option: option(element, String(value)) };
  return { ...always, ...keep("placeholder", "confirm"), ...STATES[type]?.(element, value) };
}
