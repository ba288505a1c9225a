import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Act } from "../../ports/databases.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Answers } from "./answers.ts";
import type { ActingClients } from "./clients.ts";
import type { IdentitySource } from "./credentials.ts";
import { Departure, type SendOptions } from "./departure.ts";
import type { FailureKind, VendorFailure } from "./errors.ts";
import { CallFailed, classify, mutationError, NotGiven, notKnown } from "./errors.ts";
import type { Reachability } from "./reachability.ts";
import { type Budget, NoTurn, type ReadPace, type Urgency } from "./read-pace.ts";

/** Who is asked, and for what: `doing` completes "Could not …". */
export interface Ask {
  readonly api: string;
  readonly region: Region;
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  /** A write hangs on this look: it does not wait for its turn. */
  readonly isForWrite?: true | undefined;
}

interface Call extends Ask {
  readonly nature: "read" | "write";
}

type Send<T> = (options: SendOptions) => Promise<T>;
/** A write leaves by the clients of the session that may make it, and by no others. */
type SendBy<T> = (clients: ActingClients, options: SendOptions) => Promise<T>;

/** What makes calls: credentials, and the clients that sign with them. */
export interface Hand {
  readonly identity: IdentitySource;
  readonly clients: ActingClients;
}

interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
}

const MOST_ATTEMPTS = 4;
/** Proofs that ran out before the call left; then nothing was sent, and the machine is too slow to act. */
const MOST_PROOFS = 5;
/**
 * Doubled with each attempt and drawn evenly below that (the SDK's own figures). A throttle's bucket fills in world time;
 * a broken connection is made anew in machine time.
 */
const BACK_OFF_MS = { throttled: 1_000, broken: 50 };
const TIMEOUTS = new Set(["ETIMEDOUT", "TimeoutError"]);

export interface CallerOptions {
  readonly clock: Pick<Clock, "now" | "speed">;
  /** Looks. */
  readonly looking: Pick<Hand, "identity">;
  /** Changes something. */
  readonly acting: Hand;
  readonly reachability: Reachability;
  readonly answers: Answers;
  readonly pace: ReadPace;
  /** Whose budget its reads take; absent: nobody knows its number. */
  readonly account: string | undefined;
  readonly urgency: Urgency;
  /** Asked right before every attempt of a mutation: without a proof of it none leaves. */
  readonly guard: Guard;
}

