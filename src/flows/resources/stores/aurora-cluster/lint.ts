import type { KindRule } from "../../kind.ts";
import type { AuroraCluster } from "./settings.ts";

export const RULES: readonly KindRule<AuroraCluster>[] = [
  {
    name: "aurora-cluster-has-one-region",
    severity: "error",
    because: "A cluster of this kind has no copy elsewhere: two of them would be two stores.",
    check: ({ resource, path }) => {
      const at = [...path, "in"];
      const regions = Object.keys(resource.in);
      if (regions.length === 1) return [];
      const what = `an aurora-cluster lives in exactly one region, and ${regions.length} are written`;
      return [{ path: at, what, instead: "write each cluster as a store of its own" }];
    },
  },
  {
    name: "aurora-cluster-stays",
    severity: "warning",
    because: "People look for a failover to another region on the day that they need one.",
    check: ({ resource, path, service }) => {
      const [region = ""] = Object.keys(resource.in);
      const instead = "know that this service ends with its region, or keep a copy elsewhere by another kind of store";
      return service.regions.length > 1
        ? [{ path: [...path, "kind"], what: `this store cannot leave ${region}: /dr failover will refuse`, instead }]
        : [];
    },
  },
];
