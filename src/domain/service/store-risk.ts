/**
 * What people may accept of the state store by name, under `redis.accept`: a power cut of Redis may then stop every run, and what
 * is unknown somebody has to have looked up.
 */
export const STORE_RISKS = ["append-only-off", "fsync-unknown", "eviction-unknown", "entry-unknown"] as const;
export type StoreRisk = (typeof STORE_RISKS)[number];
