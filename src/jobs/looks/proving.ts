import { setMaxListeners } from "node:events";
import { messageOf } from "../../domain/errors.ts";
import { degradedIn, type Standing, standingAfter } from "../../domain/proof.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Proof } from "../../ports/proof.ts";
import { proveOne } from "./prove.ts";

/** World time between two looks at what holds, and at what does not. */
const EVERY_MS = 3_600_000;
const AGAIN_EVERY_MS = 60_000;
/** Machine time between two looks, however fast the clock runs: the vendors' limits count in machine time. */
const AT_LEAST_MS = 5_000;
/** Machine time between two looks at what is due. */
const TURN_MS = 1_000;

export interface ProvingDeps {
  /** As they are at this moment: the file may change. */
  readonly proofs: () => readonly Proof[];
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  /** Called after each turn in which something stands otherwise; what it throws is logged. */
  tell(standings: readonly Told[]): Promise<void>;
  /** Machine times; absent: as above. */
  readonly turnEveryMs?: number;
  readonly atLeastMs?: number;
}

/** A standing, whether somebody else tells people of it, and whether somebody is woken for it. */
export interface Told extends Standing {
  readonly isToldElsewhere: boolean;
  readonly wakes?: boolean;
}

interface Kept {
  readonly standing: Standing;
  readonly lookedAt: { readonly worldMs: number; readonly machineMs: number };
}

/**
 * Proves everything at once, then what holds every hour and what does not every minute. Nothing waits for it: alerts are taken in
 * and pages leave meanwhile. A proof under way is never begun a second time.
 */
export class Proving {
  readonly #deps: ProvingDeps;
  readonly #kept = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #startedAtMs: number;
  #listed: readonly Proof[] = [];
  #isFirstRoundOver = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #ending = new AbortController();

  constructor(deps: ProvingDeps) {
    this.#deps = deps;
    // Every proof that is under way listens.
    setMaxListeners(0, this.#ending.signal);
    this.#startedAtMs = deps.clock.now();
  }

  /** Everything that is to be proven, also what nobody has looked at yet. */
  readonly standings = (): readonly Told[] =>
    this.#proofs().map((proof) => toldOf(proof, this.#kept.get(proof.id)?.standing, this.#startedAtMs));

  /** Looks at these once more, now. Resolves when each has been looked at. */
  async again(ids: readonly string[]): Promise<void> {
    await Promise.all(this.#proofs().flatMap((proof) => (ids.includes(proof.id) ? [this.#prove(proof)] : [])));
  }

  /** Looks at everything once more, now: also at what is being looked at, since that began with what was there before. */
  async afresh(): Promise<void> {
    await Promise.all(
      this.#proofs().map(async (proof) => {
        await this.#underWay.get(proof.id);
        await this.#prove(proof);
      }),
    );
  }

  /** Begins to look. */
  start(): void {
    this.#timer = setInterval(() => this.#turn(), this.#deps.turnEveryMs ?? TURN_MS);
    this.#turn();
  }

  stop(): void {
    this.#ending.abort();
    clearInterval(this.#timer);
  }

  /** Readiness asks for this too: a list that cannot be made takes no pager away. */
  #proofs(): readonly Proof[] {
    try {
      this.#listed = this.#deps.proofs();
    } catch (error) {
      this.#deps.logger.error({ why: messageOf(error) }, "What is to be proven could not be listed");
    }
    return this.#listed;
  }

  #turn(): void {
    const { logger, tell } = this.#deps;
    for (const proof of this.#proofs()) {
      if (!this.#underWay.has(proof.id) && isDue(this.#kept.get(proof.id), proof, this.#deps)) void this.#prove(proof);
    }
    // Every turn, since what could not be told is told at the next one.
    if (this.#kept.size === 0) return;
    const standings = this.standings();
    this.#noteFirstRound(standings);
    tell(standings).catch((error: unknown) =>
      logger.warn({ why: messageOf(error) }, "Nobody could be told what is not proven"),
    );
  }

  /** A start says once how all of it stands, so that nobody takes "ready" for "fine". */
  #noteFirstRound(standings: readonly Told[]): void {
    if (this.#isFirstRoundOver || standings.some(({ proven }) => proven.kind === "pending")) return;
    this.#isFirstRoundOver = true;
    const { logger } = this.#deps;
    const degraded = degradedIn(standings).map(({ id }) => id);
    if (degraded.length === 0) logger.info({ proofs: standings.length }, "Everything that TwoKey stands on is proven");
    else logger.warn({ degraded }, "TwoKey works, but not everything that it stands on is proven");
  }

  #prove(proof: Proof): Promise<void> {
    const looking = this.#underWay.get(proof.id) ?? this.#look(proof).finally(() => this.#underWay.delete(proof.id));
    this.#underWay.set(proof.id, looking);
    return looking;
  }

  async #look(proof: Proof): Promise<void> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#ending;
    const proven = await proveOne(proof, { signal });
    if (signal.aborted) return;
    const before = this.#kept.get(proof.id)?.standing;
    const standing = standingAfter(proof, before, { proven, atMs: clock.now() });
    this.#kept.set(proof.id, { standing, lookedAt: { worldMs: clock.now(), machineMs: Date.now() } });
    if (standing.sinceMs !== before?.sinceMs) note(standing, before, logger);
  }
}

function isDue(last: Kept | undefined, { everyMs = EVERY_MS }: Proof, deps: ProvingDeps): boolean {
  if (!last) return true;
  const { standing, lookedAt } = last;
  if (Date.now() - lookedAt.machineMs < (deps.atLeastMs ?? AT_LEAST_MS)) return false;
  const holds = standing.proven.kind === "ok" || standing.proven.kind === "unprovable";
  return deps.clock.now() - lookedAt.worldMs >= (holds ? everyMs : Math.min(everyMs, AGAIN_EVERY_MS));
}

function toldOf(proof: Proof, kept: Standing | undefined, startedAtMs: number): Told {
  const { id, proves, critical, neededBy, service, isToldElsewhere = false, wakes = false } = proof;
  const fresh = {
    ...({ proven: { kind: "pending" }, sinceMs: startedAtMs } as const),
    ...{ answeredAtMs: undefined, isSilent: false },
  };
  return { ...(kept ?? fresh), ...{ id, proves, critical, neededBy, service, isToldElsewhere, wakes } };
}

function note({ id, proven }: Standing, before: Standing | undefined, logger: Logger): void {
  if (proven.kind === "wrong") {
    logger.error({ proof: id, what: proven.what, instead: proven.instead }, "Something that TwoKey stands on is wrong");
  } else if (proven.kind === "unknown") {
    logger.warn({ proof: id, why: proven.why }, "Something that TwoKey stands on could not be proven");
  } else if (before !== undefined) {
    logger.info({ proof: id }, "Something that TwoKey stands on is proven again");
  }
}
