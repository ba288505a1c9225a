import { type WorldFromInventoryOptions, worldFromInventory } from "../../src/sandbox/world-from-inventory.ts";
import { startWholeWorld, type WholeWorld } from "../../src/simulators/whole-world.ts";
import { example } from "../harness/example.ts";

/** World time all but stands still, so that only `advance` moves it. */
const STANDING_STILL = 1e-6;

export async function openExample(
  name: "inventory" | "regami",
  options: WorldFromInventoryOptions = {},
): Promise<WholeWorld> {
  const { spec } = worldFromInventory(example(name), options);
  // Latency is world time as well, and would not pass.
  return await startWholeWorld(
    { ...spec, awsLatencyMs: { low: 0, high: 0 } },
    { seed: 7, speed: options.speed ?? STANDING_STILL },
  );
}

/** Second by second, so that what a timer starts is due from the moment it was started. */
export function advance({ world }: WholeWorld, seconds: number): void {
  for (let second = 0; second < seconds; second++) world.clock.jump(1_000);
}

export function controlOf({ controlPort }: Pick<WholeWorld, "controlPort">) {
  return async (method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> => {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, init);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
}
