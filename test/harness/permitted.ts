import type { Plan } from "../../src/domain/plan-run/plan.ts";
import { STEPS } from "../../src/flows/index.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Permission } from "../../src/ports/permission.ts";
import { example } from "./example.ts";
import { fakeCloud, ordinaryDay } from "./fakes/index.ts";
import { AT } from "./observed.ts";
import type { Play } from "./plays.ts";
import { standbyOf } from "./site.ts";

/** The plan of a play on an ordinary day. */
export async function quietPlan({ example: file, service: name, runbook, words = {} }: Play): Promise<Plan> {
  const inventory = example(file);
  const service = inventory.services.find((each) => each.name === name);
  if (!service) throw new Error(`The example ${file} has no ${name}`);
  const made = runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{
        id: "F-1",
        service,
        inventory,
        observed: await observe(service, fakeCloud(ordinaryDay(service))),
        nowMs: AT,
      },
      ...{ reason: "a rehearsal", requester: "farid", incident: undefined },
    },
    runbook === "failover" ? { mode: "unplanned", to: standbyOf(service), ...words } : words,
  );
  if (made.kind === "refused") throw new Error(made.reasons.join(" "));
  return made.plan;
}

export interface PermittedStep {
  readonly step: string;
  readonly permissions: readonly Permission[];
}

/** What each step of a plan may do. */
export function permittedIn({ steps }: Plan): readonly PermittedStep[] {
  return steps.map(({ id, does, input }) => {
    const step = STEPS[does];
    if (!step) throw new Error(`There is no step ${does}`);
    return { step: id, permissions: step.permissions(input) };
  });
}
