import { type StoredStep, storedStep } from "../ports/stored-step.ts";
import { KINDS } from "./resources/index.ts";
import { fencePrimary } from "./runbooks/failover/fence-primary.ts";
import { awaitDns } from "./steps/await-dns.ts";
import { pointApplication } from "./steps/change-records.ts";
import { checkPublic } from "./steps/check-public.ts";
import { checkWritable } from "./steps/check-writable.ts";
import { copySnapshot } from "./steps/copy-snapshot.ts";
import { settleDns } from "./steps/settle-dns.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";

// The tables of what TwoKey knows: these, and `STEPS` below. Each stands where its rows are.
export { INCIDENT_DUTIES } from "./incident/index.ts";
export { OCCASIONS } from "./reach/occasions.ts";
export { KINDS } from "./resources/index.ts";
export { RUNBOOKS } from "./runbooks/index.ts";

/** Everything a runbook can do: what is shared, and what each kind of resource brings. What is not in this table cannot happen. */
const steps: readonly StoredStep[] = [
  storedStep(fencePrimary),
  storedStep(checkWritable),
  storedStep(pointApplication),
  storedStep(awaitDns),
  storedStep(settleDns),
  storedStep(checkPublic),
  storedStep(takeSnapshot),
  storedStep(copySnapshot),
  ...KINDS.flatMap((kind) => kind.steps),
];

export const STEPS: Readonly<Record<string, StoredStep>> = Object.fromEntries(steps.map((step) => [step.name, step]));
