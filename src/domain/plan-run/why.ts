import { findPerson, type Inventory } from "../service/inventory.ts";
import type { RunState } from "./run.ts";

/** Why a run stands as it does, as people say it: “aborted by grace” calls her by her name. */
export const whyOf = ({ why }: Pick<RunState, "why">, inventory: Inventory): string => withNames(why, inventory);

/** Journals know people by their ids. */
export function withNames(text: string, inventory: Inventory): string {
  return text.replaceAll(/\b(by|and) ([a-z0-9][\w-]*)/g, (said, word: string, id: string) => {
    const person = findPerson(inventory, id);
    return person ? `${word} ${person.name}` : said;
  });
}
