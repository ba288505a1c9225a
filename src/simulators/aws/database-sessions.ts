import type { World } from "../world/world.ts";
import type { Instance } from "./database-instance.ts";
import type { Peer } from "./security-rules.ts";
import type { DatabaseRef, DatabaseSession, OpenSession, SessionOwner } from "./service.ts";

type Restarting = Pick<Instance, "region" | "identifier" | "downtimes">;

/** The sessions that the engines have open. One ends with its client, when somebody ends it, or with a restart of the engine. */
export class OpenSessions {
  readonly #clock: Pick<World["clock"], "now">;
  readonly #open = new Map<number, OpenSession>();
  #last = 1_000;

  constructor(clock: Pick<World["clock"], "now">) {
    this.#clock = clock;
  }

  open(ref: DatabaseRef, from: Peer | undefined, owner: SessionOwner): OpenSession {
    this.#forgetWhatIsOver();
    this.#last += 1;
    const session = { id: this.#last, ref, openedMs: this.#clock.now(), from: from?.address ?? "", ...owner };
    this.#open.set(session.id, session);
    return session;
  }

  end({ id }: Pick<DatabaseSession, "id">): void {
    const session = this.#open.get(id);
    this.#open.delete(id);
    session?.onEnded?.();
  }

  on(instance: Restarting): OpenSession[] {
    this.#forgetWhatIsOver();
    return [...this.#open.values()].filter(
      (session) =>
        session.ref.region === instance.region &&
        session.ref.instance === instance.identifier &&
        (session.isSignedIn?.() ?? true) &&
        this.isOpen(session, instance),
    );
  }

  isOpen({ id, openedMs }: DatabaseSession, { downtimes }: Restarting): boolean {
    const nowMs = this.#clock.now();
    return this.#open.has(id) && !downtimes.some(({ fromMs }) => openedMs <= fromMs && fromMs <= nowMs);
  }

  #forgetWhatIsOver(): void {
    const nowMs = this.#clock.now();
    for (const { id, untilMs } of this.#open.values())
      if (untilMs !== undefined && untilMs < nowMs) this.#open.delete(id);
  }
}
