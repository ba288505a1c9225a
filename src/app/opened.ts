import { Bug } from "../domain/errors.ts";

/** What was opened so far, to be closed in the reverse order: at the stop, and after a start that failed half-way. */
export class Opened {
  readonly #closes: (() => unknown)[] = [];
  #isClosed = false;

  /** What is opened after the close began is closed at once, and throws: nobody opens more behind it. */
  add(close: () => unknown): void {
    this.#closes.push(close);
    if (!this.#isClosed) return;
    void this.close().catch(() => undefined);
    throw new Bug("start-given-up", "It was told to stop while it was starting");
  }

  /** One that cannot be closed keeps none of the others open; its error comes at the end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const failures: unknown[] = [];
    for (const close of this.#closes.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
