/**
 * Suites that draw from tables longer than each run has time for (`test/harness/tables.ts`), by the paths that they begin with.
 * `npm run tables` walks them; `npm test` leaves them out, unless a path is named.
 */
export const TABLES = [
  "test/crash/",
  "test/engine/runs/every-runbook",
  "test/engine/runs/every-undo",
  "test/engine/runs/executor-checks",
  "test/flows/incident/paging/interleavings",
  "test/flows/runbooks/failover/any-two-planes",
  "test/flows/runbooks/failover/control-planes",
  "test/flows/steps/late-records",
  "test/scenarios/by-hand-pasted",
  "test/scenarios/wrong-secrets",
  "test/worlds/worlds",
];
