import { inspect } from "node:util";

/** Where the value of a secret comes from that may change while the process runs. */
export interface SecretSource {
  readonly present: () => string;
  /** The present value, then those that it replaced a short while ago. */
  readonly accepted: () => readonly string[];
  /** What to send, best first: the present value and, until that was taken once, the one that was taken last, however long ago. */
  readonly toSend: () => readonly string[];
  /** What was sent, and what the vendor made of it. */
  readonly heard: (value: string, reception: Reception) => void;
  /** Reads it again, at once. */
  readonly lookAgain: () => void;
  /** The same, at most once a second: strangers may be the cause. */
  readonly lookSparingly: () => void;
}

/** `unknown`: no answer, or one that says nothing of the secret. `refused` means that nothing was done. */
export type Reception = "taken" | "refused" | "unknown";

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

  /** For what is checked: the present value first, then those that it replaced a short while ago. */
  accepted(): readonly string[] {
    return this.#source.accepted();
  }

  /** For what is sent where more than one may be tried. */
  toSend(): readonly string[] {
    return this.#source.toSend();
  }

  heard(value: string, reception: Reception): void {
    this.#source.heard(value, reception);
  }

  /** What stands in a file is read again. */
  lookAgain(): void {
    this.#source.lookAgain();
  }

  /** The first value that counts and fits, such as to a signature. Where none does, what stands in a file is read again, once a second at most. */
  fitting(fits: (value: string) => boolean): string | undefined {
    const found = this.accepted().find(fits);
    if (found !== undefined) return found;
    this.#source.lookSparingly();
    return this.accepted().find(fits);
  }

  /** The same without the values that it replaced: for proofs, which ask whether the present one is right. */
  alone(): Secret {
    const { present, ...others } = this.#source;
    const only = () => [present()];
    return new Secret({ ...others, present, accepted: only, toSend: only });
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
  toSend: () => [value],
  heard: () => undefined,
  lookAgain: () => undefined,
  lookSparingly: () => undefined,
});

/** Node repeats the value of a header that it cannot send, which is a token. */
export const withoutHeaders = (text: string): string =>
  text.replace(/"[\s\S]*" is an invalid header value/g, "a header cannot be sent");

/**
 * Asks with the value that should be sent first. Where the vendor refuses it, its file is read again, and the others are tried too: nobody
 * changes a secret at both ends in one moment. Resolves to the first answer that is no refusal, else to what was said of the present one.
 */
export async function askWith<Answer>(
  secret: Secret,
  ask: (value: string) => Promise<Answer>,
  judge: (answer: Answer) => Reception,
): Promise<Answer> {
  const tried = new Set<string>();
  let refusal: { readonly answer: Answer } | undefined;
  for (;;) {
    const next = secret.toSend().find((each) => !tried.has(each));
    if (next === undefined && refusal !== undefined) return refusal.answer;
    const value = next ?? secret.reveal();
    const answer = await ask(value);
    const reception = judge(answer);
    secret.heard(value, reception);
    if (reception !== "refused") return answer;
    if (refusal === undefined || value === secret.reveal()) refusal = { answer };
    tried.add(value);
    secret.lookAgain();
  }
}
