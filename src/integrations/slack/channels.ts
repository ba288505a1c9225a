import { webApi } from "@slack/bolt";
import { z } from "zod";
import { UserError } from "../../domain/errors.ts";
import { slackCodeOf } from "./classify.ts";
import { DONE, type SlackClient } from "./client.ts";

const LONGEST_NAME = 80;
const MOST_SUFFIX = 9;
const PAGE = 1_000;
const MOST_PAGES = 50;
const MOST_INVITED = 100;

const Channel = z.object({
  id: z.string(),
  name: z.string(),
  creator: z.string().optional(),
  is_archived: z.boolean().default(false),
  purpose: z.object({ value: z.string() }).optional(),
});
type Channel = z.infer<typeof Channel>;
/** Without a channel: the name is taken. */
const Created = z.object({ channel: Channel.optional() });
const Listed = z.object({
  channels: z.array(Channel),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** The purpose is our mark on the channel: it tells which of our requests the channel answers. */
const purposeFor = (key: string) => `Opened by TwoKey for ${key}`;

/**
 * A new channel, or the one that an earlier call with this key made before its answer was lost. A name that is somebody
 * else's, archived, or ours for another key gets `-2`, `-3` … May be repeated after any failure.
 */
export async function openChannel(
  client: SlackClient,
  wanted: { readonly name: string; readonly key: string; readonly creator: () => Promise<string> },
): Promise<{ id: string; name: string }> {
  const purpose = purposeFor(wanted.key);
  for (let suffix = 1; suffix <= MOST_SUFFIX; suffix += 1) {
    const name =
      suffix === 1 ? wanted.name.slice(0, LONGEST_NAME) : `${wanted.name.slice(0, LONGEST_NAME - 2)}-${suffix}`;
    const channel =
      (await create(client, name)) ?? (await ownChannel(client, { name, purpose, creator: wanted.creator }));
    if (channel === undefined) continue;
    if (channel.purpose?.value !== purpose) {
      // People and card do not wait for the mark. Where it is missing, name and creator still tell that the channel is ours.
      client
        .call("conversations.setPurpose", DONE, (web) => web.conversations.setPurpose({ channel: channel.id, purpose }))
        .catch(() => undefined);
    }
    return { id: channel.id, name: channel.name };
  }
  throw new UserError("slack-name_taken", `Every name from ${wanted.name} to ${wanted.name}-${MOST_SUFFIX} is taken`, {
    facts: { name: wanted.name },
  });
}

/** Undefined where the name is taken. */
async function create(client: SlackClient, name: string): Promise<Channel | undefined> {
  const answer = await client.call<z.infer<typeof Created>>(
    "conversations.create",
    Created,
    (web) => web.conversations.create({ name }),
    { accept: (error) => (slackCodeOf(error) === "name_taken" ? { channel: undefined } : undefined) },
  );
  return answer.channel;
}

/** Ours are those that our bot created and that carry our mark, or none yet: then the answer to their creation was lost. */
async function ownChannel(
  client: SlackClient,
  { name, purpose, creator }: { name: string; purpose: string; creator: () => Promise<string> },
): Promise<Channel | undefined> {
  const self = await creator();
  let cursor = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await client.call("conversations.list", Listed, (web) =>
      web.conversations.list({ types: "public_channel", limit: PAGE, ...(cursor === "" ? {} : { cursor }) }),
    );
    const { channels, response_metadata } = answer;
    const found = channels.find((channel) => channel.name === name);
    if (found) {
      const mark = found.purpose?.value ?? "";
      const isOurs = found.creator === self && !found.is_archived && (mark === purpose || mark === "");
      return isOurs ? found : undefined;
    }
    cursor = response_metadata?.next_cursor ?? "";
    if (cursor === "") return undefined;
  }
  return undefined;
}

/** Slack's refusals that are about one person. */
const ABOUT_ONE = new Set([
  ...["user_not_found", "users_not_found", "cant_invite", "user_is_restricted", "user_is_ultra_restricted"],
  ...["ura_max_channels", "org_user_not_in_team", "user_not_in_team", "user_disabled", "no_user"],
  ...["already_in_channel", "cant_invite_self"],
]);
/** They are in already. */
const FINE = new Set(["already_in_channel", "cant_invite_self"]);

const Refusals = z.object({
  error: z.string().optional(),
  errors: z.array(z.object({ user: z.string(), error: z.string() })).default([]),
});
/** Here `user` is Slack's own id of a member. */
interface Refused {
  readonly user: string;
  readonly why: string;
}

/** Those who could not be invited, with Slack's reason. Throws where the channel or the app is the obstacle. */
export async function inviteTo(
  client: SlackClient,
  channel: string,
  users: readonly string[],
): Promise<readonly Refused[]> {
  const wanted = [...new Set(users)];
  const refused: Refused[] = [];
  for (let start = 0; start < wanted.length; start += MOST_INVITED)
    refused.push(...(await inviteSome(client, channel, wanted.slice(start, start + MOST_INVITED))));
  return refused.filter(({ why }) => !FINE.has(why));
}

async function inviteSome(client: SlackClient, channel: string, some: readonly string[]): Promise<Refused[]> {
  const users = some.join(",");
  const answer = await client.call(
    "conversations.invite",
    Refusals,
    (web) => web.conversations.invite({ channel, users, force: true }),
    { accept: (error) => refusalAnswer(error) },
  );
  const { errors, error: code } = answer;
  if (errors.length > 0) return errors.map(({ user, error }) => ({ user, why: error }));
  if (code === undefined) return [];
  const [only, ...others] = some;
  if (only !== undefined && others.length === 0) return [{ user: only, why: code }];
  // Slack named no names: one by one, so that one person's obstacle keeps nobody else out.
  const each: Refused[] = [];
  for (const user of some) each.push(...(await inviteSome(client, channel, [user])));
  return each;
}

/** The data of a refusal that is about people; undefined for any other error. */
function refusalAnswer(error: unknown): z.infer<typeof Refusals> | undefined {
  if (!(error instanceof webApi.WebAPIPlatformError)) return undefined;
  const { data } = Refusals.safeParse(error.data);
  return data && (data.errors.length > 0 || ABOUT_ONE.has(error.data.error)) ? data : undefined;
}
