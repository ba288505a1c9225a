import type { TwoKeyFile } from "../../src/domain/service/twokey-file.ts";

/** Settings that AWS knows. */
const KNOWN_TO_AWS = [
  ...["endpoint", "security_group", "target_group", "load_balancer", "max_tasks", "zone", "ttl_seconds"],
  ...["routing", "set_identifiers", "primary", "secondary", "values"],
];

/** The same file as a person would write it who leaves to AWS what AWS knows. */
export function leftOut(file: TwoKeyFile): TwoKeyFile {
  const copy = structuredClone(file);
  for (const { stores, compute, entrance } of Object.values(copy.services)) strip([stores, compute, entrance]);
  return copy;
}

function strip(value: unknown): void {
  if (value === null || typeof value !== "object") return;
  for (const key of KNOWN_TO_AWS) Reflect.deleteProperty(value, key);
  for (const inner of Object.values(value)) strip(inner);
}
