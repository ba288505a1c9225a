import { storedStep } from "../../../../ports/stored-step.ts";
import { defineKind } from "../../kind.ts";
import { discover } from "./discover.ts";
import { fence } from "./fence.ts";
import { forbidDeletion } from "./forbid-deletion.ts";
import { snapshot, turn } from "./inside.ts";
import { RULES } from "./lint.ts";
import { behind, identity, look, type RdsSeen, tell } from "./look.ts";
import { move } from "./move.ts";
import { database, databaseRecord, LOOKS, permits, records, shares, subjects } from "./parts.ts";
import { promoteReplica } from "./promote-replica.ts";
import { readiness } from "./readiness.ts";
import { rebootFailover } from "./reboot-instance.ts";
import { recordDataPosition } from "./record-data-position.ts";
import { ABOUT, RdsReplica } from "./settings.ts";
import { writer } from "./writer.ts";

export const rdsReplica = defineKind<RdsReplica, RdsSeen>({
  ...{ kind: "rds-replica", role: "stores", settings: RdsReplica, isByRegion: true },
  about: ABOUT,
  lagMetric: { namespace: "AWS/RDS", metric: "ReplicaLag" },
  ...{ subjects, records, shares, discover, lint: RULES, parts: { database, databaseRecord }, permits, looks: LOOKS },
  ...{ look, tell, readiness, identity, fence, store: { writer, behind, move, turn, snapshot } },
  steps: [
    storedStep(recordDataPosition),
    storedStep(promoteReplica),
    storedStep(forbidDeletion),
    storedStep(rebootFailover),
  ],
});
