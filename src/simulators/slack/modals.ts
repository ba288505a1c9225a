import { type Given, inputErrors, stateValues } from "./elements.ts";
import type { Ack } from "./envelope.ts";
import { SlackError } from "./errors.ts";
import {
  attempt,
  envelopeOf,
  type InteractionContext,
  type InteractionResult,
  logAct,
  logInteraction,
  personOf,
  resultOf,
} from "./interaction.ts";
import { isJson, type Json, jsonList, textOf } from "./json.ts";
import type { View } from "./views.ts";

/** Fills in and sends the modal on top; `values` are keyed by block id or action id. */
export async function submitView(
  context: InteractionContext,
  form: { userId: string; viewId: string; values: Readonly<Record<string, Given>> },
): Promise<InteractionResult> {
  const { workspace, delivery, triggers, views } = context;
  const user = personOf(context, form.userId);
  const view = views.stack(user.id).at(-1);
  if (view?.id !== form.viewId) throw new Error(`${form.viewId} is not on top of ${user.id}'s screen`);
  if (!view.content["submit"]) throw new Error(`${form.viewId} has no submit button`);
  const since = workspace.newTs();
  const blocks = jsonList(view.content["blocks"]);
  const values = stateValues(blocks, form.values);
  const refused = inputErrors(blocks, values);
  if (Object.keys(refused).length > 0) {
    const nothing: Ack = { ok: true, ackMs: 0, payload: {} };
    return { ...resultOf(context, nothing, { userId: user.id, since }), inputErrors: refused };
  }
  view.content = { ...view.content, state: { values } };
  view.errors = {};
  const payload = {
    ...envelopeOf(context, { type: "view_submission", app: view.app, user }),
    trigger_id: triggers.issue(view.app, user.id, true),
    view: views.json(view),
    response_urls: [],
  };
  const about = { user: user.id, view: view.id, app: view.app.appId, callbackId: view.content["callback_id"] };
  const facts = { kind: "view-submit", ...about };
  logAct(context, facts);
  const ack = await delivery.deliver(view.app, { type: "interactive", payload, acceptsResponse: true });
  const problem = ack.ok ? attempt(() => applySubmission(context, view, ack.payload)) : undefined;
  logInteraction(context, { ...facts, responseAction: ack.ok ? ack.payload["response_action"] : undefined }, ack);
  const result = resultOf(context, ack, { userId: user.id, since, problem });
  return Object.keys(view.errors).length > 0 ? { ...result, inputErrors: view.errors } : result;
}

/** Closes the view on top; the app hears of it where it asked to (`notify_on_close`). */
export async function closeView(
  context: InteractionContext,
  closing: { userId: string; viewId: string },
): Promise<InteractionResult> {
  const { workspace, delivery, views } = context;
  const user = personOf(context, closing.userId);
  const view = views.stack(user.id).find((each) => each.id === closing.viewId);
  if (!view) throw new Error(`${closing.viewId} is not on ${user.id}'s screen`);
  const since = workspace.newTs();
  const isCleared = view.content["clear_on_close"] === true;
  if (isCleared) views.clear(user.id);
  else views.close(view);
  if (view.content["notify_on_close"] !== true) {
    return resultOf(context, { ok: true, ackMs: 0, payload: {} }, { userId: user.id, since });
  }
  const payload = {
    ...envelopeOf(context, { type: "view_closed", app: view.app, user }),
    view: views.json(view),
    is_cleared: isCleared,
  };
  const ack = await delivery.deliver(view.app, { type: "interactive", payload, acceptsResponse: false });
  logInteraction(context, { kind: "view-close", user: user.id, view: view.id, app: view.app.appId }, ack);
  return resultOf(context, ack, { userId: user.id, since });
}

function applySubmission(context: InteractionContext, view: View, answer: Json): void {
  const { views } = context;
  switch (answer["response_action"]) {
    case undefined:
      views.close(view);
      break;
    case "clear":
      views.clear(view.userId);
      break;
    case "update":
      views.update(view, answer["view"], undefined);
      break;
    case "push":
      views.push(view.app, view.userId, answer["view"]);
      break;
    case "errors":
      view.errors = errorsOf(view, answer["errors"]);
      break;
    default:
      throw new SlackError("invalid_response_action");
  }
}

/** Errors belong to input blocks that the view has; Slack shows anything else as a failure of the app. */
function errorsOf(view: View, given: unknown): Record<string, string> {
  const inputs = jsonList(view.content["blocks"]).filter((block) => block["type"] === "input");
  const blockIds = inputs.map((block) => textOf(block["block_id"]));
  const entries = Object.entries(isJson(given) ? given : {}).map(([id, text]): [string, string] => [id, textOf(text)]);
  if (entries.length === 0 || entries.some(([id]) => !blockIds.includes(id))) throw new SlackError("invalid_errors");
  return Object.fromEntries(entries);
}
