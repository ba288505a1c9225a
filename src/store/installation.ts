import type { Redis } from "ioredis";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { isBelieved } from "./emptiness.ts";
import { KEYS, PREFIX } from "./keys.ts";
import { Whose } from "./ledger-lines.ts";
import { sealOf } from "./seal.ts";

export interface Installation {
  readonly whose: Whose;
  readonly ledgerKey: Secret;
}

/** Whose store this is. The seal tells the ledger's key without holding it. */
const Stored = z.strictObject({ ...Whose.shape, seal: z.string() });

/**
 * The first process gives an empty store its installation; every later one must be of the same. State of a rehearsal, or of nobody
 * knows whom, can so never be taken for production's. Throws UserError.
 */
export async function claimStore(redis: Redis, { whose, ledgerKey }: Installation): Promise<void> {
  const { environment, world } = whose;
  const read = () => redis.get(KEYS.installation);
  // Read first: a Redis that is full takes no writes, and a restart needs none. What another process wrote between the two looks
  // came behind its claim.
  if ((await read()) === null && (await isBelieved(redis)) && (await read()) === null) throw nobodysKeys();
  await sayWhose(redis, { whose, ledgerKey });
  const found = readStored((await read()) ?? "");
  const wrong = found.world !== world || found.environment !== environment;
  if (wrong)
    throw new UserError(
      "redis-other-installation",
      `REDIS_URL leads to the state of another installation (${found.environment}, ${found.world}); this one is ${environment}, ${world}. Use a database of its own, or give environment in twokey.yaml its old name again.`,
    );
  if (found.seal !== identityOf({ whose, ledgerKey }).seal)
    throw new UserError(
      "ledger-key-differs",
      "TWOKEY_LEDGER_KEY is another one than that of the processes that use this Redis. Runs written with one would be nobody's with the other: give all of them the same.",
    );
}

function readStored(text: string): z.infer<typeof Stored> {
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      "redis-installation-unreadable",
      `The key ${KEYS.installation} in Redis does not say whose store it is. Look who changed it, and bring Redis back from its backup; or use an empty database.`,
    );
  }
}

/** By a process that has claimed it, also later: a store that came back empty would refuse the next one that starts. */
export async function sayWhose(redis: Redis, installation: Installation): Promise<void> {
  if ((await redis.exists(KEYS.installation)) > 0) return;
  await redis.set(KEYS.installation, JSON.stringify(identityOf(installation)), "NX");
}

const identityOf = ({ whose: { environment, world }, ledgerKey }: Installation): z.infer<typeof Stored> => ({
  ...{ environment, world, seal: sealOf(ledgerKey, { installation: environment }) },
});

const nobodysKeys = () =>
  new UserError(
    "redis-nobodys-keys",
    `REDIS_URL leads to a database with keys of TwoKey that do not say whose they are. Look who uses it. If nobody does, remove all keys that begin with ${PREFIX}; or use an empty database.`,
  );
