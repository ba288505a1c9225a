import { planned } from "../../../../ports/step.ts";
import type { ComputeAbilities } from "../../abilities.ts";
import { checkDirect } from "./check-direct.ts";
import { acceptances, blockers, refusals, unchecked } from "./judged.ts";
import type { EcsSeen } from "./look.ts";
import { balancer, compute, isWorker } from "./parts.ts";
import { scaleOut } from "./scale-out.ts";
import type { Ecs } from "./settings.ts";

/**
 * Scales the service of the other region out, and asks it at its own load balancer before users come. A worker has none:
 * that its tasks run is what its scale-out proves.
 */
export const move: ComputeAbilities<Ecs, EcsSeen> = {
  refusals,
  blockers,
  acceptances,
  unchecked,

  reachedBy: (resource) => (isWorker(resource) ? "nobody" : "load-balancer"),

  isHealthyEarly: ({ resource }) => resource.healthy_means === "process",

  prepare({ resource }, { to }, { id, after }) {
    const site = compute(resource, to);
    return planned(scaleOut, {
      ...{ id: id("scale-out"), after },
      input: { region: to, compute: site, tasks: site.tasks },
    });
  },

  prove({ resource, service }, { to, url, byHandFirst, ledBy }, { id, after }) {
    const site = compute(resource, to);
    const front = balancer(resource, to);
    if (front === undefined) return undefined;
    return planned(checkDirect, {
      ...{ id: id("check-direct"), after },
      input: {
        ...{ region: to, service: service.name, url, via: front.dns_name },
        ...{ compute: site, tasks: site.tasks, scaledBy: id("scale-out"), byHandFirst: [...byHandFirst], ledBy },
      },
    });
  },
};
