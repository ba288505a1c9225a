import { SlackError } from "./errors.ts";
import type { App } from "./spec.ts";
import type { Workspace } from "./workspace.ts";

/** Documented: a trigger opens one view within three seconds. Machine time. */
const TRIGGER_LIFE_MS = 3_000;

export interface Trigger {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly expiresMs: number;
  /** True where the interaction came out of a modal, so that a view may be pushed on it. */
  readonly isFromModal: boolean;
  isUsed: boolean;
}

export class Triggers {
  readonly #workspace: Workspace;
  readonly #issued = new Map<string, Trigger>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  issue(app: App, userId: string, isFromModal = false): string {
    const id = `${Math.floor(this.#workspace.now())}.${this.#workspace.newId("").toLowerCase()}.${this.#workspace.newId("").toLowerCase()}`;
    const expiresMs = this.#workspace.now() + TRIGGER_LIFE_MS;
    this.#issued.set(id, { id, appId: app.appId, userId, expiresMs, isFromModal, isUsed: false });
    return id;
  }

  /** Takes the trigger. Throws invalid_trigger_id, exchanged_trigger_id, expired_trigger_id. */
  exchange(app: App, id: string): Trigger {
    const trigger = this.#issued.get(id);
    if (!trigger || trigger.appId !== app.appId) throw new SlackError("invalid_trigger_id");
    if (trigger.isUsed) throw new SlackError("exchanged_trigger_id");
    if (this.#workspace.now() > trigger.expiresMs) throw new SlackError("expired_trigger_id");
    trigger.isUsed = true;
    return trigger;
  }
}
