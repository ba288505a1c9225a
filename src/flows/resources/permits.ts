import { UserError } from "../../domain/errors.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import { type Resource, rolesOf } from "../../domain/service/resource.ts";
import { type Region, resourcesOf, type Service } from "../../domain/service/service.ts";
import { type Permission, rolesIn } from "../../ports/permission.ts";
import { type KindPlace, placesOf } from "./places.ts";
import { settled } from "./settle.ts";

/** All that runs may ever need for these services, each part by the role that enters it. */
export function permitsFor(services: readonly Service[]): readonly Permission[] {
  return services.flatMap((service) =>
    resourcesOf(service).flatMap((placed) => {
      const { kind, resource } = settled(service, placed);
      return kind.permits(resource, service.regions).map((permission) => entered(permission, resource));
    }),
  );
}

/** ARNs of all roles by which runs of that service act; none where one of them has the credentials of the process itself. */
export function actingRoles({ file: { aws }, services }: Inventory, service: string): readonly string[] {
  const roles = rolesIn(permitsFor(services.filter(({ name }) => name === service))).map((role) => role ?? aws.role);
  const known = roles.flatMap((role) => role ?? []);
  return known.length === roles.length ? [...new Set(known)] : [];
}

function entered(permission: Permission, resource: Resource): Permission {
  const roles = rolesOf(resource);
  return roles ? { ...permission, roles } : permission;
}

/** What the step that closes a whole region may call, as far as the file says it by itself. */
export const permissionsToClose = (service: Service, region: Region): Permission[] =>
  placesOf(service).flatMap((place) => closing(place, region));

function closing(place: KindPlace, region: Region): readonly Permission[] {
  const { fence } = place.kind;
  if (!fence) return [];
  try {
    return fence
      .permissions(fence.thingsOf(place, region), undefined)
      .map((permission) => entered(permission, place.resource));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
