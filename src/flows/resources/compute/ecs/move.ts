import { planned } from "../../../../ports/step.ts";
import type { ComputeAbilities } from "../../abilities.ts";
import { checkDirect } from "./check-direct.ts";
import type { EcsSeen } from "./look.ts";
import { balancer, compute, isWorker } from "./parts.ts";
import { haveFailed, scaleOut } from "./scale-out.ts";
import type { Ecs } from "./settings.ts";

/**
 * Scales the service of the other region out, and asks it at its own load balancer before users come. A worker has none:
 * that its tasks run is what its scale-out proves.
 */
export const move: ComputeAbilities<Ecs, EcsSeen> = {
  refusals({ seen }, { to }) {
    const now = seen.in[to];
    if (!now) return [`There is no service in ${to}.`];
    if (!now.known) return [`The standby service in ${to} cannot be seen: ${now.why}. Ask again when it can.`];
    const { status, deployments } = now.value;
    if (status !== "ACTIVE") return [`The standby service in ${to} is ${status}. It has to be ACTIVE first.`];
    return deployments.some(haveFailed)
      ? [
          `The last deployment of the standby service in ${to} failed: its tasks do not start. Deploy one that starts first.`,
        ]
      : [];
  },

  unchecked: ({ resource }, { to }) => [
    `whether ${to} has the capacity for ${compute(resource, to).tasks} tasks right now`,
  ],

  reachedBy: (resource) => (isWorker(resource) ? "nobody" : "load-balancer"),

  isHealthyEarly: ({ resource }) => resource.healthy_means === "process",

  prepare({ resource }, { to }, { id, after }) {
    const site = compute(resource, to);
    return planned(scaleOut, {
      ...{ id: id("scale-out"), after },
      input: { region: to, compute: site, tasks: site.tasks },
    });
  },

  prove({ resource, service }, { to, url, byHandFirst }, { id, after }) {
    const site = compute(resource, to);
    const front = balancer(resource, to);
    if (front === undefined) return undefined;
    return planned(checkDirect, {
      ...{ id: id("check-direct"), after },
      input: {
        ...{ region: to, service: service.name, url, via: front.dns_name },
        ...{ compute: site, tasks: site.tasks, scaledBy: id("scale-out"), byHandFirst: [...byHandFirst] },
      },
    });
  },
};
