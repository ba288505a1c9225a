import type { Redis } from "ioredis";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { KEYS } from "./keys.ts";
import { Whose } from "./ledger-lines.ts";
import { sealOf } from "./seal.ts";

export interface Installation {
  readonly whose: Whose;
  readonly ledgerKey: Secret;
}

/** Whose store this is. The seal tells the ledger's key without holding it. */
const Stored = z.strictObject({ ...Whose.shape, seal: z.string() });

/**
 * The first process gives an empty store its installation; every later one must be of the same. State of a rehearsal, whose
 * clock may run at any speed, can so never be taken for production's. Throws UserError.
 */
export async function claimStore(redis: Redis, { whose, ledgerKey }: Installation): Promise<void> {
  const { environment, world } = whose;
  const ours: z.infer<typeof Stored> = { environment, world, seal: sealOf(ledgerKey, { installation: environment }) };
  // Read first: a Redis that is full takes no writes, and a restart needs none.
  const before = await redis.get(KEYS.installation);
  if (before === null) await redis.set(KEYS.installation, JSON.stringify(ours), "NX");
  const found = Stored.parse(JSON.parse(before ?? (await redis.get(KEYS.installation)) ?? "null"));
  const wrong = found.world !== world || found.environment !== environment;
  if (wrong)
    throw new UserError(
      "redis-other-installation",
      `REDIS_URL leads to the state of another installation (${found.environment}, ${found.world}); this one is ${environment}, ${world}. Use a database of its own, or give environment in twokey.yaml its old name again.`,
    );
  if (found.seal !== ours.seal)
    throw new UserError(
      "ledger-key-differs",
      "TWOKEY_LEDGER_KEY is another one than that of the processes that use this Redis. Runs written with one would be nobody's with the other: give all of them the same.",
    );
}
