import type { Stores } from "../../app/stores.ts";
import { Bug } from "../../domain/errors.ts";
import type { Queues } from "../../jobs/queues.ts";
import type { Stage } from "../stage.ts";
import type { SoakArguments } from "./arguments.ts";

/** Machine time. */
const LOOK_EVERY_MS = 10;

export interface Playing {
  readonly stage: Stage;
  readonly stores: Stores;
  readonly queues: Pick<Queues, "sweepNow">;
  readonly wanted: SoakArguments;
  say(line: string): void;
}

/** What `find` finds, as soon as it does. */
export async function soon<T>(what: string, withinMs: number, find: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Bug("soak-stuck", `Within ${withinMs} ms there was no ${what}`);
}
