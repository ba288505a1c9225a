import { factsIn } from "../../../domain/service/observation.ts";
import { besides, type Region } from "../../../domain/service/service.ts";
import { judge } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";

type Open = Omit<FailoverRequest, "to">;

/** Where a service goes when nobody says where, and why not to a region of higher priority: a sentence for each. */
export interface Target {
  readonly to: Region;
  readonly passedOver: readonly string[];
}

/**
 * The ready region of highest priority beside the one that is left. Where none is ready, the first one that can be planned
 * for: what is wrong there is agreed to in words. Where there is none of these either, the refusal is about the first one.
 */
export function targetOf(request: Open): Target {
  const { service, observed } = request;
  const { activeRegion } = observed;
  // While nobody can say which region takes writes, a move is away from home.
  const regions = besides(service, activeRegion.known ? activeRegion.value : service.home);
  const judged = regions.map((to) => ({ to, ...against(request, to) }));
  const chosen =
    judged.find(({ refusal, unready }) => refusal === undefined && unready === undefined) ??
    judged.find(({ refusal }) => refusal === undefined) ??
    judged[0];
  const before = chosen ? judged.slice(0, judged.indexOf(chosen)) : [];
  return {
    to: chosen?.to ?? service.home,
    passedOver: before.map(({ to, refusal, unready }) => `${to} comes earlier in twokey.yaml: ${refusal ?? unready}`),
  };
}

interface Against {
  /** Why no plan can be made. */
  readonly refusal?: string | undefined;
  /** Why it could not take over as it should. */
  readonly unready?: string | undefined;
}

function against(request: Open, to: Region): Against {
  const [refusal] = judge({ ...request, to }).refusals;
  const unready = factsIn(request.observed, to).find(([, facts]) => facts.unready !== undefined)?.[1].unready;
  return { refusal, unready };
}
