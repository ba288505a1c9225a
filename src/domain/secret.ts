import { inspect } from "node:util";

/** Where the value of a secret comes from that may change while the process runs. */
export interface SecretSource {
  readonly present: () => string;
  /** The present value, then those that it replaced a short while ago. */
  readonly accepted: () => readonly string[];
  /** Reads it again, at once. */
  readonly lookAgain: () => void;
}

/**
 * A value that cannot be printed: string conversion, JSON and inspection all say [secret]. Ask `reveal()` at each use and keep what
 * it says nowhere: the value may change while the process runs.
 */
export class Secret {
  readonly #source: SecretSource;

  constructor(value: string | SecretSource) {
    this.#source = typeof value === "string" ? fixed(value) : value;
  }

  /** The value of this moment: for what is sent. */
  reveal(): string {
    return this.#source.present();
  }

  /** For what is checked, and for what was refused: the present value first, then those that it replaced a short while ago. */
  accepted(): readonly string[] {
    return this.#source.accepted();
  }

  /** What stands in a file is read again. */
  lookAgain(): void {
    this.#source.lookAgain();
  }

  /** The same without the values that it replaced: for proofs, which ask whether the present one is right. */
  alone(): Secret {
    const { present, lookAgain } = this.#source;
    return new Secret({ present, accepted: () => [present()], lookAgain });
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

const fixed = (value: string): SecretSource => ({
  present: () => value,
  accepted: () => [value],
  lookAgain: () => undefined,
});

/** Node repeats the value of a header that it cannot send, which is a token. */
export const withoutHeaders = (text: string): string =>
  text.replace(/"[\s\S]*" is an invalid header value/g, "a header cannot be sent");

/**
 * Asks with the present value. Where the vendor refuses it, its file is read again, and what it replaced a short while ago is tried too:
 * nobody changes a secret at both ends in one moment. Resolves to the first answer that is no refusal, else to the first refusal.
 * A refusal must mean that nothing was done.
 */
export async function askWith<Answer>(
  secret: Secret,
  ask: (value: string) => Promise<Answer>,
  isRefused: (answer: Answer) => boolean,
): Promise<Answer> {
  const tried = new Set<string>();
  let refusal: { readonly answer: Answer } | undefined;
  for (;;) {
    const value = secret.accepted().find((each) => !tried.has(each));
    if (value === undefined && refusal !== undefined) return refusal.answer;
    const answer = await ask(value ?? secret.reveal());
    if (!isRefused(answer)) return answer;
    refusal ??= { answer };
    tried.add(value ?? secret.reveal());
    secret.lookAgain();
  }
}
