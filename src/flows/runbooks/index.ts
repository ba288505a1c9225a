import { Bug } from "../../domain/errors.ts";
import type { Plan } from "../../domain/plan-run/plan.ts";
import { failover } from "./failover/failover.ts";
import { rebootFailover } from "./reboot-failover/reboot-failover.ts";
import type { StoredRunbook } from "./runbook.ts";
import { snapshot } from "./snapshot/snapshot.ts";
import { storedRunbook } from "./stored-runbook.ts";

/** Every runbook. Verbs, help, cards, documents and the tables of tests follow from this one. */
export const RUNBOOKS: readonly StoredRunbook[] = [
  storedRunbook(failover),
  storedRunbook(rebootFailover),
  storedRunbook(snapshot),
];

/** The one whose plan, made of the newest look and kept nowhere, is what the board says of a service: could we, right now? */
export const OUTLOOK: StoredRunbook = storedRunbook(failover);

export function runbookOf({ runbook: name, id }: Pick<Plan, "runbook" | "id">): StoredRunbook {
  const runbook = RUNBOOKS.find((candidate) => candidate.name === name);
  if (!runbook) throw new Bug("runbook-unknown", `This version of TwoKey has no runbook called ${name} (plan ${id})`);
  return runbook;
}
