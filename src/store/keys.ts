/** All keys share one hash tag, so that one script may touch any of them, on a cluster too. */
export const PREFIX = "{twokey}";

export const KEYS = {
  /** Counts every state-changing script; stands beside each event. */
  position: `${PREFIX}:position`,
  /** Whose store this is: environment, production or rehearsal, and which ledger key. */
  installation: `${PREFIX}:installation`,
  ledgerMark: (process: string) => `${PREFIX}:ledger:${process}`,
  ledgerHeads: `${PREFIX}:ledger-heads`,
  testimonies: `${PREFIX}:testimonies`,
  recovery: `${PREFIX}:recovery`,
  /** What people said to freeze and to lift, by its seal. */
  freezes: `${PREFIX}:freezes`,
  events: `${PREFIX}:events`,
  /** The events of one incident or run. */
  eventsOf: (about: "incident" | "run", id: string) => `${PREFIX}:events-of:${about}:${id}`,
  /** What a proof of the rights writes, and removes at once. */
  proof: (id: string) => `${PREFIX}:proof:${id}`,
  clock: `${PREFIX}:clock`,
  clockChannel: `${PREFIX}:clock-moved`,
  openRuns: `${PREFIX}:runs:open`,
  run: (id: string) => `${PREFIX}:run:${id}`,
  journal: (run: string) => `${PREFIX}:journal:${run}`,
  /** Which process drives which run. */
  drivers: `${PREFIX}:drivers`,
  runsOf: (incident: string) => `${PREFIX}:runs-of:${incident}`,
  claim: (service: string) => `${PREFIX}:claim:${service}`,
  /** The plan of a service that waits for keys. */
  waitingPlan: (service: string) => `${PREFIX}:waiting-plan:${service}`,
  coolDown: (service: string) => `${PREFIX}:cool-down:${service}`,
  document: (kind: string, id: string) => `${PREFIX}:${kind}:${id}`,
  openDocuments: (kind: string) => `${PREFIX}:index:${kind}:open`,
  /** Open documents by what they are about: members are `<label> <id>`. */
  labelledDocuments: (kind: string) => `${PREFIX}:index:${kind}:labelled`,
  dueDocuments: (kind: string) => `${PREFIX}:index:${kind}:due`,
  /** By since when they are needed no more, world time. */
  settledDocuments: (kind: string) => `${PREFIX}:index:${kind}:settled`,
  settledRuns: `${PREFIX}:runs:settled`,
  /** What cannot be read, by `<kind> <id>`: why, and what people were told. */
  putAside: `${PREFIX}:put-aside`,
  /** Where it stood in the indexes, so that it can go back there. */
  placeOf: (kind: string, id: string) => `${PREFIX}:put-aside:place:${kind}:${id}`,
  /** An unreadable document in whose place a new one was begun. */
  replaced: (kind: string, id: string) => `${PREFIX}:put-aside:replaced:${kind}:${id}`,
  /** How far the look for what stands in no list has come, and what it has said. */
  putBack: `${PREFIX}:put-back`,
  budget: (name: string) => `${PREFIX}:budget:${name}`,
  /** What came in, by when; so that a repetition changes nothing. */
  once: `${PREFIX}:once`,
} as const;

/** All that is stored under the id of one incident. */
export const keysOfIncident = (id: string): readonly string[] => [
  ...[KEYS.document("incident", id), KEYS.eventsOf("incident", id), KEYS.runsOf(id)],
];

/** All that is stored under the id of one run. */
export const keysOfRun = (id: string): readonly string[] => [
  ...[KEYS.run(id), KEYS.journal(id), KEYS.eventsOf("run", id)],
  ...["run-calls", "run-notes", "run-channel"].map((kind) => KEYS.document(kind, id)),
];
