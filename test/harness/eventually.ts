import { onWorldsPace } from "./idle-time.ts";

/** Resolves as soon as `look` finds something; throws with `what` after that much machine time. */
export function eventually<T>(what: string, withinMs: number, look: () => T | undefined | Promise<T | undefined>) {
  return onWorldsPace(() => lookingFor(what, withinMs, look));
}

async function lookingFor<T>(what: string, withinMs: number, look: () => T | undefined | Promise<T | undefined>) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Within ${withinMs} ms there was no ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
