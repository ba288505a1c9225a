import { type Resource, rolesOf } from "../../domain/service/resource.ts";
import { resourcesOf, type Service } from "../../domain/service/service.ts";
import type { Permission } from "../../ports/permission.ts";
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
