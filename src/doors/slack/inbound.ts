import { z } from "zod";
import type { Ask } from "../../commands/intent.ts";
import type { Asker, Proof } from "../../ports/asker.ts";
import { parseCommand } from "./command-text.ts";
import type { Members } from "./members.ts";

/** Where an answer can go. */
export interface Place {
  /** The account that acted, from the authenticated payload. */
  readonly member: string;
  /** What it is called there; anybody may choose it. */
  readonly name?: string | undefined;
  readonly channel?: string | undefined;
  readonly thread?: string | undefined;
  /** Slack takes up to five answers there, for thirty minutes. */
  readonly responseUrl?: string | undefined;
  /** Opens one modal within three seconds. */
  readonly triggerId?: string | undefined;
  /** Message whose button was pressed, where it is a stored one. */
  readonly message?: { readonly channel: string; readonly ts: string } | undefined;
}

export interface Inbound {
  /** The same for every delivery of the same act. */
  readonly key: string;
  readonly team: string | undefined;
  readonly enterprise: string | undefined;
  readonly ask: Ask;
  readonly place: Place;
}

const Optional = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === "" ? undefined : text));
const WithId = z
  .object({ id: z.string() })
  .nullish()
  .transform((given) => given?.id);

const User = z.object({ id: z.string(), username: Optional, name: Optional });
const nameOf = ({ username, name }: z.infer<typeof User>) => username ?? name;

const Command = z.object({
  trigger_id: z.string(),
  team_id: Optional,
  enterprise_id: Optional,
  user_id: z.string(),
  user_name: Optional,
  channel_id: z.string(),
  text: z.string().default(""),
  response_url: Optional,
});

const Action = z.object({
  trigger_id: z.string(),
  team: WithId,
  enterprise: WithId,
  user: User,
  channel: WithId,
  container: z.object({ message_ts: Optional, is_ephemeral: z.boolean().default(false) }),
  message: z.object({ ts: Optional, thread_ts: Optional }).optional(),
  view: z.object({ private_metadata: z.string() }).optional(),
  response_url: Optional,
  actions: z.tuple([z.object({ action_id: z.string(), value: Optional })], z.unknown()),
});

const FieldState = z.object({
  value: Optional,
  selected_option: z
    .object({ value: z.string() })
    .nullish()
    .transform((option) => option?.value),
  /** Of the one box of an agreement. */
  selected_options: z
    .array(z.object({ value: z.string() }))
    .nullish()
    .transform((options) => options?.[0]?.value),
});
const Submission = z.object({
  trigger_id: Optional,
  team: WithId,
  enterprise: WithId,
  user: User,
  view: z.object({
    id: z.string(),
    hash: z.string(),
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), FieldState)) }),
  }),
});

/** What a form of ours carries unseen: its own context, and where it was asked for. */
const Carried = z.strictObject({
  context: z.string(),
  channel: z.string().optional(),
  thread: z.string().optional(),
  responseUrl: z.string().optional(),
  message: z.strictObject({ channel: z.string(), ts: z.string() }).optional(),
});

const INTENT = /^intent:([a-z][a-z-]*)(?::\d+)?$/;

/** Throws ZodError where the payload is not Slack's. */
export function readCommand(body: unknown, members: Members): Inbound {
  const given = Command.parse(body);
  const place: Place = {
    member: given.user_id,
    name: given.user_name,
    channel: given.channel_id,
    responseUrl: given.response_url,
    triggerId: given.trigger_id,
  };
  return {
    key: `slack:${given.trigger_id}`,
    team: given.team_id,
    enterprise: given.enterprise_id,
    ask: { ...parseCommand(given.text, members), ...askedBy(place, members) },
    place,
  };
}

/** Undefined where the button is none of ours. */
export function readAction(body: unknown, members: Members): Inbound | undefined {
  const given = Action.parse(body);
  const [{ action_id, value }] = given.actions;
  const verb = INTENT.exec(action_id)?.[1];
  if (verb === undefined) return undefined;
  const carried = given.view ? carriedOf(given.view.private_metadata) : undefined;
  const channel = given.channel ?? carried?.channel;
  const { message_ts: ts, is_ephemeral } = given.container;
  const message =
    ts !== undefined && given.channel !== undefined && !is_ephemeral ? { channel: given.channel, ts } : undefined;
  const place: Place = {
    member: given.user.id,
    name: nameOf(given.user),
    channel,
    thread: given.message ? threadOf(given.message) : carried?.thread,
    responseUrl: given.response_url ?? carried?.responseUrl,
    triggerId: given.trigger_id,
    message,
  };
  const ask: Ask = {
    ...{ verb, args: [], text: "", ...askedBy(place, members) },
    ...(value === undefined ? {} : { value }),
    ...(message === undefined ? {} : { messageRef: message }),
  };
  return { key: `slack:${given.trigger_id}`, team: given.team, enterprise: given.enterprise, ask, place };
}

