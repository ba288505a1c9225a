import { z } from "zod";
import { clickAction } from "./clicks.ts";
import { typeCommand } from "./commands.ts";
import { personOf, postAsPerson } from "./interaction.ts";
import { closeView, submitView } from "./modals.ts";
import type { SlackParts } from "./parts.ts";
import { AppSecrets } from "./spec.ts";
import { channelJson, ephemeralJson, messageJson } from "./wire.ts";

const Given = z.union([z.string(), z.number(), z.array(z.string())]);

const TypedCommand = z.strictObject({ userId: z.string(), channelId: z.string(), text: z.string() });
const ClickBody = z.strictObject({
  userId: z.string(),
  channelId: z.string().optional(),
  messageTs: z.string().optional(),
  viewId: z.string().optional(),
  actionId: z.string(),
  value: Given.optional(),
  confirm: z.boolean().optional(),
  stale: z.boolean().optional(),
  message: z.record(z.string(), z.unknown()).optional(),
});
const ViewSubmit = z.strictObject({
  userId: z.string(),
  viewId: z.string(),
  values: z.record(z.string(), Given).default({}),
});
const OnView = z.strictObject({ userId: z.string(), viewId: z.string() });
const OnChannel = z.strictObject({ userId: z.string(), channelId: z.string() });
const Post = z.strictObject({
  userId: z.string(),
  channelId: z.string(),
  text: z.string().min(1),
  threadTs: z.string().optional(),
});
const OfApp = z.strictObject({ appId: z.string().optional() });
/**
 * Somebody changes the app in Slack: what its token may do from now on, which of its tokens count no more, and what it has instead of the
 * tokens and the signing secret of before. Sockets that are open stay open.
 */
const Changed = z.strictObject({
  ...AppSecrets.partial().shape,
  scopes: z.array(z.string()).optional(),
  revoked: z.array(z.enum(["bot", "app"])).optional(),
});
/** Somebody of the workspace archives a channel or takes it back, removes an app's bot or invites it. */
const ChannelChanged = z.strictObject({
  channelId: z.string(),
  archived: z.boolean().optional(),
  isBotIn: z.boolean().optional(),
});
const Disconnect = z.strictObject({
  reason: z.enum(["warning", "refresh_requested", "link_disabled"]),
  appId: z.string().optional(),
});

/** A public channel, as anybody of the workspace can. */
function joinAsPerson(
  parts: SlackParts,
  { userId, channelId }: z.infer<typeof OnChannel>,
): { readonly channel: string } {
  const user = personOf(parts, userId);
  const channel = parts.workspace.channels.get(channelId);
  if (channel?.kind !== "public" || channel.isArchived)
    throw new Error(`${channelId} is no channel that ${user.id} can join`);
  channel.members.add(user.id);
  return { channel: channel.id };
}

function changeChannel(
  { workspace, world }: SlackParts,
  { channelId, archived, isBotIn }: z.infer<typeof ChannelChanged>,
): { readonly channel: string } {
  const channel = workspace.channels.get(channelId);
  if (!channel) throw new Error(`There is no channel ${channelId}`);
  if (archived !== undefined) channel.isArchived = archived;
  for (const { botUserId } of isBotIn === undefined ? [] : workspace.spec.apps)
    channel.members[isBotIn === true ? "add" : "delete"](botUserId);
  world.log.append("slack.channel-changed", {
    channel: channelId,
    isArchived: channel.isArchived,
    isBotIn: isBotIn ?? null,
  });
  return { channel: channelId };
}

/** Routes by which people (tests, demo, page) act in the simulated Slack and see what is there. */
export function addSlackControls(parts: SlackParts): void {
  addActs(parts);
  addSights(parts);
  addTroubles(parts);
}

function addActs(parts: SlackParts): void {
  const { control } = parts.world;
  /** Nobody gets through to a Slack that is down. */
  const act = <T, R>(path: string, schema: z.ZodType<T>, perform: (body: T) => R) =>
    control.on(`POST /slack/${path}`, (body) => {
      const wanted = schema.parse(body);
      if (parts.outage.isOn) throw new Error("Slack is down");
      return perform(wanted);
    });
  act("command", TypedCommand, (typed) => typeCommand(parts, typed));
  act("click", ClickBody, (click) => clickAction(parts, click));
  act("view-submit", ViewSubmit, (form) => submitView(parts, form));
  act("close-view", OnView, (closing) => closeView(parts, closing));
  act("post", Post, (post) => postAsPerson(parts, post));
  act("join", OnChannel, (joining) => joinAsPerson(parts, joining));
  act("open-home", z.strictObject({ userId: z.string(), appId: z.string().optional() }), ({ userId, appId }) => {
    const user = personOf(parts, userId);
    const app = parts.workspace.spec.apps.find((each) => appId === undefined || each.appId === appId);
    if (!app) throw new Error(`There is no app ${appId}`);
    const channel = parts.workspace.directChannel(app, user.id).id;
    void parts.delivery.announce({ type: "app_home_opened", user: user.id, channel, tab: "home" });
    return { channel };
  });
}

