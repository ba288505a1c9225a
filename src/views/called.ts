import { spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import type { CalledNow } from "../domain/plan-run/called-now.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { nameOf } from "./names.ts";
import { someOf } from "./room.ts";

const NAMED = 3;

/** Whom a run calls, as the pager took it. `listed`: the people who stand right before it, who need not be named again. */
export function calledLine(
  { label, atMs, people, againMs }: CalledNow,
  inventory: Inventory,
  listed: readonly string[] = [],
): Text {
  const isAll = people.length > 1 && people.length === listed.length;
  const names = people.map((id) => nameOf(inventory, id));
  const who = isAll ? "all of them" : names.length === 0 ? "nobody whom it knows by name" : someOf(names, NAMED);
  const again = againMs === undefined ? "" : `, and calls again every ${sayDuration(againMs)}`;
  return spans`${label} called ${who} at ${timeOfDay(atMs)}${again}.`;
}
