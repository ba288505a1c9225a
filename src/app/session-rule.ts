import { eachService, type Rule, rule } from "../config/rules/rule.ts";
import { UserError } from "../domain/errors.ts";
import { rolesOf } from "../domain/service/resource.ts";
import { type Region, type Service, serviceFrom } from "../domain/service/service.ts";
import { type KindPlace, placesOf } from "../flows/resources/places.ts";
import type { Permission } from "../ports/permission.ts";
import { sessionTrouble } from "./session-lengths.ts";

/**
 * The fence of a region is the one step that is about all of a service's resources there, so that it alone grows with them. What
 * the file leaves to AWS is measured when a plan is made.
 */
export const SESSION_RULE: Rule = rule({
  name: "session-fits",
  severity: "error",
  because: "STS takes 2,048 characters for the limits of a session, and no step acts without its limits.",
  needs: ["services", "aws"],
  check: ({ services, aws }) =>
    eachService(services, (file, path, name) => {
      const service = serviceFrom(name, file);
      // Regions are alike: one of them says it for all.
      const found = service.regions.flatMap((region) => {
        const trouble = sessionTrouble({ aws }, fencingOf(service, region));
        return trouble === undefined
          ? []
          : [
              {
                path: [...path, "regions"],
                what: `what fences ${region} is too long for one session: ${trouble.what}`,
                instead: trouble.instead,
              },
            ];
      });
      return found.slice(0, 1);
    }),
});

const fencingOf = (service: Service, region: Region): Permission[] =>
  placesOf(service).flatMap((place) => permissionsOf(place, region));

function permissionsOf(place: KindPlace, region: Region): readonly Permission[] {
  const { fence } = place.kind;
  if (!fence) return [];
  const roles = rolesOf(place.resource);
  try {
    const permissions = fence.permissions(fence.thingsOf(place, region), undefined);
    return roles ? permissions.map((one) => ({ ...one, roles })) : permissions;
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
