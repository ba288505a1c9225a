import type { ByHandBlock } from "../../../../domain/plan-run/by-hand.ts";
import { keptIn, readAs, savedAs } from "../../../steps/by-hand.ts";

interface Named {
  readonly cluster: string;
  readonly service: string;
}

/** Keeps the number of tasks and the auto scaling in files, so that people can give them back. */
export const savedByHand = (region: string, { cluster, service }: Named): string[] => [
  savedAs(`${service}-${region}`),
  ...keptIn("$saved-scaling.json", targetsOf(region, { cluster, service })),
  ...keptIn(
    "$saved-service.json",
    `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service}`,
  ),
];

const targetsOf = (region: string, { cluster, service }: Named): string =>
  `aws application-autoscaling describe-scalable-targets --region ${region} --service-namespace ecs --resource-ids service/${cluster}/${service}`;

const suspended = (is: boolean): string =>
  `--suspended-state DynamicScalingInSuspended=${is},DynamicScalingOutSuspended=${is},ScheduledScalingSuspended=${is}`;

/** To 0..0, so that no part of it starts a task. */
export const closedByHand = (region: string, named: Named): string[] =>
  scaledByHand(region, named, `--min-capacity 0 --max-capacity 0 ${suspended(true)}`);

interface Stood {
  readonly desired: number;
  readonly scaling: {
    readonly min: number;
    readonly max: number;
    readonly suspended: { readonly scaleIn: boolean; readonly scaleOut: boolean; readonly scheduled: boolean };
  } | null;
}

/** As undo does it: auto scaling as it was, and no task fewer than AWS has by now. */
export function reopenedByHand(region: string, { cluster, service }: Named, { desired, scaling }: Stood): string[] {
  const { scaleIn, scaleOut, scheduled } = scaling?.suspended ?? {};
  const seen = `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service}`;
  return [
    ...(scaling === null
      ? []
      : [
          `aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${cluster}/${service} --min-capacity ${scaling.min} --max-capacity ${scaling.max} --suspended-state DynamicScalingInSuspended=${scaleIn},DynamicScalingOutSuspended=${scaleOut},ScheduledScalingSuspended=${scheduled}`,
        ]),
    ...atLeast("desired", { asked: seen, at: "services[0].desiredCount", least: desired }),
    `aws ecs update-service --region ${region} --cluster ${cluster} --service ${service} --desired-count "$desired"`,
  ];
}

/** As the step does it: what AWS has is raised and never lowered, and whatever was suspended works again. */
export function raisedByHand(region: string, named: Named & Wanted): string[] {
  const { cluster, service, tasks, max_tasks: max = 0 } = named;
  const target = targetsOf(region, named);
  const seen = `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service}`;
  return [
    ...atLeast("min", { asked: target, at: "ScalableTargets[0].MinCapacity", least: tasks }),
    ...atLeast("max", { asked: target, at: "ScalableTargets[0].MaxCapacity", least: Math.max(tasks, max) }),
    ...scaledByHand(region, named, `--min-capacity "$min" --max-capacity "$max" ${suspended(false)}`),
    ...atLeast("desired", { asked: seen, at: "services[0].desiredCount", least: tasks }),
    `aws ecs update-service --region ${region} --cluster ${cluster} --service ${service} --desired-count "$desired"`,
  ];
}

/** How many tasks run of those that are wanted; go on once enough do. */
export const runningByHand = (region: string, { cluster, service, tasks }: Named & Wanted) => ({
  look: `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service} --query 'services[0].[runningCount,desiredCount]' --output text`,
  goOn: `when the first number is ${tasks} or more.`,
});

/** Those that are listed as stopped are all that there were only once no other one runs. */
export const noneRunsByHand = (region: string, { cluster, service }: Named) => ({
  look: `aws ecs describe-services --region ${region} --cluster ${cluster} --services ${service} --query 'services[0].runningCount' --output text`,
  goOn: "when that says 0.",
});

/** Tasks that drain still write. */
export const drainedByHand = (region: string, { cluster, service }: Named): ByHandBlock => ({
  before: "Tasks drain for minutes, and write meanwhile.",
  commands: [
    `(tasks=$(aws ecs list-tasks --region ${region} --cluster ${cluster} --service-name ${service} --desired-status STOPPED --query 'taskArns[]' --output text) || exit 1; for task in $(echo "\${tasks#None}"); do aws ecs describe-tasks --region ${region} --cluster ${cluster} --tasks "$task" --query 'tasks[0].lastStatus' --output text || exit 1; done)`,
  ],
  goOn: "when each line says STOPPED. No line at all: none drains any more, and ECS has forgotten those that did.",
});

interface Wanted {
  readonly tasks: number;
  readonly max_tasks?: number | undefined;
}

/** What AWS has, or what is wanted where that is more; what AWS does not have counts as 0. */
const atLeast = (
  variable: string,
  { asked, at, least }: { readonly asked: string; readonly at: string; readonly least: number },
): string[] => readAs(variable, `${asked} --query 'max([${at} || \`0\`, \`${least}\`])' --output text`);

/** Auto scaling is changed where there is some: registering it would make a target for a service that has none. */
const scaledByHand = (region: string, { cluster, service }: Named, limits: string): string[] => [
  'if grep -q ScalableDimension "$saved-scaling.json"',
  "then",
  `  aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${cluster}/${service} ${limits}`,
  "fi",
];
