import type { Random } from "../world/random.ts";
import type { Duration } from "./specs.ts";

/** World milliseconds, drawn from the shape. */
export function drawMs(random: Random, shape: Duration): number {
  if (typeof shape === "number") return shape * 1_000;
  if ("median" in shape) return random.logNormal(shape) * 1_000;
  return random.between(shape.low, shape.high) * 1_000;
}
