import { eachService, type Rule, rule } from "../config/rules/rule.ts";
import { serviceFrom } from "../domain/service/service.ts";
import { permissionsToClose } from "../flows/resources/permits.ts";
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
        const trouble = sessionTrouble({ aws }, { permissions: permissionsToClose(service, region), service: name });
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
