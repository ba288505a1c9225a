import { defineKind } from "../../kind.ts";
import { discover } from "./discover.ts";
import { RULES } from "./lint.ts";
import { balancer, compute, subjects } from "./parts.ts";
import { ABOUT, Ecs } from "./settings.ts";

export const ecs = defineKind<Ecs>({
  ...{ kind: "ecs", role: "compute", settings: Ecs, isByRegion: false },
  about: ABOUT,
  ...{ subjects, records: () => [], discover, lint: RULES, parts: { balancer, compute } },
});
