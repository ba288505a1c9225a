import type { Region } from "../../../../domain/service/region.ts";
import type { Permission } from "../../../../ports/permission.ts";

export const scaling = (region: Region, cluster: string, service: string): readonly Permission[] => [
  { actions: ["ecs:UpdateService"], on: [{ service: "ecs", region, resource: `service/${cluster}/${service}` }] },
  {
    actions: ["application-autoscaling:RegisterScalableTarget"],
    // AWS gives a target an id of its own: a policy can name the region and the kind of target, not the service behind it.
    on: [{ service: "application-autoscaling", region, resource: "scalable-target/*" }],
    when: {
      StringEquals: {
        "application-autoscaling:service-namespace": ["ecs"],
        "application-autoscaling:scalable-dimension": ["ecs:service:DesiredCount"],
      },
    },
  },
];
