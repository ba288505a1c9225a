import { atLeast, atMost, downTo } from "../../../../domain/plan-run/bound.ts";
import type { Acceptance } from "../../../../domain/plan-run/plan.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { ComputeFacts, ComputeGround } from "../../../../ports/compute.ts";
import type { ComputeJudging } from "../../abilities.ts";
import type { Move } from "../../place.ts";
import { drainRefusals, drainUnchecked } from "./drains.ts";
import { imageAcceptances, imageBlockers, imagesUnseen, silentRegistries } from "./images.ts";
import type { EcsAt } from "./look.ts";
import { compute } from "./parts.ts";
import { quotaAcceptances, quotaBlockers, quotaUnseen } from "./quotas.ts";
import { rolesUnseen } from "./roles.ts";
import { haveFailed } from "./scale-out.ts";

/** Why it cannot go there, each with what to do instead. */
export function refusals(at: EcsAt, move: Judged): string[] {
  const { to } = move;
  const now = at.seen.in[to];
  if (!now) return [`There is no service in ${to}.`];
  if (!now.known) return [`The standby service in ${to} cannot be seen: ${now.why}. Ask again when it can.`];
  return [...blockers(at, to), ...silentRegistries(at, move), ...drainRefusals(at, move)];
}

type Judged = Pick<Move, "from" | "to" | "mode" | "continues">;

/** Why a scale-out there would surely fail, or never be seen to end. */
export function blockers(at: EcsAt, region: Region): string[] {
  const now = at.seen.in[region];
  if (!now?.known) return [];
  const { status, deployments, controller = "ECS" } = now.value;
  if (status !== "ACTIVE") return [`The standby service in ${region} is ${status}. It has to be ACTIVE first.`];
  return [
    ...(deployments.some(haveFailed)
      ? [
          `The last deployment of the standby service in ${region} failed: its tasks do not start. Deploy one that starts first.`,
        ]
      : []),
    ...(controller === "ECS"
      ? []
      : [
          `The standby service in ${region} has deployment controller ${controller}. ECS shows no deployment of such a service, so nobody could see that its scale-out ends. Use a service that ECS itself deploys.`,
        ]),
    ...clusterBlockers(at, region),
    ...networkBlockers(at, region),
    ...imageBlockers(at, region),
    ...quotaBlockers(at, region),
  ];
}

/** What the cluster lacks, so that not one task would start. */
function clusterBlockers(at: EcsAt, region: Region): string[] {
  const now = at.seen.in[region];
  const ground = at.seen.ground?.[region];
  if (!now?.known || !ground?.known || !ground.value.cluster) return [];
  const { cluster: name, service, tasks } = compute(at.resource, region);
  if (now.value.running >= tasks) return [];
  const { status, machines, capacityProviders } = ground.value.cluster;
  if (status !== "ACTIVE") return [`The ECS cluster ${name} in ${region} is ${status}. It has to be ACTIVE first.`];
  const { capacityProviders: wanted = [], launchType = "FARGATE" } = now.value;
  const missing = wanted.filter((provider) => !capacityProviders.includes(provider));
  if (missing.length > 0)
    return [
      `${service} in ${region} starts its tasks by capacity provider ${missing.join(" and ")}, which the ECS cluster ${name} does not have. Give the cluster that provider first.`,
    ];
  return wanted.length === 0 && launchType !== "FARGATE" && machines === 0
    ? [
        `${service} in ${region} has launch type ${launchType}, and the ECS cluster ${name} has no machine to start a task on. Register machines, or use Fargate.`,
      ]
    : [];
}

/** Why nobody could tell that its tasks serve, or why not one has an address. */
function networkBlockers(at: EcsAt, region: Region): string[] {
  const now = at.seen.in[region];
  const ground = at.seen.ground?.[region];
  if (!now?.known || !ground?.known) return [];
  const { service, tasks, target_group: group } = compute(at.resource, region);
  const { networkMode = "awsvpc", targetType = "ip" } = ground.value;
  if (group !== undefined && (networkMode !== "awsvpc" || targetType !== "ip"))
    return [
      `${service} in ${region} has network mode ${networkMode} and a target group of type ${targetType}. TwoKey knows a task's target by the task's own address, so nobody could see that its targets are healthy. Use awsvpc and a target group of type ip.`,
    ];
  // Some tasks are better than none: only where not one stands or starts is there nothing to move users to.
  return tasks > 0 && now.value.running + now.value.pending === 0 && freeAddresses(ground.value) === 0
    ? [
        ground.value.subnets?.length === 0
          ? `${service} in ${region} names ${sayAbsent(ground.value)}, so not one more task would start. Give it subnets that are there first.`
          : `The subnets of ${service} in ${region} have no free address, so not one more task would start. Free some first.`,
      ]
    : [];
}

/** Of all its subnets; undefined: its tasks need none of their own. */
const freeAddresses = ({ subnets }: ComputeGround): number | undefined =>
  subnets?.reduce((sum, { free }) => sum + free, 0);

