/** What people may accept of the state store by name, under `redis.accept`: a power cut of Redis may then stop every run. */
export const STORE_RISKS = ["append-only-off", "fsync-unknown"] as const;
export type StoreRisk = (typeof STORE_RISKS)[number];
