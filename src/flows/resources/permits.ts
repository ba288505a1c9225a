import { UserError } from "../../domain/errors.ts";
import { type Resource, rolesOf } from "../../domain/service/resource.ts";
import { type Region, resourcesOf, type Service } from "../../domain/service/service.ts";
import type { Permission } from "../../ports/permission.ts";
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
