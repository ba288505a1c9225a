import { sayPipeline } from "../domain/people/pipeline.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { inRoom } from "./room.ts";

const COUNTS: Readonly<Record<number, string>> = { 1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five" };

/** How many people a card still waits for, at the beginning of a sentence. */
export function peopleLeft(required: number, agreed: number): string {
  const left = required - agreed;
  return `${COUNTS[left] ?? left}${agreed > 0 ? " more" : ""} ${left === 1 ? "person" : "people"}`;
}

/** A person or a pipeline as people call them; an id that nobody has stays as it is. */
export function nameOf(inventory: Inventory, id: string): string {
  return inRoom(findPerson(inventory, id)?.name ?? sayPipeline(id) ?? id, "name") || id;
}
