import { sayPipeline } from "../domain/people/pipeline.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";

/** A person or a pipeline as people call them; an id that nobody has stays as it is. */
export function nameOf(inventory: Inventory, id: string): string {
  return findPerson(inventory, id)?.name ?? sayPipeline(id) ?? id;
}