/** Slack gives a message with replies its own `ts` as `thread_ts`: it stands in the channel all the same, and is answered there. */
const threadOf = ({ ts, thread_ts: above }: NonNullable<z.infer<typeof Action>["message"]>) =>
  above === ts ? undefined : above;

/** Undefined where the form is none of ours. */
export function readSubmission(body: unknown, members: Members): Inbound | undefined {
  const { view, user, trigger_id: triggerId, team, enterprise } = Submission.parse(body);
  const verb = INTENT.exec(view.callback_id)?.[1];
  const carried = carriedOf(view.private_metadata);
  if (verb === undefined || carried === undefined) return undefined;
  const { context, message, ...where } = carried;
  const place: Place = { member: user.id, name: nameOf(user), ...where, message, triggerId };
  const ask: Ask = {
    ...{ verb, args: [], text: "", ...askedBy(place, members) },
    fields: fieldsOf(view.state.values),
    value: context,
    ...(message === undefined ? {} : { messageRef: message }),
  };
  return { key: `slack:${triggerId ?? `${view.id}:${view.hash}`}`, team, enterprise, ask, place };
}

const Anybody = z.object({
  trigger_id: Optional,
  team: WithId,
  team_id: Optional,
  enterprise: WithId,
  enterprise_id: Optional,
  user: z.object({ id: z.string() }).optional(),
  user_id: Optional,
  channel: WithId,
  channel_id: Optional,
  response_url: Optional,
  view: z.object({ id: z.string(), private_metadata: Optional }).nullish(),
});

/** Who acted and where an answer can go, of what nobody here can read otherwise; its ask asks for nothing. Undefined: nobody did. */
export function readUnknown(body: unknown, members: Members): Inbound | undefined {
  const { data } = Anybody.safeParse(body);
  const member = data?.user?.id ?? data?.user_id;
  if (!data || member === undefined) return undefined;
  const carried = carriedOf(data.view?.private_metadata ?? "");
  const place: Place = {
    member,
    channel: data.channel ?? data.channel_id ?? carried?.channel,
    thread: carried?.thread,
    responseUrl: data.response_url ?? carried?.responseUrl,
  };
  return {
    key: `slack:${data.trigger_id ?? data.view?.id ?? `${member}:${Date.now()}`}`,
    team: data.team ?? data.team_id,
    enterprise: data.enterprise ?? data.enterprise_id,
    ask: { ...{ verb: "help", args: [], text: "" }, ...askedBy(place, members) },
    place,
  };
}

/** What a form shall carry until it comes back. */
export function carry(context: string, place: Place): string {
  const { channel, thread, responseUrl, message } = place;
  return JSON.stringify({ context, channel, thread, responseUrl, message });
}

function carriedOf(metadata: string): z.infer<typeof Carried> | undefined {
  try {
    return Carried.safeParse(JSON.parse(metadata)).data;
  } catch {
    return undefined;
  }
}

function fieldsOf(values: z.infer<typeof Submission>["view"]["state"]["values"]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [id, elements] of Object.entries(values))
    for (const { value, selected_option, selected_options } of Object.values(elements)) {
      const given = value ?? selected_option ?? selected_options;
      if (given !== undefined) fields[id] = given;
    }
  return fields;
}

/** A member of our own team whom `people` does not list comes in as a guest. */
function askedBy({ member, name, channel }: Place, { personOf, confirm }: Members): Pick<Ask, "who" | "channel"> {
  const person = personOf(member);
  const proof: Proof = { door: "slack", strength: "account", confirm: () => confirm(member) };
  const who: Asker =
    person === undefined ? { kind: "guest", name: name ?? "somebody", proof } : { kind: "person", person, proof };
  return { who, ...(channel === undefined ? {} : { channel }) };
}
