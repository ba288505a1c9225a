import type { Inventory } from "../../../domain/service/inventory.ts";
import type { OnCallEntry } from "../../../ports/pager.ts";

/** The audiences of the file that a policy of this pager answers for: policy → name of the audience. */
export function rotationsOf({ file: { audiences } }: Pick<Inventory, "file">, pager: string): Map<string, string> {
  return new Map(
    Object.entries(audiences).flatMap(([name, audience]) =>
      audience.kind === "pager" && audience.pager === pager ? [[audience.policy, name] as const] : [],
    ),
  );
}

/** Names of those for which nobody is on call: a page to one of them reaches no one. */
export function emptyOf(rotations: ReadonlyMap<string, string>, entries: readonly OnCallEntry[]): readonly string[] {
  return [...rotations].filter(([id]) => !entries.some(({ policy }) => policy === id)).map(([, name]) => name);
}