function addSights({ calls, sockets, views, workspace, world }: SlackParts): void {
  const { control } = world;
  const wanted = (query: URLSearchParams, name: string) => {
    const value = query.get(name);
    if (value === null) throw new Error(`Say which ${name}`);
    return value;
  };
  control.on("GET /slack/channels", () =>
    [...workspace.channels.values()].map((channel) => ({
      ...channelJson(workspace, channel, ""),
      members: [...channel.members],
      pins: channel.pins,
      bookmarks: channel.bookmarks,
    })),
  );
  control.on("GET /slack/messages", (_body, query) => {
    const channel = workspace.channels.get(wanted(query, "channel"));
    if (!channel) throw new Error(`There is no channel ${query.get("channel")}`);
    return channel.messages.map((message) => ({
      ...messageJson(workspace, message, true),
      channel: channel.id,
      earlier: message.earlier,
    }));
  });
  control.on("GET /slack/ephemerals", (_body, query) =>
    workspace.ephemeralsSeenBy(wanted(query, "user")).map((each) => ephemeralJson(workspace, each)),
  );
  control.on("GET /slack/views", (_body, query) => {
    const user = wanted(query, "user");
    const shown = (view: (typeof stack)[number]) => ({ ...views.json(view), errors: view.errors });
    const stack = views.stack(user);
    return { stack: stack.map(shown), homes: views.homes(user).map(shown) };
  });
  control.on("GET /slack/users", () => [...workspace.users.values()]);
  control.on("GET /slack/sockets", () => ({ open: sockets.count() }));
  control.on("GET /slack/calls", (_body, query) => {
    const after = Number(query.get("after") ?? 0);
    const method = query.get("method");
    return calls.filter((call) => call.seq > after && (method === null || call.method === method));
  });
}

function addTroubles(parts: SlackParts): void {
  const { delivery, limits, outage, sockets, views, workspace, world } = parts;
  const { control, log } = world;
  control.on("POST /slack/outage", (body) => {
    outage.isOn = z.strictObject({ on: z.boolean() }).parse(body).on;
    log.append("slack.outage", { on: outage.isOn });
    if (outage.isOn) sockets.kill();
    return { on: outage.isOn };
  });
  control.on("POST /slack/sockets/kill", (body) => ({ killed: sockets.kill(OfApp.parse(body).appId) }));
  control.on("POST /slack/sockets/disconnect", (body) => {
    const { reason, appId } = Disconnect.parse(body);
    return { told: sockets.disconnect(reason, appId) };
  });
  control.on("POST /slack/duplicate-next-envelope", (body) => {
    const { times } = z.strictObject({ times: z.number().int().positive().default(1) }).parse(body);
    delivery.duplicateNext(times);
    return { times };
  });
  control.on("POST /slack/user-flags", (body) => {
    const { userId, flags } = z
      .strictObject({ userId: z.string(), flags: z.record(z.string(), z.boolean()) })
      .parse(body);
    return workspace.setFlags(userId, flags);
  });
  control.on("POST /slack/usergroup", (body) => {
    const { id, users } = z.strictObject({ id: z.string(), users: z.array(z.string()) }).parse(body);
    const group = workspace.usergroups.get(id);
    if (!group) throw new Error(`There is no user group ${id}`);
    workspace.usergroups.set(id, { ...group, users });
    return { id, users };
  });
  control.on("POST /slack/channel", (body) => changeChannel(parts, ChannelChanged.parse(body)));
  control.on("POST /slack/app", (body) => {
    const { scopes, revoked, ...secrets } = Changed.parse(body);
    for (const app of workspace.spec.apps) Object.assign(app, secrets, scopes && { scopes });
    if (revoked) workspace.revoke(revoked);
    log.append("slack.app-changed", { scopes, revoked, changed: Object.keys(secrets) });
    return { scopes: workspace.spec.apps.map((app) => app.scopes), revoked: [...workspace.revoked] };
  });
  control.on("POST /slack/reset", () => {
    workspace.reset();
    views.reset();
    limits.reset();
    log.append("slack.reset", {});
  });
}
