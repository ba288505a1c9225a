import { defineKind } from "../../kind.ts";
import { discover } from "./discover.ts";
import { RULES } from "./lint.ts";
import { records, subjects, traffic } from "./parts.ts";
import { ABOUT, Route53 } from "./settings.ts";

export const route53 = defineKind<Route53>({
  ...{ kind: "route53", role: "entrances", settings: Route53, isByRegion: false },
  about: ABOUT,
  ...{ subjects, records, discover, lint: RULES, parts: { traffic } },
});
