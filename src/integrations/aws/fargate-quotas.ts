import { z } from "zod";
import type { ComputeGround, GroundWish } from "../../ports/compute.ts";
import { NotGiven } from "./errors.ts";
import type { By } from "./lookups.ts";

/** Codes of Service Quotas, the same in every region, by what starts the tasks. */
const CODES: Readonly<Record<string, string>> = { FARGATE: "L-3032A538", FARGATE_SPOT: "L-36FBB829" };

/** AWS leaves the value out where it could not find it, and says so in `ErrorReason`. */
const Quota = z.object({ QuotaName: z.string(), QuotaCode: z.string(), Value: z.number() });

interface Wanted extends GroundWish {
  readonly signal: AbortSignal | undefined;
}

/** Undefined: machines that are there start its tasks, and nothing is launched. Throws CallFailed, or NotGiven where no quota is its own. */
export async function readQuotas(by: By, { region, facts, signal }: Wanted): Promise<ComputeGround["quotas"]> {
  const { capacityProviders = [], launchType = "FARGATE" } = facts;
  if (capacityProviders.length === 0 && launchType !== "FARGATE") return undefined;
  const providers = capacityProviders.length === 0 ? [launchType] : [...new Set(capacityProviders)];
  const launching = providers.filter((provider) => CODES[provider] === undefined);
  if (launching.length > 0) {
    const which = launching.join(" and ");
    throw new NotGiven(`capacity provider ${which} launches machines, and their kind says which quota is theirs`);
  }
  return await Promise.all(
    providers
      .flatMap((provider) => CODES[provider] ?? [])
      .map(async (code) => {
        const doing = `look up quota ${code}`;
        const found = Quota.safeParse(await by.lookups.quotas(region).ask({ id: code, doing, signal }));
        if (!found.success) throw new NotGiven(`Service Quotas gives no value for quota ${code} in ${region}`);
        const { QuotaName: name, Value: vcpus } = found.data;
        return { name, code, vcpus };
      }),
  );
}

const UNITS_A_VCPU = 1_024;

/** What one task takes of them, by the `cpu` of its definition, which Fargate demands. */
export const vcpusOf = ({ cpu }: { readonly cpu?: number | undefined }): Pick<ComputeGround, "vcpusOfTask"> =>
  cpu === undefined ? {} : { vcpusOfTask: cpu / UNITS_A_VCPU };
