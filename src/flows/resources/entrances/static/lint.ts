import type { KindRule } from "../../kind.ts";
import { exactly } from "../../regions.ts";
import type { Static } from "./settings.ts";

export const RULES: readonly KindRule<Static>[] = [
  {
    name: "static-value-for-each-region",
    severity: "error",
    because: "Nobody can be asked to move a name to a place that is not written down.",
    check: ({ resource, service, path }) =>
      resource.names.flatMap((entry, at) =>
        exactly([...path, "names", at, "in"], Object.keys(entry.in), service.regions),
      ),
  },
  {
    name: "static-name-once",
    severity: "error",
    because: "Of two entries with one name only one would be looked at.",
    check: ({ resource, path }) =>
      resource.names.flatMap(({ name }, at) =>
        resource.names.findIndex((each) => each.name === name) === at
          ? []
          : [{ path: [...path, "names", at, "name"], what: `${name} is named twice`, instead: "remove one of them" }],
      ),
  },
  {
    name: "static-values-differ",
    severity: "error",
    because: "Where two regions have the same value, nobody can see which of them a name leads to.",
    check: ({ resource, path }) =>
      resource.names.flatMap((entry, at) => {
        const values = Object.values(entry.in).map((value) => value.toLowerCase());
        return new Set(values).size === values.length
          ? []
          : [
              {
                path: [...path, "names", at, "in"],
                what: `${entry.name} leads to the same host name in two regions`,
                instead: "write a host name of each region's own",
              },
            ];
      }),
  },
];
