import type { ServiceScheduler } from "./ecs-scheduler.ts";
import { definitionOf, type EcsServiceSpec, type EcsSpec, type FargateQuota } from "./ecs-spec.ts";

export type FargateProvider = FargateQuota["provider"];

/** As Service Quotas knows them, under the service code `fargate`. */
export const FARGATE_QUOTAS: Readonly<Record<FargateProvider, { readonly code: string; readonly name: string }>> = {
  FARGATE: { code: "L-3032A538", name: "Fargate On-Demand vCPU resource count" },
  FARGATE_SPOT: { code: "L-36FBB829", name: "Fargate Spot vCPU resource count" },
};
/** Of an account that has been used for some time; a new one begins with six. */
const ORDINARY_VCPUS = 4_000;
const UNITS_A_VCPU = 1_024;

const isProvider = (name: string): name is FargateProvider => Object.hasOwn(FARGATE_QUOTAS, name);

/** Null: there is none. */
export function fargateQuota(spec: EcsSpec, region: string, provider: FargateProvider): number | null {
  const found = spec.fargateQuotas.find((each) => each.region === region && each.provider === provider);
  return found ? found.vcpus : ORDINARY_VCPUS;
}

/** What the tasks of a service start on; undefined: on machines. */
function providersOf({ capacityProviders, launchType }: EcsServiceSpec): readonly FargateProvider[] | undefined {
  if (capacityProviders.length === 0) return launchType === "FARGATE" ? ["FARGATE"] : undefined;
  const fargate = capacityProviders.filter(isProvider);
  return fargate.length === capacityProviders.length ? fargate : undefined;
}

const vcpusOf = (spec: EcsSpec, taskDefinition: string): number =>
  (definitionOf(spec, taskDefinition)?.cpuUnits ?? 0) / UNITS_A_VCPU;

const live = ({ tasks }: ServiceScheduler) => tasks.filter(({ status }) => status !== "STOPPED");

/** How many tasks of a service may live beside those of the others of the account. Infinity: no quota limits them. */
export function fargateRoom(spec: EcsSpec, service: EcsServiceSpec, all: readonly ServiceScheduler[]): number {
  const providers = providersOf(service);
  const each = vcpusOf(spec, service.taskDefinition);
  if (!providers || each === 0) return Number.POSITIVE_INFINITY;
  const others = all.filter(({ spec: other }) => other !== service && other.region === service.region);
  const inUse = others
    .filter(({ spec: other }) => providersOf(other)?.some((provider) => providers.includes(provider)))
    .flatMap(live)
    .reduce((sum, { taskDefinition }) => sum + vcpusOf(spec, taskDefinition), 0);
  const quotas = providers.map((provider) => fargateQuota(spec, service.region, provider) ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.floor((quotas.reduce((sum, quota) => sum + quota, 0) - inUse) / each));
}
