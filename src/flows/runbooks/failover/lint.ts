import { resourcesOf } from "../../../domain/service/service.ts";
import { kindOf } from "../../resources/index.ts";
import type { RunbookRule } from "../runbook.ts";

export const RULES: readonly RunbookRule[] = [
  {
    name: "every-store-can-move",
    severity: "warning",
    because: "People look for a failover to another region on the day that they need one.",
    check: (service, path) =>
      resourcesOf(service)
        .filter(({ role, resource }) => {
          const { store } = kindOf(role, resource);
          return store !== undefined && store.move === undefined && service.regions.length > 1;
        })
        .map(({ path: place, resource }) => ({
          path: [...path, ...place, "kind"],
          what: `this store cannot leave ${Object.keys(resource.in ?? {}).join(" and ")}: /dr failover will refuse`,
          instead: "know that this service ends with its region, or keep a copy elsewhere by another kind of store",
        })),
  },
];
