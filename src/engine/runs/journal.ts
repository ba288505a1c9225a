import { Bug, NotAuthorised, Superseded, TransientError } from "../../domain/errors.ts";
import type { Event } from "../../domain/event.ts";
import { authorityOf, FENCE_PROOF_OLD, type FenceShown } from "../../domain/plan-run/authority.ts";
import { hasLetGo, isLetGo, lettingGo, restsOnSilence } from "../../domain/plan-run/cut-off.ts";
import { isGuarded, isWatched, wasShownFenced } from "../../domain/plan-run/fence.ts";
import type { Freeze } from "../../domain/plan-run/freeze.ts";
import { isOver, type RunState } from "../../domain/plan-run/run.ts";
import type { Authorised, RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Guard, Proof } from "../../ports/guard.ts";
import type { CutOffForMs } from "../../ports/reach.ts";
import type { Appended, Ledger, Runs } from "../../ports/runs.ts";

export interface JournalDeps {
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The freeze in force, read anew. */
  readonly frozen: () => Promise<Freeze | undefined>;
  /** Absent: nobody can tell. */
  readonly cutOffForMs?: CutOffForMs;
}

/** Extra facts of an entry's event beyond what the entry itself says. */
export interface Told {
  readonly says: string;
  readonly requestIds?: readonly string[];
}

export interface Entered {
  readonly entry: RunEntry;
  readonly told: Told;
  /** Somebody did not answer, and it is said all the same, as people accepted. */
  readonly onSilence?: boolean | undefined;
  /** What else changes in the same atomic step: the claim on the service, the end of the run. */
  readonly change?: Partial<Appended>;
}

/** Machine time for which a look at the journal proves that the run is ours: who stood still keeps its job for LOCK_MS / 2 (`jobs/workers.ts`). */
const PROOF_COUNTS_FOR_MS = 500;

export const STORE_LOST = "store-lost";

type Make = (run: RunState) => Entered | undefined;

/** Entries that stand before a call that may change the cloud. */
type Intent = Extract<RunEntry, { kind: "intent" | "undo-intent" | "watch-intent" }>;
type MakeIntent = (run: RunState) => (Entered & { readonly entry: Intent }) | undefined;

export interface Taking {
  readonly worker: string;
  readonly doing?: string | undefined;
}

/**
 * One executor's hold on one run. Invariants:
 *  J3 every write carries this hold's epoch, and is refused once a newer epoch is in the journal
 *  J6 a mutating call leaves only on a proof, PROOF_COUNTS_FOR_MS old at most, that no newer epoch is in the journal and
 *     that what people signed still authorises it (G18, `domain/plan-run/authority.ts`)
 *  J2 `intend` returns only when the intent is in the store and, fsynced, in the ledger outside it
 */
