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
];
