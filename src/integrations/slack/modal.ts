import type { types } from "@slack/bolt";
import type { Form, FormField } from "../../domain/card/card.ts";
import { Bug } from "../../domain/errors.ts";
import { blocksOf, fitted, LIMITS } from "./blocks.ts";
import { escapeText, rawText } from "./escape.ts";
import type { MemberOf } from "./rich-text.ts";

type PlainText = types.PlainTextElement;

/** Characters or items; from the comments of `@slack/types` 3.2. */
const FORM_LIMITS = {
  title: 24,
  metadata: 3_000,
  label: 2_000,
  hint: 2_000,
  input: 3_000,
  options: 100,
  option: 75,
} as const;

/**
 * A form as a modal. `callback_id` is `intent:<intent>`, each input's `block_id` its field's id, its `action_id` `value`.
 * `carried` comes back with the submission unseen; it takes the place of the form's own context.
 */
export function modalOf(form: Form, memberOf: MemberOf, carried: string = form.context): types.ModalView {
  if (carried.length > FORM_LIMITS.metadata)
    throw new Bug("form-context-too-long", "A form carries more than Slack can keep", {
      facts: { intent: form.intent, length: carried.length },
    });
  const inputs = form.fields.map(inputBlock);
  return {
    type: "modal",
    callback_id: `intent:${form.intent}`,
    title: plain(form.title, FORM_LIMITS.title, "TwoKey"),
    submit: plain(form.submit, FORM_LIMITS.title, "Submit"),
    close: plain("Cancel", FORM_LIMITS.title, "Cancel"),
    private_metadata: carried,
    blocks: [...fitted(blocksOf(form.intro, memberOf), LIMITS.viewBlocks - inputs.length), ...inputs],
  };
}

function inputBlock(field: FormField): types.InputBlock {
  const hint = escapeText(field.hint ?? "", FORM_LIMITS.hint);
  return {
    type: "input",
    block_id: field.id,
    label: plain(field.label, FORM_LIMITS.label, field.id),
    element: ELEMENTS[field.kind](field),
    ...(hint === "" ? {} : { hint: { type: "plain_text", text: hint, emoji: false } }),
    ...(field.optional === undefined ? {} : { optional: field.optional }),
  };
}

const ELEMENTS: Readonly<Record<FormField["kind"], (field: FormField) => types.InputBlock["element"]>> = {
  line: textInput,
  paragraph: textInput,
  choice,
  agreement: () => ({ type: "checkboxes", action_id: "value", options: [AGREED] }),
};
const AGREED = { text: plain("I agree to this sentence", FORM_LIMITS.option, "Yes"), value: "yes" };

function textInput(field: FormField): types.PlainTextInput {
  const initial = rawText(field.initial ?? "", FORM_LIMITS.input);
  return {
    type: "plain_text_input",
    action_id: "value",
    multiline: field.kind === "paragraph",
    max_length: FORM_LIMITS.input,
    ...(initial === "" ? {} : { initial_value: initial }),
  };
}

function choice(field: FormField): types.StaticSelect {
  const choices = field.choices ?? [];
  const isSendable = choices.every(([value]) => value !== "" && value.length <= FORM_LIMITS.option);
  // Leaving choices out in silence could leave out the right one.
  if (choices.length === 0 || choices.length > FORM_LIMITS.options || !isSendable)
    throw new Bug("form-choices", "A form's choices cannot be shown in Slack", {
      facts: { field: field.id, choices: choices.length },
    });
  const options = choices.map(([value, label]) => ({ text: plain(label, FORM_LIMITS.option, value), value }));
  const initial = options.find(({ value }) => value === field.initial);
  return { type: "static_select", action_id: "value", options, ...(initial ? { initial_option: initial } : {}) };
}

function plain(text: string, most: number, otherwise: string): PlainText {
  return { type: "plain_text", text: escapeText(text, most) || otherwise, emoji: false };
}
