import type { Plan, PlannedStep } from "../domain/plan-run/plan.ts";
import { STEPS } from "../flows/index.ts";
import { seenBy } from "../ports/elsewhere.ts";
import type { Permission } from "../ports/permission.ts";
import type { CloudReads } from "../ports/step.ts";

export interface ForeseeingDeps {
  readonly cloud: CloudReads;
  /** Why the session of a step with these permissions would be refused; absent: nobody measures it here. */
  readonly sessionTrouble?: (permissions: readonly Permission[], service: string) => string | undefined;
}

/** What only the finished plan can be asked: why a step would surely fail as things stand. Sentences; none: nothing says so. */
export async function foreseenIn(
  { steps, service }: Pick<Plan, "steps" | "service">,
  { cloud, sessionTrouble }: ForeseeingDeps,
): Promise<string[]> {
  const troubleOf = (permissions: readonly Permission[]) => sessionTrouble?.(permissions, service);
  const found = await Promise.all(steps.map((step) => foreseenOf(step, { cloud, troubleOf })));
  return [...new Set(found.flat())];
}

interface Asked {
  readonly cloud: CloudReads;
  readonly troubleOf: (permissions: readonly Permission[]) => string | undefined;
}

async function foreseenOf(step: PlannedStep, { cloud, troubleOf }: Asked): Promise<string[]> {
  const definition = STEPS[step.does];
  if (!definition) return [];
  const { roles } = step;
  const permissions = definition
    .permissions(step.input)
    .map((one): Permission => (one.roles || !roles ? one : { ...one, roles }));
  const trouble = troubleOf(permissions);
  const why = await definition.foreseen?.(step.input, { cloud: seenBy(roles, cloud) });
  return [...(trouble === undefined ? [] : [`${step.title}: ${trouble}`]), ...(why === undefined ? [] : [why])];
}
