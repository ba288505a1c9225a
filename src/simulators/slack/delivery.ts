import { randomUUID } from "node:crypto";
import type { World } from "../world/world.ts";
import { ACK_LIMIT_MS, type Ack, type AckError, type Envelope, type EnvelopeType } from "./envelope.ts";
import type { Json } from "./json.ts";
import { postSigned } from "./signed-http.ts";
import type { SocketMode } from "./socket-mode.ts";
import type { App } from "./spec.ts";
import type { MachineTimers } from "./timers.ts";
import type { Workspace } from "./workspace.ts";

const RETRY_REASONS: Readonly<Record<AckError, string>> = {
  operation_timeout: "http_timeout",
  dispatch_failed: "connection_failed",
  http_error: "http_error",
};

export interface DeliveryDeps {
  readonly world: World;
  readonly workspace: Workspace;
  readonly sockets: SocketMode;
  readonly timers: MachineTimers;
}

export interface NewEnvelope {
  readonly type: EnvelopeType;
  readonly payload: Json;
  readonly acceptsResponse: boolean;
}

/** Brings payloads to apps, over their sockets or as signed HTTP, and events again where they were not acknowledged. */
export class Delivery {
  readonly #world: World;
  readonly #workspace: Workspace;
  readonly #sockets: SocketMode;
  readonly #timers: MachineTimers;
  #duplicates = 0;

  constructor({ world, workspace, sockets, timers }: DeliveryDeps) {
    this.#world = world;
    this.#workspace = workspace;
    this.#sockets = sockets;
    this.#timers = timers;
  }

  /** The next `count` envelopes arrive twice, with the same envelope id and payload. */
  duplicateNext(count: number): void {
    this.#duplicates += count;
  }

  /** Commands and interactions come once: a person sees the failure and tries again. */
  deliver(app: App, { type, payload, acceptsResponse }: NewEnvelope): Promise<Ack> {
    return this.#send(app, { envelopeId: randomUUID(), type, payload, acceptsResponse });
  }

  /** Tells the subscribed apps that are in the event's channel; resolves when nothing is left to retry. */
  async announce(
    event: Json & { readonly type: string; readonly channel?: string },
    audience: (app: App) => boolean = () => true,
  ): Promise<void> {
    const channel = event.channel === undefined ? undefined : this.#workspace.channels.get(event.channel);
    const listeners = this.#workspace.spec.apps.filter(
      (app) =>
        app.events.some((type) => type === event.type) &&
        (!channel || channel.members.has(app.botUserId)) &&
        audience(app),
    );
    await Promise.all(listeners.map((app) => this.#announceTo(app, event)));
  }

  async #announceTo(app: App, event: Json): Promise<void> {
    const { team } = this.#workspace.spec;
    const eventTs = this.#workspace.newTs();
    const payload: Json = {
      token: "sim-verification-token",
      team_id: team.id,
      api_app_id: app.appId,
      type: "event_callback",
      event_id: this.#workspace.newId("Ev"),
      event_time: Math.floor(Number(eventTs)),
      event: { event_ts: eventTs, ...event },
      authorizations: [{ team_id: team.id, user_id: app.botUserId, is_bot: true, is_enterprise_install: false }],
      is_ext_shared_channel: false,
    };
    let retry: Envelope["retry"];
    for (const [attempt, delayMs] of [0, ...this.#workspace.spec.eventRetryDelaysMs].entries()) {
      await this.#timers.sleep(delayMs);
      const ack = await this.#send(app, {
        envelopeId: randomUUID(),
        type: "events_api",
        payload,
        acceptsResponse: false,
        ...(retry ? { retry } : {}),
      });
      this.#world.log.append("slack.event", {
        type: event["type"],
        app: app.appId,
        attempt,
        ok: ack.ok,
        ackMs: ack.ackMs,
      });
      if (ack.ok || ack.wantsNoRetry) return;
      retry = { attempt: attempt + 1, reason: RETRY_REASONS[ack.error] };
    }
  }

  #send(app: App, envelope: Envelope): Promise<Ack> {
    const first = this.#sendOnce(app, envelope);
    if (this.#duplicates > 0) {
      this.#duplicates -= 1;
      this.#world.log.append("slack.duplicate-delivered", { app: app.appId, type: envelope.type });
      // The copy's answer is of no interest: Slack takes the first acknowledgement.
      void this.#sendOnce(app, envelope);
    }
    return first;
  }

  #sendOnce(app: App, envelope: Envelope): Promise<Ack> {
    return app.requestUrl === undefined
      ? this.#sockets.send(app, envelope)
      : postSigned({ url: app.requestUrl, signingSecret: app.signingSecret, envelope, limitMs: ACK_LIMIT_MS });
  }
}
