import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Methods } from "../method.ts";
import { userJson } from "../wire.ts";

const seen = (call: Call, json: Json): Json => {
  // Without the scope the address is simply not there.
  if (call.app.scopes.includes("users:read.email")) return json;
  const profile = Object.entries({ ...(json["profile"] ?? {}) }).filter(([name]) => name !== "email");
  return { ...json, profile: Object.fromEntries(profile) };
};

function lookupByEmail(call: Call): Json {
  const email = call.args.text("email").toLowerCase();
  const user = [...call.workspace.users.values()].find(
    (each) => each.email?.toLowerCase() === email && !each.flags.deleted && !each.flags.stranger,
  );
  if (!user) throw new SlackError("users_not_found");
  return { user: seen(call, userJson(call.workspace, user)) };
}

function needPaidPlan(call: Call): void {
  if (!call.workspace.spec.isPaidPlan) throw new SlackError("plan_upgrade_required");
}

export const PEOPLE_METHODS: Methods = {
  "users.info": {
    tier: 4,
    scopes: ["users:read"],
    required: { user: "user_not_found" },
    handle: (call) => {
      const user = call.workspace.users.get(call.args.text("user"));
      if (!user) throw new SlackError("user_not_found");
      if (user.flags.invisible) throw new SlackError("user_not_visible");
      return { user: seen(call, userJson(call.workspace, user)) };
    },
  },
  "users.lookupByEmail": {
    tier: 3,
    scopes: ["users:read.email"],
    required: { email: "users_not_found" },
    handle: lookupByEmail,
  },
  "users.list": {
    tier: 2,
    scopes: ["users:read"],
    handle: (call) => {
      const all = [...call.workspace.users.values()].filter((user) => !user.flags.invisible);
      const { items, nextCursor } = call.args.page(all, 1000, 1000);
      const members = items.map((user) => seen(call, userJson(call.workspace, user)));
      return { members, response_metadata: { next_cursor: nextCursor } };
    },
  },
  "usergroups.list": {
    tier: 2,
    scopes: ["usergroups:read"],
    handle: (call) => {
      needPaidPlan(call);
      const usergroups = [...call.workspace.usergroups.values()].map((group) => ({
        id: group.id,
        team_id: call.workspace.spec.team.id,
        is_usergroup: true,
        name: group.handle,
        handle: group.handle,
        date_delete: 0,
        ...(call.args.flag("include_users") ? { users: group.users } : {}),
        ...(call.args.flag("include_count") ? { user_count: group.users.length } : {}),
      }));
      return { usergroups };
    },
  },
  "usergroups.users.list": {
    tier: 2,
    scopes: ["usergroups:read"],
    required: { usergroup: "no_such_subteam" },
    handle: (call) => {
      needPaidPlan(call);
      const group = call.workspace.usergroups.get(call.args.text("usergroup"));
      if (!group) throw new SlackError("no_such_subteam");
      const users = group.users.filter((id) => {
        const isDeleted = call.workspace.users.get(id)?.flags.deleted ?? false;
        return !isDeleted || call.args.flag("include_disabled");
      });
      return { users };
    },
  },
};