/** For how many tasks in all: those that have one keep it, or give it back when they have ended. While one is replaced that is no more, and no less. */
function addressesFor({ running, pending }: ComputeFacts, ground: ComputeGround): number | undefined {
  const free = freeAddresses(ground);
  return free === undefined ? undefined : free + (ground.held ?? running + pending);
}

const sayAbsent = ({ absentSubnets: ids = [] }: ComputeGround): string =>
  `${ids.join(" and ")}, which ${ids.length === 1 ? "does" : "do"} not exist`;

/** What people agree to: the scale-out may take longer, or bring less. */
export function acceptances(at: EcsAt, { from, to, isBegun }: ComputeJudging): Acceptance[] {
  const now = at.seen.in[to];
  if (!now?.known) return [];
  const { service, tasks } = compute(at.resource, to);
  const what = `${service} in ${to}`;
  return [
    ...((isBegun ? hasAnother(now.value) : isRollingOut(now.value))
      ? [
          {
            id: "deployment-under-way",
            words: `I accept that somebody's deployment of ${what} is under way: the scale-out waits for its end, and its tasks may not start`,
            danger: `A deployment of ${what} is under way.`,
          },
        ]
      : []),
    ...(isBegun
      ? []
      : [
          ...capacityAcceptances(now.value, at.seen.ground?.[to], { what, tasks }),
          ...taskAcceptances(now.value, at.seen.ground?.[to], { what, tasks, from }),
          ...quotaAcceptances(at, to),
        ]),
  ];
}

/** New tasks need an address each, and their image. */
function taskAcceptances(facts: ComputeFacts, ground: Ground, { what, tasks, from }: Wanted & From): Acceptance[] {
  const missing = tasks - facts.running;
  if (missing <= 0 || !ground?.known) return [];
  const room = addressesFor(facts, ground.value) ?? tasks;
  return [
    ...(room < tasks
      ? [
          {
            id: "few-addresses",
            words: `I accept that the subnets of ${what} have addresses for ${room} of the ${tasks} tasks that are wanted`,
            danger: `${what} has addresses for ${room} of ${tasks} tasks.`,
            bound: atLeast(room),
          },
        ]
      : []),
    ...(ground.value.absentSubnets
      ? [
          {
            id: "subnet-gone",
            words: `I accept that ${what} names ${sayAbsent(ground.value)}: a task that ECS would start there does not start`,
            danger: `${what} names a subnet that does not exist.`,
            bound: atMost(ground.value.absentSubnets.length),
          },
        ]
      : []),
    ...imageAcceptances(ground.value, { what, from }),
  ];
}

interface From {
  readonly from: Region;
}

/** A scale-out makes none, though the one that is there may be in progress again by it. */
const hasAnother = ({ deployments }: ComputeFacts): boolean => deployments.some(({ primary }) => !primary);

const isRollingOut = (facts: ComputeFacts): boolean =>
  hasAnother(facts) || facts.deployments.some(({ rollout }) => rollout === "IN_PROGRESS");

interface Wanted {
  readonly what: string;
  readonly tasks: number;
}

function capacityAcceptances(facts: ComputeFacts, ground: Ground, { what, tasks }: Wanted): Acceptance[] {
  if (facts.running >= tasks) return [];
  const { capacityProviders: providers = [], launchType = "FARGATE" } = facts;
  if (providers.length > 0 && providers.every((provider) => provider === "FARGATE_SPOT"))
    return [
      {
        id: "spot-only",
        words: `I accept that ${what} starts its tasks on Fargate Spot alone: AWS may have none, and stops them again with two minutes' notice`,
        danger: `${what} runs on Fargate Spot alone.`,
      },
    ];
  const machines = ground?.known ? ground.value.cluster?.machines : undefined;
  if (providers.length > 0 || launchType === "FARGATE" || machines === undefined) return [];
  const count = `${machines} ${machines === 1 ? "machine" : "machines"}`;
  // One at a time is replaced, and is away for some minutes then.
  const least = Math.max(1, machines - 1);
  const orFewer = least < machines ? `, or on ${least} while one of them is replaced,` : "";
  return [
    {
      id: "fixed-machines",
      words: `I accept that ${what} starts its tasks on the ${count} that its cluster has now${orFewer} and that they may have room for fewer than ${tasks} tasks`,
      danger: `${what} starts on ${count}, and no more are added.`,
      bound: downTo(least, machines),
    },
  ];
}

type Ground = NonNullable<EcsAt["seen"]["ground"]>[Region] | undefined;

/** What nobody can ask AWS, and what did not answer. */
export function unchecked(at: EcsAt, move: Judged): string[] {
  const { to } = move;
  const { service, tasks } = compute(at.resource, to);
  const ground = at.seen.ground?.[to];
  return [
    `whether ${to} has the capacity for ${tasks} tasks right now`,
    ...(at.seen.in[to]?.known && ground && !ground.known
      ? [`what the tasks of ${service} in ${to} would start on: ${ground.why}`]
      : []),
    ...imagesUnseen(at, to),
    ...quotaUnseen(at, to),
    ...rolesUnseen(at, to),
    ...drainUnchecked(at, move),
  ];
}
