import type { Finding, Path } from "../../domain/service/finding.ts";
import type { Region } from "../../domain/service/region.ts";

/** Reports regions of the service that are missing below `path`, and keys that are none of its regions. */
export function exactly(path: Path, found: readonly string[], regions: readonly Region[]): Finding[] {
  const missing = [...new Set(regions)].filter((region) => !found.includes(region));
  return [
    ...missing.map((key) => ({ path, what: `${String(path.at(-1))} has no entry for ${key}`, instead: `add ${key}` })),
    ...strangers(path, found, regions),
  ];
}

/** Only the keys that are none of the service's regions. */
export function strangers(path: Path, found: readonly string[], regions: readonly Region[]): Finding[] {
  return found
    .filter((key) => !regions.includes(key))
    .map((key) => ({
      path: [...path, key],
      isAboutKey: true,
      what: `${key} is none of the service's regions (${regions.join(", ")})`,
      instead: "remove it, or correct regions",
    }));
}
