import { UserError } from "../../domain/errors.ts";
import type { Who } from "../../ports/asker.ts";

/**
 * K1: who may sign is asked fresh at the click, and any doubt is a no. The door that let somebody in asks about the very
 * account that they used; a door that cannot do that lets nobody sign. `unprovable` tells them where to go instead.
 */
export async function confirmed(who: Who, unprovable: string): Promise<Who> {
  const { confirm, ...proof } = who.proof;
  if (confirm === undefined) throw new UserError("door-cannot-prove", unprovable);
  await confirm();
  return { ...who, proof: { ...proof, strength: "confirmed" } };
}
