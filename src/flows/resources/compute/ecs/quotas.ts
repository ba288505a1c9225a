import { atLeast } from "../../../../domain/plan-run/bound.ts";
import type { Acceptance } from "../../../../domain/plan-run/plan.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { ComputeGround } from "../../../../ports/compute.ts";
import type { EcsAt } from "./look.ts";
import { compute } from "./parts.ts";

/**
 * What the account may run on Fargate at once. Only that the quota alone is too small is judged: how much of it others use is
 * minutes old wherever AWS tells it.
 */
export function quotaBlockers(at: EcsAt, region: Region): string[] {
  const short = shortOf(at, region);
  if (!short || short.room > 0 || short.live > 0) return [];
  const { service, vcpus, each } = short;
  return [
    `${service} in ${region} starts its tasks on Fargate, and ${vcpus}: not one task of ${sayVcpus(each)} would start. Ask AWS for more in Service Quotas first.`,
  ];
}

export function quotaAcceptances(at: EcsAt, region: Region): Acceptance[] {
  const short = shortOf(at, region);
  if (!short) return [];
  const { service, tasks, room, vcpus, each } = short;
  return [
    {
      id: "quota-too-small",
      words: `I accept that ${service} in ${region} has room for at most ${room} of ${tasks} tasks: ${vcpus}, and a task takes ${each}`,
      danger: `The account's quota allows ${room} of ${tasks} tasks of ${service} in ${region}.`,
      bound: atLeast(room),
    },
  ];
}

/** What nobody could read is no reason to take it for enough. */
export function quotaUnseen(at: EcsAt, region: Region): string[] {
  const wanted = missingIn(at, region);
  if (!wanted) return [];
  const { service, tasks, ground } = wanted;
  const why =
    ground.unseenQuota ??
    (ground.quotas && ground.vcpusOfTask === undefined ? "its task definition does not say its CPU" : undefined);
  return why === undefined
    ? []
    : [`whether the account's quota allows ${tasks} tasks of ${service} in ${region}: ${why}`];
}

interface Short {
  readonly service: string;
  readonly tasks: number;
  /** Tasks that run or start. */
  readonly live: number;
  /** Most tasks that the quotas allow. */
  readonly room: number;
  /** What the account may run, in words. */
  readonly vcpus: string;
  readonly each: number;
}

/** Undefined: nothing is missing, the quotas are enough, or nobody knows them. */
function shortOf(at: EcsAt, region: Region): Short | undefined {
  const wanted = missingIn(at, region);
  if (!wanted) return undefined;
  const { service, tasks, live, ground } = wanted;
  const { quotas, vcpusOfTask: each } = ground;
  if (!quotas || each === undefined) return undefined;
  // A task starts on one of them: what is left of each is no room for another.
  const room = quotas.reduce((sum, { vcpus }) => sum + Math.floor(vcpus / each), 0);
  return room < tasks ? { service, tasks, live, room, vcpus: sayQuotas(quotas), each } : undefined;
}

interface Missing {
  readonly service: string;
  readonly tasks: number;
  readonly live: number;
  readonly ground: ComputeGround;
}

/** Undefined where all of its tasks run already. */
function missingIn(at: EcsAt, region: Region): Missing | undefined {
  const now = at.seen.in[region];
  const ground = at.seen.ground?.[region];
  const { service, tasks } = compute(at.resource, region);
  if (!now?.known || !ground?.known || now.value.running >= tasks) return undefined;
  return { service, tasks, live: now.value.running + now.value.pending, ground: ground.value };
}

const sayQuotas = (quotas: NonNullable<ComputeGround["quotas"]>): string =>
  `the account may run ${quotas.map(({ name, code, vcpus }) => `${sayVcpus(vcpus)} there (${name}, ${code})`).join(" and ")}`;

const sayVcpus = (vcpus: number): string => `${vcpus} ${vcpus <= 1 ? "vCPU" : "vCPUs"}`;
