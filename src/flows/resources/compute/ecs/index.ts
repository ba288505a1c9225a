import { storedStep } from "../../../../ports/stored-step.ts";
import { defineKind } from "../../kind.ts";
import { checkDirect } from "./check-direct.ts";
import { contradictions, discover } from "./discover.ts";
import { fence } from "./fence.ts";
import { RULES } from "./lint.ts";
import { type EcsSeen, identity, look, tell } from "./look.ts";
import { move } from "./move.ts";
import { balancer, compute, LOOKS, permits, shares, subjects } from "./parts.ts";
import { scaleOut } from "./scale-out.ts";
import { ABOUT, Ecs } from "./settings.ts";

export const ecs = defineKind<Ecs, EcsSeen>({
  ...{ kind: "ecs", role: "compute", settings: Ecs, isByRegion: false },
  about: ABOUT,
  ...{
    subjects,
    shares,
    records: () => [],
    discover,
    contradictions,
    lint: RULES,
    parts: { balancer, compute },
    permits,
    looks: LOOKS,
  },
  ...{ look, tell, readiness: () => undefined, identity, fence, compute: move },
  steps: [storedStep(scaleOut), storedStep(checkDirect)],
});
