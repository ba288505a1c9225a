import type { World } from "../world/world.ts";
import type { Arguments } from "./arguments.ts";
import type { Json } from "./json.ts";
import type { Tier } from "./rate-limits.ts";
import type { App } from "./spec.ts";
import type { Triggers } from "./triggers.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

/** What a method may use. Everything in it takes effect at once: a call that got this far has happened. */
export interface MethodContext {
  readonly world: World;
  readonly workspace: Workspace;
  readonly views: Views;
  readonly triggers: Triggers;
  /** A socket address with a ticket that lets the app in once. */
  readonly socketUrl: (app: App) => string;
  /** Sends an event to the apps that subscribed to it and are in its channel. */
  readonly announce: (event: Json & { readonly type: string; readonly channel?: string }) => void;
}

export interface Call extends MethodContext {
  readonly app: App;
  readonly args: Arguments;
}

export interface Method {
  readonly tier: Tier;
  /** Absent: the bot token. */
  readonly token?: "app";
  /** Any one of them is enough; empty means that every bot token may. */
  readonly scopes: readonly string[];
  /** In place of `scopes` where the channel is private. */
  readonly privateScopes?: readonly string[];
  /** Arguments that must be there, with the error that Slack answers where they are not. */
  readonly required?: Readonly<Record<string, string>>;
  /** The members of the answer beside `ok`. Throws SlackError. */
  readonly handle: (call: Call) => Json;
}

export type Methods = Readonly<Record<string, Method>>;
