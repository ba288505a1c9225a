import { type StoredStep, storedStep } from "../ports/step.ts";
import { awaitDns } from "./steps/await-dns.ts";
import { pointApplication, shiftTraffic } from "./steps/change-records.ts";
import { checkDirect } from "./steps/check-direct.ts";
import { checkPublic } from "./steps/check-public.ts";
import { checkWritable } from "./steps/check-writable.ts";
import { copySnapshot } from "./steps/copy-snapshot.ts";
import { fencePrimary } from "./steps/fence-primary.ts";
import { promoteReplica } from "./steps/promote-replica.ts";
import { rebootFailover } from "./steps/reboot-failover.ts";
import { recordDataPosition } from "./steps/record-data-position.ts";
import { scaleOut } from "./steps/scale-out.ts";
import { settleDns } from "./steps/settle-dns.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";

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
  storedStep(takeSnapshot),
  storedStep(copySnapshot),
  storedStep(rebootFailover),
];

export const STEPS: Readonly<Record<string, StoredStep>> = Object.fromEntries(steps.map((step) => [step.name, step]));
