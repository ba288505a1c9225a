import {
  attempt,
  channelOf,
  type InteractionContext,
  type InteractionResult,
  logAct,
  logInteraction,
  personOf,
  responseUrl,
  resultOf,
} from "./interaction.ts";
import type { Json } from "./json.ts";
import type { Source } from "./responses.ts";
import type { User } from "./spec.ts";
import type { Channel } from "./workspace.ts";

/** Types a slash command such as `/dr status` into a channel. */
export async function typeCommand(
  context: InteractionContext,
  typed: { userId: string; channelId: string; text: string },
): Promise<InteractionResult> {
  const { workspace, delivery } = context;
  const user = personOf(context, typed.userId);
  const channel = channelOf(context, user, typed.channelId);
  const [, name = "", rest = ""] = /^(\/\S+)\s*([\s\S]*)$/.exec(typed.text) ?? [];
  const app = workspace.spec.apps.find((each) => each.commands.some(({ command }) => command === name));
  if (!app) throw new Error(`${name || typed.text} is not a command of this workspace`);
  const isEscaped = app.commands.some(({ command, shouldEscape }) => command === name && shouldEscape);
  const source: Source = { app, userId: user.id, channelId: channel.id, messageTs: undefined };
  const text = isEscaped ? escapeText(context, rest.trim()) : rest.trim();
  const since = workspace.newTs();
  const facts = { kind: "command", user: user.id, channel: channel.id, app: app.appId, text: typed.text };
  logAct(context, facts);
  const ack = await delivery.deliver(app, {
    type: "slash_commands",
    payload: payloadOf(context, source, { command: name, text }),
    acceptsResponse: true,
  });
  let problem: string | undefined;
  if (ack.ok && (ack.payload["text"] || ack.payload["blocks"]))
    problem = attempt(() => context.responses.respond(source, ack.payload));
  const error = ack.ok ? problem : ack.error === "http_error" ? "dispatch_failed" : ack.error;
  if (error !== undefined) slackbot(context, { channel, user }, `${name} failed with the error "${error}"`);
  logInteraction(context, facts, ack);
  return resultOf(context, ack, { userId: user.id, channelId: channel.id, since, problem });
}

/** The fields of a command as Slack sends them; `is_enterprise_install` is a string in both deliveries. */
function payloadOf(context: InteractionContext, source: Source, said: { command: string; text: string }): Json {
  const { workspace, triggers } = context;
  const { team } = workspace.spec;
  const user = personOf(context, source.userId);
  const channel = channelOf(context, user, source.channelId);
  return {
    token: "sim-verification-token",
    team_id: team.id,
    team_domain: team.domain,
    ...(team.enterpriseId === undefined ? {} : { enterprise_id: team.enterpriseId }),
    channel_id: channel.id,
    channel_name: channel.kind === "im" ? "directmessage" : channel.name,
    user_id: user.id,
    user_name: user.name,
    ...said,
    api_app_id: source.app.appId,
    is_enterprise_install: "false",
    response_url: responseUrl(context, source),
    trigger_id: triggers.issue(source.app, user.id),
  };
}

/** Mentions become `<@U…|name>` and `<#C…|name>`, everything else loses its special meaning. */
function escapeText(context: InteractionContext, text: string): string {
  const { users, channels } = context.workspace;
  const plain = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return plain.replaceAll(/(?<=^|\s)([@#])([\w.-]+)/g, (whole: string, sign: string, name: string) => {
    const found = [...(sign === "@" ? users : channels).values()].find((each) => each.name === name);
    return found ? `<${sign}${found.id}|${name}>` : whole;
  });
}

function slackbot(
  context: InteractionContext,
  { channel, user }: { readonly channel: Channel; readonly user: User },
  text: string,
): void {
  const said = { channel: channel.id, user: user.id, appId: undefined, threadTs: undefined, text, blocks: [] };
  const ephemeral = context.workspace.addEphemeral(said);
  context.world.log.append("slack.ephemeral", { channel: channel.id, user: user.id, ts: ephemeral.ts, text });
}
