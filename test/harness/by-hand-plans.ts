import type { Plan } from "../../src/domain/plan-run/plan.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { example } from "./example.ts";
import { fakeCloud, ordinaryDay } from "./fakes/index.ts";
import { AT } from "./observed.ts";
import type { Play } from "./plays.ts";
import { standbyOf } from "./site.ts";

/** The plan of an ordinary day, with the commands by hand that people have then. */
export async function planOf({ example: name, service: wanted, runbook, words = {} }: Play): Promise<Plan> {
  const inventory = example(name);
  const service = inventory.services.find((each) => each.name === wanted);
  if (!service) throw new Error(`the example has no ${wanted}`);
  const cloud = fakeCloud(ordinaryDay(service));
  const planned = runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "it's a rehearsal", incident: undefined, requester: "farid" },
      ...{ observed: await observe(service, cloud), nowMs: AT },
    },
    runbook === "failover" ? { mode: "unplanned", to: standbyOf(service) } : words,
  );
  if (planned.kind === "refused") throw new Error(planned.reasons.join(" "));
  return planned.plan;
}
