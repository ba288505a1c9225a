import { type StoredStep, storedStep } from "../ports/step.ts";
import { awaitDns } from "./steps/await-dns.ts";
import { pointApplication, shiftTraffic } from "./steps/change-records.ts";
import { checkDirect } from "./steps/check-direct.ts";
import { checkPublic } from "./steps/check-public.ts";
import { checkWritable } from "./steps/check-writable.ts";
import { fencePrimary } from "./steps/fence-primary.ts";
import { promoteReplica } from "./steps/promote-replica.ts";
import { recordDataPosition } from "./steps/record-data-position.ts";
import { scaleOut } from "./steps/scale-out.ts";
import { settleDns } from "./steps/settle-dns.ts";

/** Everything a runbook can do. What is not in this table cannot happen. */
const steps: readonly StoredStep[] = [
  storedStep(fencePrimary),
  storedStep(recordDataPosition),
  storedStep(promoteReplica),
  storedStep(checkWritable),
  storedStep(pointApplication),
  storedStep(scaleOut),
  storedStep(checkDirect),
  storedStep(shiftTraffic),
  storedStep(awaitDns),
  storedStep(settleDns),
  storedStep(checkPublic),
];

export const STEPS: Readonly<Record<string, StoredStep>> = Object.fromEntries(steps.map((step) => [step.name, step]));