export class RunHold implements Guard {
  readonly #deps: JournalDeps;
  readonly epoch: number;
  #run: RunState;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(deps: JournalDeps, run: RunState) {
    this.#deps = deps;
    this.#run = run;
    this.epoch = run.epoch;
  }

  /** Takes the run over from whoever held it; undefined when there is nothing left to hold. `doing` completes "TwoKey …". */
  static async take(
    deps: JournalDeps,
    id: string,
    { worker, doing = "performs the run" }: Taking,
  ): Promise<RunHold | undefined> {
    for (;;) {
      const run = await deps.runs.read(id);
      if (!run || run.state === "waiting-for-keys") return undefined;
      if (isOver(run) && !isWatched(run) && !isGuarded(run)) return undefined;
      const wrong = await deps.ledger.disagreement();
      if (wrong !== undefined) throw new Bug(STORE_LOST, wrong);
      const epoch = Math.max(run.epoch, deps.ledger.highestEpoch()) + 1;
      const entry: RunEntry = { kind: "claimed", atMs: deps.clock.now(), epoch, worker };
      // Which process it is stands in the entry; people only need to know that one went away.
      const says = run.epoch === 0 ? `TwoKey ${doing}` : `Another TwoKey process ${doing} now`;
      const answer = await deps.runs.append(run, {
        entries: [entry],
        events: [eventOf(run, entry, { says })],
      });
      if (answer.kind === "appended") return new RunHold(deps, answer.run);
    }
  }

  get run(): RunState {
    return this.#run;
  }

  /** Reads what others wrote (decisions); throws Superseded when another executor has taken over. */
  async refresh(): Promise<RunState> {
    const run = await this.#deps.runs.read(this.#run.plan.id);
    if (!run) throw new Superseded("run-gone", "The run is not in the store any more");
    this.#refuseSuperseded(run);
    this.#run = run;
    return run;
  }

  #refuseSuperseded(run: RunState): void {
    if (run.epoch === this.epoch) return;
    if (isLetGo(run)) throw hasLetGo();
    throw new Superseded("run-taken-over", `Epoch ${run.epoch} has taken over from epoch ${this.epoch}`);
  }

  /** The guard of a call that has no way back: it leaves only on a young proof that the old side is fenced, where it was fenced (X5). */
  forCommit(fenced: () => FenceShown): Guard {
    return { prove: () => this.#prove(fenced) };
  }

  /** The one question of authority, on the journal as it stands. Throws NotAuthorised, Superseded, and Bug for a lost store. */
  async #authorised(fenced?: () => FenceShown): Promise<Authorised> {
    const { clock, ledger, frozen } = this.#deps;
    const [wrong, run, freeze] = await Promise.all([ledger.disagreement(), this.refresh(), frozen()]);
    if (wrong !== undefined) throw new Bug(STORE_LOST, wrong);
    const answer = authorityOf({
      ...{ run, freeze, nowMs: clock.now() },
      ...(fenced && wasShownFenced(run) && { fenced: fenced() }),
    });
    if (!answer.may && answer.code === FENCE_PROOF_OLD) throw new TransientError(answer.code, answer.why);
    if (!answer.may) throw new NotAuthorised(answer.code, answer.why);
    return { keys: [...answer.keys], untilMs: answer.untilMs };
  }

  /** J6. Counted from before the journal was asked: the answer may have been on its way for any time. */
  prove(): Promise<Proof> {
    return this.#prove();
  }

  async #prove(fenced?: () => FenceShown): Promise<Proof> {
    // The monotonic clock stands still with a machine that is suspended; the wall clock may be set. Either may end a proof.
    const [monotonicMs, wallMs] = [performance.now(), Date.now()];
    await this.#authorised(fenced);
    return {
      holds: () => performance.now() - monotonicMs < PROOF_COUNTS_FOR_MS && Date.now() - wallMs < PROOF_COUNTS_FOR_MS,
    };
  }

  /**
   * Appends what `make` says for the newest state, undefined where there is nothing to write; again if somebody else wrote in between.
   * Resolves to what was written. Who is cut off lets go of the run instead (0089).
   */
  append(make: Make): Promise<Entered | undefined> {
    const next = this.#writing.then(() => this.#append(make));
    this.#writing = next.catch(() => undefined);
    return next;
  }

  async #append(make: Make): Promise<Entered | undefined> {
    const written = await this.#write(make);
    if (written?.entry.kind !== "cut-off") return written;
    throw hasLetGo(await this.note(written).catch((error: unknown) => error));
  }

  async #write(make: Make): Promise<Entered | undefined> {
    for (;;) {
      this.#refuseSuperseded(this.#run);
      const made = await this.#unlessCutOff(make(this.#run));
      if (!made) return undefined;
      const events = [eventOf(this.#run, made.entry, made.told)];
      const answer = await this.#deps.runs.append(this.#run, { entries: [made.entry], events, ...made.change });
      if (answer.kind === "appended") {
        this.#run = answer.run;
        return made;
      }
      if (answer.kind !== "conflict") throw new Bug("journal-claim", `The run lost its service: ${answer.kind}`);
      await this.refresh();
    }
  }

  async #unlessCutOff(made: Entered | undefined): Promise<Entered | undefined> {
    const { clock, cutOffForMs } = this.#deps;
    const isUnseen = made && (made.onSilence || restsOnSilence(this.#run, made.entry));
    const forMs = isUnseen ? await cutOffForMs?.("now") : undefined;
    if (!made || forMs === undefined) return made;
    return lettingGo(this.#run, { atMs: clock.now(), epoch: this.epoch, speed: clock.speed, forMs });
  }

  /**
   * Records an intent everywhere it has to stand, with what the question of authority answered, then looks once
   * more whether another worker has the run: the cloud will not check that for us. Throws NotAuthorised before anything is written.
   */
  async intend(make: MakeIntent): Promise<Entered | undefined> {
    const authorised = await this.#authorised();
    const entered = await this.append((run) => {
      const made = make(run);
      return made && { ...made, entry: { ...made.entry, authorised } };
    });
    if (!entered) return undefined;
    await this.note(entered);
    await this.refresh();
    return entered;
  }

  /** The same act in the ledger outside the store. */
  async note({ entry, told }: Entered): Promise<void> {
    const step = "step" in entry ? { step: entry.step } : {};
    const requestIds = told.requestIds ? { requestIds: told.requestIds } : {};
    const captured = "captured" in entry && entry.captured !== undefined ? { captured: entry.captured } : {};
    const { plan, length, seal, untilMs, lost } = this.#run;
    await this.#deps.ledger.append({
      atMs: entry.atMs,
      run: plan.id,
      service: plan.service,
      epoch: this.epoch,
      kind: entry.kind,
      says: told.says,
      ...step,
      ...requestIds,
      ...captured,
      ...(lost === undefined && { journal: { length, seal, untilMs } }),
    });
  }
}

/** Nothing may be written about it any more, neither that it failed: the drive ends, and somebody else goes on. */
export function endsTheDrive(error: unknown): boolean {
  return error instanceof Superseded || (error instanceof Bug && error.code === STORE_LOST);
}

export function eventOf(run: RunState, entry: RunEntry, told: Told): Event {
  return {
    kind: `run.${entry.kind}`,
    atMs: entry.atMs,
    run: run.plan.id,
    service: run.plan.service,
    ...(run.plan.incident === undefined ? {} : { incident: run.plan.incident }),
    ...("by" in entry && entry.by !== undefined ? { by: entry.by } : {}),
    door: "door" in entry ? entry.door : "engine",
    says: told.says,
    facts: {
      ...("step" in entry ? { step: entry.step } : {}),
      ...("epoch" in entry ? { epoch: entry.epoch } : {}),
      ...(told.requestIds ? { requestIds: [...told.requestIds] } : {}),
    },
  };
}
