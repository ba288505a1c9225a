/**
 * Errors are named for what happens next. `code` is stable; `facts` survive serialisation into the journal.
 * The message says what was attempted and what went wrong; it never repeats its cause.
 */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

abstract class TwoKeyError extends Error {
  readonly code: string;
  readonly facts: Facts;

  constructor(code: string, message: string, options: { facts?: Facts; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** Thrown by TwoKey itself: whatever words it has, no library said them. */
export const isOurs = (error: unknown): boolean => error instanceof TwoKeyError;

/** Fact of an error by which an adapter says that the vendor takes no such call now, whatever it is about. */
const REFUSES = "vendorRefuses";
export const VENDOR_REFUSES: Facts = { [REFUSES]: true };

/** Nothing is wrong with what was asked: the vendor is busy, broken or silent, and may be so for hours. */
export const isVendorsRefusal = (error: TransientError | OutcomeUnknown): boolean => error.facts[REFUSES] === true;

/** Tell the person: they can do something about it. Changes nothing. */
export class UserError extends TwoKeyError {
  override readonly name: string = "UserError";
}

/** Something stored cannot be read by this version. It is put aside and left as it is; its neighbours go on. */
export class Unreadable extends UserError {
  override readonly name = "Unreadable";
}

/** Try again later: nothing is known to have happened. */
export class TransientError extends TwoKeyError {
  override readonly name = "TransientError";
}

/** It may or may not have happened: look at the world before asking again. */
export class OutcomeUnknown extends TwoKeyError {
  override readonly name = "OutcomeUnknown";
}

/** A step cannot succeed: unwind before the point of no return, stop and ask after it. */
export class StepFailed extends TwoKeyError {
  override readonly name = "StepFailed";
}

/** Nothing may leave on what people signed: the run waits for them. */
export class NotAuthorised extends TwoKeyError {
  override readonly name = "NotAuthorised";
}

/** Another executor holds the run, or the run moved on: end without touching anything. */
export class Superseded extends TwoKeyError {
  override readonly name = "Superseded";
}

/** An invariant broke: stop and page. */
export class Bug extends TwoKeyError {
  override readonly name = "Bug";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The whole chain of causes in one line, for the one place that logs it. */
export function chainOf(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current !== undefined && parts.length < 8; ) {
    parts.push(messageOf(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(" ← ");
}
