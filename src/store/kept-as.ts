import { RETENTION } from "../domain/retention.ts";
import { KEYS } from "./keys.ts";

type Row = keyof typeof RETENTION;

/** Documents by kind: each is a key of its own. */
export const DOCUMENTS_KEPT_AS: Readonly<Record<string, Row>> = {
  incident: "incidents",
  correlation: "index",
  alert: "alerts",
  card: "cards",
  throttle: "throttle",
  "run-calls": "runs",
  "run-notes": "runs",
  "run-channel": "runs",
  seen: "seen",
  discovered: "discovered",
  "step-times": "stepTimes",
  wait: "index",
  "alarm-reads": "index",
  "said-proofs": "index",
  "own-calls": "index",
};

/** The row of the table of retentions that each key belongs to; a key that has none does not compile. */
export const KEPT_AS: Readonly<Record<Exclude<keyof typeof KEYS, "document" | "clockChannel">, Row>> = {
  position: "index",
  putBack: "index",
  installation: "index",
  ledgerMark: "marks",
  ledgerHeads: "marks",
  testimonies: "marks",
  recovery: "index",
  freezes: "freezes",
  events: "events",
  eventsOf: "incidents",
  clock: "index",
  openRuns: "index",
  drivers: "index",
  run: "runs",
  journal: "runs",
  runsOf: "incidents",
  claim: "index",
  waitingPlan: "index",
  coolDown: "index",
  openDocuments: "index",
  labelledDocuments: "index",
  dueDocuments: "index",
  settledDocuments: "index",
  settledRuns: "index",
  putAside: "putAside",
  placeOf: "putAside",
  replaced: "putAside",
  budget: "budget",
  proof: "proofs",
  once: "inboundIds",
};

/** The keys of each row of the table of retentions, as they stand in docs/operations.md. */
export function keysTable(): string {
  const documents = Object.entries(DOCUMENTS_KEPT_AS).map(([kind, row]) => [KEYS.document(kind, "<id>"), row] as const);
  const others = Object.entries(KEPT_AS).map(([name, row]) => [patternOf(Reflect.get(KEYS, name)), row] as const);
  const keysOf = (wanted: string) =>
    [...others, ...documents].flatMap(([key, row]) => (row === wanted ? [`\`${key}\``] : []));
  const lines = Object.entries(RETENTION).flatMap(([row, { what }]) => {
    const keys = keysOf(row);
    return keys.length === 0 ? [] : [`| ${what} | ${keys.join(", ")} |`];
  });
  return ["| what | its keys in Redis |", "| --- | --- |", ...lines].join("\n");
}

/** A key as it is, or with its arguments in angle brackets. */
function patternOf(key: unknown): string {
  if (typeof key !== "function") return String(key);
  const names = ["<kind>", "<id>"].slice(2 - key.length);
  return String(Reflect.apply(key, undefined, names));
}
