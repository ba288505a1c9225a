import { sealedKey } from "../../src/domain/plan-run/authority.ts";
import { type Plan, planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { Secret } from "../../src/domain/secret.ts";
import { sealOf } from "../../src/store/seal.ts";

/** The ledger's key of every world and bot of the tests. */
export const LEDGER_KEY = new Secret("k".repeat(40));
/** Whose store and ledgers the tests write. */
export const WHOSE = { environment: "production", world: "production" } as const;
export const seal = (line: unknown): string => sealOf(LEDGER_KEY, line);

/** A key as TwoKey turns it: on this very plan, with all that has to be agreed to, and sealed. */
export function turned(plan: Plan, by: string, atMs: number): Extract<RunEntry, { kind: "key-turned" }> {
  const accepted = plan.acceptances.map(({ id }) => id);
  const key = { by, door: "slack" as const, atMs, digest: planDigest(plan), accepted };
  return { kind: "key-turned", ...key, seal: seal(sealedKey(plan, key)) };
}

/** Complete keys, and the start. */
export function started(plan: Plan, atMs: number, people: readonly string[] = ["ana", "ben"]): RunEntry[] {
  return [...people.map((by) => turned(plan, by, atMs)), { kind: "started", atMs, keys: [...people] }];
}
