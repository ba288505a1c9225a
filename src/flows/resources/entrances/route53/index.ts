import { storedStep } from "../../../../ports/stored-step.ts";
import { defineKind } from "../../kind.ts";
import { discover } from "./discover.ts";
import { RULES } from "./lint.ts";
import { identity, look, type Route53Seen, tell } from "./look.ts";
import { move } from "./move.ts";
import { LOOKS, names, permits, records, subjects } from "./parts.ts";
import { ABOUT, Route53 } from "./settings.ts";
import { shiftTraffic } from "./shift-traffic.ts";

export const route53 = defineKind<Route53, Route53Seen>({
  ...{ kind: "route53", role: "entrances", settings: Route53, isByRegion: false },
  about: ABOUT,
  ...{ subjects, records, discover, lint: RULES, parts: { names }, permits, looks: LOOKS },
  ...{ look, tell, readiness: () => undefined, identity, entrance: move },
  steps: [storedStep(shiftTraffic)],
});
