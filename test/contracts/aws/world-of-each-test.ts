import { afterEach, beforeEach } from "@jest/globals";
import { type InventoryWorld, startInventoryWorld } from "./inventory-world.ts";

/** A world for each test of the file, which ends with it; returns the one of the test that runs. */
export function worldOfEachTest(...wanted: Parameters<typeof startInventoryWorld>): () => InventoryWorld {
  let world: InventoryWorld | undefined;
  beforeEach(async () => {
    world = await startInventoryWorld(...wanted);
  });
  afterEach(() => world?.stop());
  return () => {
    if (!world) throw new Error("no test runs yet");
    return world;
  };
}
