import { randomUUID } from "node:crypto";
import type { World } from "../world/world.ts";
import { Arguments } from "./arguments.ts";
import { contentOf, keyOf, rewrite } from "./content.ts";
import { SlackError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { App } from "./spec.ts";
import type { Message, Workspace } from "./workspace.ts";

/** Documented: a response_url works five times within thirty minutes (machine time). */
const MOST_USES = 5;
const LIFE_MS = 30 * 60_000;

/** The interaction that a response belongs to. */
export interface Source {
  readonly app: App;
  readonly userId: string;
  readonly channelId: string;
  /** The message that was acted on, or the ephemeral. */
  readonly messageTs: string | undefined;
}

interface Issued {
  readonly source: Source;
  readonly expiresMs: number;
  uses: number;
}

/** Answers to interactions: given with the acknowledgement, or later through a `response_url`. */
export class Responses {
  readonly #world: World;
  readonly #workspace: Workspace;
  readonly #issued = new Map<string, Issued>();

  constructor(world: World, workspace: Workspace) {
    this.#world = world;
    this.#workspace = workspace;
  }

  /** The path of a new response_url. */
  issue(source: Source): string {
    const path = `/actions/${this.#workspace.spec.team.id}/${randomUUID()}`;
    this.#issued.set(path, { source, expiresMs: this.#workspace.now() + LIFE_MS, uses: 0 });
    return path;
  }

  /** Throws used_url and expired_url, or what is wrong with the message. */
  use(path: string, body: Json): void {
    const issued = this.#issued.get(path);
    if (!issued || this.#workspace.now() > issued.expiresMs) throw new SlackError("expired_url");
    if (issued.uses >= MOST_USES) throw new SlackError("used_url");
    issued.uses += 1;
    this.respond(issued.source, body);
  }

  /** New message by default, seen by the person alone; `in_channel`, `replace_original`, `delete_original` as documented. */
  respond(source: Source, body: Json): void {
    const args = new Arguments(body);
    if (args.flag("delete_original")) this.#removeOriginal(source);
    else if (args.flag("replace_original") && source.messageTs !== undefined)
      this.#replaceOriginal(source, contentOf(args, this.#workspace));
    else this.#postNew(source, args);
  }

  #postNew(source: Source, args: Arguments): void {
    const content = contentOf(args, this.#workspace);
    const { app, channelId: channel, userId: user } = source;
    const threadTs = args.optional("thread_ts");
    if (args.text("response_type") === "in_channel") {
      const metadata = content.metadata ?? undefined;
      const said = { ...content, metadata, channel, user: app.botUserId, appId: app.appId, threadTs };
      const message = this.#workspace.addMessage(said);
      this.#world.log.append("slack.message-posted", { ...this.#factsOf(message), user: app.botUserId, threadTs });
      return;
    }
    const { text, blocks } = content;
    const ephemeral = this.#workspace.addEphemeral({ channel, user, appId: app.appId, threadTs, text, blocks });
    this.#world.log.append("slack.ephemeral", { channel, user, ts: ephemeral.ts, text, app: app.appId });
  }

  #original(source: Source) {
    const ts = source.messageTs ?? "";
    const message = this.#workspace.message(source.channelId, ts);
    const ephemeral = this.#workspace.ephemerals.find((each) => each.ts === ts && each.user === source.userId);
    return { message, ephemeral };
  }

  #replaceOriginal(source: Source, content: ReturnType<typeof contentOf>): void {
    const { message, ephemeral } = this.#original(source);
    if (message) {
      rewrite(this.#workspace, message, content);
      this.#world.log.append("slack.message-updated", this.#factsOf(message));
    } else if (ephemeral) {
      ephemeral.text = content.text;
      ephemeral.blocks = content.blocks;
      const { channel, ts, user, text } = ephemeral;
      this.#world.log.append("slack.ephemeral", { channel, user, ts, text, app: source.app.appId, isReplaced: true });
    } else throw new SlackError("message_not_found");
  }

  #removeOriginal(source: Source): void {
    const { message, ephemeral } = this.#original(source);
    if (ephemeral) this.#workspace.removeEphemeral(ephemeral);
    else if (message) {
      const messages = this.#workspace.channels.get(message.channel)?.messages ?? [];
      messages.splice(messages.indexOf(message), 1);
      this.#world.log.append("slack.message-deleted", {
        channel: message.channel,
        ts: message.ts,
        key: keyOf(message),
      });
    } else throw new SlackError("message_not_found");
  }

  #factsOf(message: Message) {
    return { channel: message.channel, ts: message.ts, key: keyOf(message), text: message.text, app: message.appId };
  }
}
