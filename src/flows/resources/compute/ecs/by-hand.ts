import { savedAs } from "../../../steps/by-hand.ts";

interface Named {
  readonly cluster: string;
  readonly service: string;
}

/** Keeps the number of tasks and the auto scaling in files, so that people can give them back. */
export const savedByHand = (region: string, { cluster, service }: Named): string[] => [
  savedAs(service),
  `aws application-autoscaling describe-scalable-targets --region ${region} --service-namespace ecs --resource-ids service/${cluster}/${service} --output json > "$saved-scaling.json"`,
  `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service} --output json > "$saved-service.json"`,
];

/** Auto scaling is changed where there is some: registering it would make a target for a service that has none. */
export const scaledByHand = (region: string, { cluster, service }: Named, limits: string): string[] => [
  'if grep -q ScalableDimension "$saved-scaling.json"',
  "then",
  `  aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${cluster}/${service} ${limits}`,
  "fi",
];
