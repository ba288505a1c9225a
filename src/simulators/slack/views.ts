import { createHash } from "node:crypto";
import { checkedView } from "./block-kit.ts";
import { SlackError } from "./errors.ts";
import { isJson, type Json, textOf } from "./json.ts";
import type { App } from "./spec.ts";
import { botIdOf, type Workspace } from "./workspace.ts";

/** Documented: up to three views lie on each other. */
const STACK_HEIGHT = 3;

export interface View {
  readonly id: string;
  readonly app: App;
  readonly userId: string;
  readonly type: "modal" | "home";
  readonly rootId: string;
  readonly previousId: string | undefined;
  content: Json;
  hash: string;
  /** What the last submission was refused with, by block id; the person sees it beside the inputs. */
  errors: Readonly<Record<string, string>>;
}

export interface NewView {
  readonly given: unknown;
  readonly type: View["type"];
  readonly below: View | undefined;
}

/** Modals on people's screens, one stack per person, and each app's Home tab. */
export class Views {
  readonly #workspace: Workspace;
  readonly #stacks = new Map<string, View[]>();
  readonly #homes = new Map<string, View>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** A new modal replaces what the person had open. */
  open(app: App, userId: string, content: unknown): View {
    const view = this.#make(app, userId, { given: content, type: "modal", below: undefined });
    this.#stacks.set(userId, [view]);
    return view;
  }

  /** Throws push_limit_reached, or not_found where nothing is open to push on. */
  push(app: App, userId: string, content: unknown): View {
    const stack = this.#stacks.get(userId) ?? [];
    const top = stack.at(-1);
    if (!top || top.app.appId !== app.appId) throw new SlackError("not_found");
    if (stack.length >= STACK_HEIGHT) throw new SlackError("push_limit_reached");
    const view = this.#make(app, userId, { given: content, type: "modal", below: top });
    stack.push(view);
    return view;
  }

  /** Throws not_found, hash_conflict and whatever is wrong with the view. */
  update(view: View, content: unknown, hash: string | undefined): View {
    if (hash !== undefined && hash !== view.hash) throw new SlackError("hash_conflict");
    view.content = this.#checked(content, view.type, view);
    view.hash = this.#hash(view.content);
    view.errors = {};
    return view;
  }

  publish(
    app: App,
    userId: string,
    { content, hash }: { readonly content: unknown; readonly hash: string | undefined },
  ): View {
    const key = `${app.appId} ${userId}`;
    const home = this.#homes.get(key);
    if (home) return this.update(home, content, hash);
    const view = this.#make(app, userId, { given: content, type: "home", below: undefined });
    this.#homes.set(key, view);
    return view;
  }

  /** An app's open view or Home by id or external id. Throws not_found. */
  find(app: App, ids: { id: string; externalId: string }): View {
    const own = [...[...this.#stacks.values()].flat(), ...this.#homes.values()].filter(
      (view) => view.app.appId === app.appId,
    );
    const found = own.find(
      (view) => view.id === ids.id || (ids.externalId !== "" && view.content["external_id"] === ids.externalId),
    );
    if (!found) throw new SlackError("not_found");
    return found;
  }

  /** What the person has on screen, lowest first. */
  stack(userId: string): readonly View[] {
    return this.#stacks.get(userId) ?? [];
  }

  home(app: App, userId: string): View | undefined {
    return this.#homes.get(`${app.appId} ${userId}`);
  }

  homes(userId: string): View[] {
    return [...this.#homes.values()].filter((view) => view.userId === userId);
  }

  /** Closes this view and those above it; the one below shows again. */
  close(view: View): void {
    const stack = this.#stacks.get(view.userId) ?? [];
    const index = stack.indexOf(view);
    if (index >= 0) stack.splice(index);
  }

  clear(userId: string): void {
    this.#stacks.delete(userId);
  }

  reset(): void {
    this.#stacks.clear();
    this.#homes.clear();
  }

  json(view: View): Json {
    return {
      id: view.id,
      team_id: this.#workspace.spec.team.id,
      ...defaults,
      ...view.content,
      state: isJson(view.content["state"]) ? view.content["state"] : { values: {} },
      hash: view.hash,
      root_view_id: view.rootId,
      previous_view_id: view.previousId ?? null,
      app_id: view.app.appId,
      bot_id: botIdOf(view.app),
      app_installed_team_id: this.#workspace.spec.team.id,
    };
  }

  #make(app: App, userId: string, { given, type, below }: NewView): View {
    const content = this.#checked(given, type, undefined);
    const id = this.#workspace.newId("V");
    const hash = this.#hash(content);
    return { id, app, userId, type, rootId: below?.rootId ?? id, previousId: below?.id, content, hash, errors: {} };
  }

  #checked(given: unknown, type: View["type"], updated: View | undefined): Json {
    const content = checkedView(given, type, () => this.#workspace.newId("").slice(0, 5));
    const externalId = textOf(content["external_id"]);
    const open = [...[...this.#stacks.values()].flat(), ...this.#homes.values()];
    if (externalId !== "" && open.some((view) => view !== updated && view.content["external_id"] === externalId))
      throw new SlackError("duplicate_external_id");
    return content;
  }

  /** Starts with the time and changes with every update, like Slack's. */
  #hash(content: Json): string {
    const ts = this.#workspace.newTs();
    return `${ts.split(".")[0]}.${createHash("sha256").update(ts).update(JSON.stringify(content)).digest("hex").slice(0, 8)}`;
  }
}

const defaults = {
  close: null,
  submit: null,
  private_metadata: "",
  callback_id: "",
  external_id: "",
  clear_on_close: false,
  notify_on_close: false,
} as const;
