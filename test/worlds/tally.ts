import { FAULT_NAMES, type FaultName } from "./fault-names.ts";
import type { WorldResult } from "./share.ts";

export interface Tally {
  readonly violations: number;
  /** Worlds in which more was lost than people had accepted. */
  readonly lossUnderstated: number;
  /** Worlds in which an open session went on writing on the old side, as its key holders had accepted in words. */
  readonly acceptedSessions: number;
  readonly byGuarantee: Readonly<Partial<Record<string, number>>>;
  /** Worlds that met it. */
  readonly hits: Readonly<Partial<Record<FaultName, number>>>;
  /** Worlds in which people got it done. */
  readonly people: Readonly<Partial<Record<string, number>>>;
}

export function tallyOf(results: readonly WorldResult[]): Tally {
  const violations = results.flatMap((result) => result.violations);
  return {
    violations: violations.length,
    lossUnderstated: results.filter((result) => result.violations.some(({ guarantee }) => guarantee === "G19")).length,
    acceptedSessions: results.filter((result) => result.acceptedOrders > 0).length,
    byGuarantee: countOf(violations.map(({ guarantee }) => guarantee)),
    hits: countOf(results.flatMap(({ hits }) => [...new Set(hits)])),
    people: countOf(results.flatMap(({ done }) => [...new Set(done)])),
  };
}

function countOf<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** For people: how the worlds ended, what they met, and every violation with the world to play again. */
export function tableOf(results: readonly WorldResult[], seed: number): string {
  const { hits, people, byGuarantee, acceptedSessions } = tallyOf(results);
  const rows = (counts: Readonly<Record<string, number | undefined>>) =>
    Object.entries(counts).map(([name, count]) => `  ${String(count ?? 0).padStart(5)}  ${name}`);
  const met = Object.fromEntries(FAULT_NAMES.map((name) => [name, hits[name] ?? 0]));
  const broken = results
    .toSorted((one, other) => one.index - other.index)
    .flatMap(({ index, says, violations }) =>
      violations.map(
        (violation) =>
          `  ${violation.guarantee}: ${violation.says}\n    ${says}\n    npm run worlds -- --seed ${seed} --only ${index}`,
      ),
    );
  return [
    `${results.length} worlds of seed ${seed} ended:`,
    ...rows(countOf(results.map(({ end }) => end))),
    "Worlds that met each kind of fault:",
    ...rows(met),
    "Worlds in which people did:",
    ...rows(people),
    `An open session went on writing on the old side, as accepted in words, in ${acceptedSessions} of them.`,
    `${results.filter(({ isSlow }) => isSlow).length} were slow to their end: people had to hear of a writer within 80 s.`,
    "Violations by guarantee:",
    ...(broken.length > 0 ? [...rows(byGuarantee), ...broken] : ["  none"]),
    "",
  ].join("\n");
}
