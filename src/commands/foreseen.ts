import type { Plan, PlannedStep } from "../domain/plan-run/plan.ts";
import { STEPS } from "../flows/index.ts";
import { seenBy } from "../ports/elsewhere.ts";
import type { Permission } from "../ports/permission.ts";
import type { CloudReads } from "../ports/step.ts";

export interface ForeseeingDeps {
  readonly cloud: CloudReads;
  /** Why the session of a step with these permissions would be refused; absent: nobody measures it here. */
  readonly sessionTrouble?: ((permissions: readonly Permission[], service: string) => string | undefined) | undefined;
}

type Unseeing = Pick<ForeseeingDeps, "sessionTrouble">;

/** The same without a look at the cloud: what is known of the plan's steps alone. */
export function foreseenUnseen({ steps, service }: Pick<Plan, "steps" | "service">, deps: Unseeing): string[] {
  const found = steps.flatMap((step) => troubleOf(step, service, deps) ?? []);
  return [...new Set(found)];
}

/** What only the finished plan can be asked: why a step would surely fail as things stand. Sentences; none: nothing says so. */
export async function foreseenIn(
  { steps, service }: Pick<Plan, "steps" | "service">,
  { cloud, sessionTrouble }: ForeseeingDeps,
): Promise<string[]> {
  const found = await Promise.all(
    steps.map(async (step) => {
      const why = await STEPS[step.does]?.foreseen?.(step.input, { cloud: seenBy(step.roles, cloud) });
      return [troubleOf(step, service, { sessionTrouble }) ?? [], why ?? []].flat();
    }),
  );
  return [...new Set(found.flat())];
}

function troubleOf({ does, input, roles, title }: PlannedStep, service: string, { sessionTrouble }: Unseeing) {
  const permissions = STEPS[does]
    ?.permissions(input)
    .map((one): Permission => (one.roles || !roles ? one : { ...one, roles }));
  const trouble = permissions && sessionTrouble?.(permissions, service);
  return trouble === undefined ? undefined : `${title}: ${trouble}`;
}
