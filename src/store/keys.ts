/** All keys share one hash tag, so that one script may touch any of them, on a cluster too. */
export const PREFIX = "{twokey}";

export const KEYS = {
  /** Counts every state-changing script; stands beside each event. */
  position: `${PREFIX}:position`,
  ledgerMark: (process: string) => `${PREFIX}:ledger:${process}`,
  ledgerHead: `${PREFIX}:ledger-head`,
  testimonies: `${PREFIX}:testimonies`,
  recovery: `${PREFIX}:recovery`,
  events: `${PREFIX}:events`,
  /** The events of one incident or run. */
  eventsOf: (about: "incident" | "run", id: string) => `${PREFIX}:events-of:${about}:${id}`,
  clock: `${PREFIX}:clock`,
  clockChannel: `${PREFIX}:clock-moved`,
  openRuns: `${PREFIX}:runs:open`,
  run: (id: string) => `${PREFIX}:run:${id}`,
  journal: (id: string) => `${PREFIX}:run:${id}:journal`,
  runsOf: (incident: string) => `${PREFIX}:runs-of:${incident}`,
  claim: (service: string) => `${PREFIX}:claim:${service}`,
  coolDown: (service: string) => `${PREFIX}:cool-down:${service}`,
  record: (kind: string, id: string) => `${PREFIX}:${kind}:${id}`,
  openRecords: (kind: string) => `${PREFIX}:${kind}:open`,
  /** Open records by what they are about: members are `<label> <id>`. */
  labelledRecords: (kind: string) => `${PREFIX}:${kind}:labelled`,
  dueRecords: (kind: string) => `${PREFIX}:${kind}:due`,
  budget: (name: string) => `${PREFIX}:budget:${name}`,
  once: (key: string) => `${PREFIX}:once:${key}`,
} as const;
