import { createHash } from "node:crypto";

const ROUNDS = 60;
const BLOCK = Buffer.alloc(4 * 1024 * 1024, 1);

/** Machine milliseconds of a fixed piece of work that nothing but the processor decides: timed before and after a run. */
export function timeOfFixedWork(): number {
  const beganMs = performance.now();
  const hash = createHash("sha256");
  for (let round = 0; round < ROUNDS; round += 1) hash.update(BLOCK);
  hash.digest();
  return Math.round(performance.now() - beganMs);
}
