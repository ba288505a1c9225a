import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Proof } from "../ports/proof.ts";
import { agreementProof, ledgerProof, storeProofs } from "../store/proofs.ts";
import type { ScriptedRedis } from "../store/scripts.ts";
import type { Outside } from "./outside.ts";
import { secretFileProofs } from "./secret-proof.ts";

export interface ProofSources {
  readonly settings: Pick<Settings, "ledger" | "processName" | "redisUrl" | "sandbox" | "secrets">;
  readonly inventory: () => Inventory;
  readonly outside: Pick<Outside, "proofs">;
  /** Rejects while there is no connection. */
  readonly redis: () => Promise<ScriptedRedis>;
  /** Absent: nobody here has the ledger open. */
  readonly disagreement?: () => Promise<string | undefined>;
}

/**
 * Everything that TwoKey stands on, in the order in which it is said. The one list that the start, the hourly look, `twokey
 * doctor`, `/readyz`, the board and the plans walk: a new secret or setting is proven by being in it.
 */
export function proofsOf(sources: ProofSources): readonly Proof[] {
  const { settings, inventory, outside, redis, disagreement } = sources;
  const terms = () => ({ accepted: inventory().file.redis.accept, isRehearsal: settings.sandbox !== undefined });
  return [
    ...storeProofs(redis, terms, settings.redisUrl),
    ...(disagreement ? [agreementProof(disagreement)] : []),
    ledgerProof({ directory: settings.ledger.directory, process: `${settings.processName}.proof` }),
    ...secretFileProofs(settings.secrets),
    ...outside.proofs(),
  ];
}
