import { rolesOf } from "../../domain/service/resource.ts";
import { resourcesOf, type Service } from "../../domain/service/service.ts";
import type { Look } from "../../ports/permission.ts";
import { KINDS } from "./index.ts";
import { settled } from "./settle.ts";

/** By which the states of alarms are read again. No policy can name the alarms of a region one by one. */
export const ALARM_ACTIONS: readonly string[] = ["cloudwatch:DescribeAlarms"];

/** Every call by which alarms, or a resource of any kind, are looked at: what a session that only looks may do. */
export const LOOK_ACTIONS: readonly string[] = [
  ...new Set([...ALARM_ACTIONS, ...KINDS.flatMap(({ looks }) => looks.flatMap(({ actions }) => actions))]),
].toSorted();

/** What is looked at for these services, each part by the role that enters it. */
export function looksFor(services: readonly Service[]): readonly Look[] {
  return services.flatMap((service) =>
    resourcesOf(service).flatMap((placed) => {
      const { kind, resource } = settled(service, placed);
      const roles = rolesOf(resource);
      return kind.looks.map(({ on, actions, by, isGlobal }): Look => {
        const regions = on === undefined && !isGlobal ? service.regions : undefined;
        return { actions, by, regions, on: on?.(resource, service.regions), roles };
      });
    }),
  );
}