/** Makes the calls: at most four attempts, and of a mutation only attempts of which it is certain that they did nothing. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** The same way to AWS; mutations leave only on this guard's proof, and by this hand. */
  guardedBy(guard: Guard, acting: Hand): Caller {
    return new Caller({ ...this.#options, guard, acting });
  }

  /** The same, whose reads wait for their turn among those that are as urgent. */
  as(urgency: Urgency): Caller {
    return new Caller({ ...this.#options, urgency });
  }

  /** A fact of the port: what `look` found, as of before it looked, or why there is none. Throws the signal's reason. */
  async known<T>(look: () => Promise<T>): Promise<Known<T>> {
    const atMs = this.#options.clock.now();
    try {
      return { known: true, value: await look(), atMs };
    } catch (error) {
      if (error instanceof CallFailed) return notKnown(error, atMs);
      if (error instanceof NotGiven) return { known: false, why: error.message, cause: "failed", atMs };
      if (!(error instanceof z.ZodError)) throw error;
      return { known: false, why: `AWS's answer was not understood: ${z.prettifyError(error)}`, cause: "failed", atMs };
    }
  }

  /** A mutation of the port; `make` collects the request ids of its writes. Throws as `Databases` says. */
  async act<T>(make: (requestIds: string[]) => Promise<T>): Promise<T & Act> {
    const requestIds: string[] = [];
    try {
      const made = await make(requestIds);
      return { ...made, requestIds };
    } catch (error) {
      if (error instanceof CallFailed) throw mutationError(error, requestIds);
      if (!(error instanceof z.ZodError)) throw error;
      // Whether something was changed before the answer that nobody understands, the request ids tell.
      const Named = requestIds.length > 0 ? OutcomeUnknown : TransientError;
      const facts = { requestIds: requestIds.join(" ") };
      throw new Named("aws-answer", `AWS's answer was not understood: ${z.prettifyError(error)}`, { facts });
    }
  }

  /** Throws CallFailed or the signal's reason. An endpoint that lately gave no answer is not asked. */
  async read<T>(ask: Ask, send: Send<T>): Promise<T> {
    const silentMs = this.#options.reachability.silenceOf(endpointOf(ask));
    if (silentMs !== undefined) {
      const said = `${ask.api} has given no answer for ${Math.ceil(silentMs / 1_000)} s`;
      const failure = {
        kind: "unreachable",
        code: "silent",
        said,
        met: "no-connection",
        requestId: undefined,
      } as const;
      throw new CallFailed({ ...ask, nature: "read" }, failure);
    }
    return await this.#attempts({ ...ask, nature: "read" }, send);
  }

  /** The endpoint gave no answer when it was lately asked, and none since. */
  isSilent(of: Pick<Ask, "api" | "region">): boolean {
    return this.#options.reachability.isSilent(endpointOf(of));
  }

  /** Throws CallFailed, or the signal's reason before anything was sent. Always asks, whatever is remembered. */
  async write<T extends Answer>(ask: Ask, requestIds: string[], send: SendBy<T>): Promise<T> {
    ask.signal?.throwIfAborted();
    const { clients } = this.#options.acting;
    const output = await this.#attempts({ ...ask, nature: "write" }, (options) => send(clients, options), requestIds);
    if (output.$metadata.requestId !== undefined) requestIds.push(output.$metadata.requestId);
    return output;
  }

  async #attempts<T>(call: Call, send: Send<T>, requestIds: string[] = []): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#attempt(call, send);
      if ("output" in failure) return failure.output;
      if (failure.requestId !== undefined) requestIds.push(failure.requestId);
      if (attempt === MOST_ATTEMPTS || !mayRepeat(failure, call.nature)) throw new CallFailed(call, failure);
      await this.#backOff(failure, attempt, call.signal);
    }
  }

  /** Throws the signal's reason. A clock that is slower than the machine's slows nothing down here. */
  async #backOff({ kind }: VendorFailure, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const throttledMs = BACK_OFF_MS.throttled / Math.max(1, this.#options.clock.speed);
    const mostMs = (kind === "retryLater" ? throttledMs : BACK_OFF_MS.broken) * 2 ** (attempt - 1);
    await sleep(Math.random() * mostMs, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted());
  }

  /** Throws what the guard throws, or TransientError where no proof holds until the call can leave. */
  async #proven(ask: Ask): Promise<Departure> {
    const { guard } = this.#options;
    for (let proofs = 0; proofs < MOST_PROOFS; proofs++) {
      const proof = await guard.prove();
      if (proof.holds()) return new Departure(proof, ask.signal);
    }
    throw tooLate(ask);
  }

  #budgetOf(ask: Ask): Budget {
    const { pace, account = "" } = this.#options;
    return pace.of(`${account} ${endpointOf(ask)}`);
  }

  /** Undefined: it may leave. Throws the signal's reason. */
  async #itsTurn(budget: Budget, { isForWrite, signal }: Ask): Promise<VendorFailure | undefined> {
    try {
      await (isForWrite ? budget.spend() : budget.turn(this.#options.urgency, signal));
      return undefined;
    } catch (error) {
      if (!(error instanceof NoTurn)) throw error;
      return { kind: "retryLater", code: "no turn", said: error.message, met: "held-back", requestId: undefined };
    }
  }

  async #attempt<T>({ nature, ...ask }: Call, send: Send<T>): Promise<VendorFailure | { output: T }> {
    const { reachability, looking, acting, answers } = this.#options;
    try {
      // Asked for here, so that a silent STS is not taken for a silent region.
      await (nature === "read" ? looking : acting).identity();
    } catch (error) {
      if (error instanceof StepFailed) throw error;
      const failure = classify(error);
      return { ...failure, kind: NO_SESSION[failure.kind] ?? "retryLater", met: "not-asked" };
    }
    const budget = this.#budgetOf(ask);
    const noTurn = nature === "read" ? await this.#itsTurn(budget, ask) : undefined;
    if (noTurn) return noTurn;
    const departure = nature === "write" ? await this.#proven(ask) : undefined;
    ask.signal?.throwIfAborted();
    const abortSignal = departure ?? ask.signal;
    const answered = nature === "read" ? answers.begin(ask.region, send) : undefined;
    try {
      const output = await send({ ...(abortSignal && { abortSignal }) });
      answered?.(undefined);
      reachability.answered(endpointOf(ask));
      return { output };
    } catch (error) {
      if (departure?.missed) throw tooLate(ask);
      // A write that was under way may have happened; a read is simply given up.
      if (nature === "read") ask.signal?.throwIfAborted();
      const failure = classify(error);
      answered?.(failure);
      if (failure.isThrottle) budget.throttled();
      if (failure.met === "answer") reachability.answered(endpointOf(ask));
      // A lost answer to a write must be looked into at once, so only reads make an endpoint silent.
      else if (nature === "read") reachability.silent(endpointOf(ask));
      return failure;
    }
  }
}

/** What STS has refused, and would refuse again. */
const NO_SESSION: Partial<Record<FailureKind, FailureKind>> = { auth: "auth", refused: "auth" };

/** Certain: nothing was sent. */
function tooLate({ doing }: Ask): TransientError {
  return new TransientError("proof-ran-out", `Did not ${doing}: the proof that this run is still ours ran out first`);
}

const endpointOf = ({ api, region }: Pick<Ask, "api" | "region">): string => `${api} ${region}`;

/** Never a mutation that may have happened. A timeout has cost enough time already. */
function mayRepeat({ kind, code, met }: VendorFailure, nature: "read" | "write"): boolean {
  if (met === "not-asked" || met === "held-back") return false;
  if (kind === "retryLater") return true;
  if (TIMEOUTS.has(code)) return false;
  return kind === "unreachable" || (kind === "ambiguous" && nature === "read");
}
