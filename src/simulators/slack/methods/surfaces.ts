import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Methods } from "../method.ts";
import type { View } from "../views.ts";

function shown(call: Call, view: View, how: string): Json {
  call.world.log.append("slack.view", {
    how,
    user: view.userId,
    view: view.id,
    type: view.type,
    callbackId: view.content["callback_id"],
    app: call.app.appId,
  });
  return { view: call.views.json(view) };
}

/** Two calls in one: `open` starts a stack, `push` lies on the one the trigger came from. */
const raise = (how: "open" | "push") => (call: Call) => {
  const trigger = call.triggers.exchange(call.app, call.args.text("trigger_id"));
  if (how === "push" && !trigger.isFromModal) throw new SlackError("invalid_trigger_id");
  const view = call.views[how](call.app, trigger.userId, call.args.json("view"));
  return shown(call, view, how);
};

const noTrigger = { trigger_id: "invalid_trigger_id", view: "invalid_arguments" } as const;

export const VIEW_METHODS: Methods = {
  "views.open": { tier: 4, scopes: [], required: noTrigger, handle: raise("open") },
  "views.push": { tier: 4, scopes: [], required: noTrigger, handle: raise("push") },
  "views.update": {
    tier: 4,
    scopes: [],
    required: { view: "invalid_arguments" },
    handle: (call) => {
      const ids = { id: call.args.text("view_id"), externalId: call.args.text("external_id") };
      const view = call.views.find(call.app, ids);
      return shown(call, call.views.update(view, call.args.json("view"), call.args.optional("hash")), "update");
    },
  },
  "views.publish": {
    tier: 4,
    scopes: [],
    required: { user_id: "invalid_arguments", view: "invalid_arguments" },
    handle: (call) => {
      const userId = call.args.text("user_id");
      if (!call.workspace.users.has(userId)) throw new SlackError("user_not_found");
      const view = call.views.publish(call.app, userId, {
        content: call.args.json("view"),
        hash: call.args.optional("hash"),
      });
      return shown(call, view, "publish");
    },
  },
};
