import { onWorldsPace } from "./idle-time.ts";

/** Machine time, ms, which only what hangs takes, on a busy machine too. */
const PATIENCE_MS = 60_000;

type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** Resolves as soon as `look` finds something; throws with `what` after that much machine time, ms. */
export function eventually<T>(what: string, look: Look<T>, withinMs = PATIENCE_MS): Promise<T> {
  return onWorldsPace(() => lookingFor(what, look, withinMs));
}

async function lookingFor<T>(what: string, look: Look<T>, withinMs: number): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Within ${withinMs} ms there was no ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
