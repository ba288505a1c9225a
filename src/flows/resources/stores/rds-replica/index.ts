import { defineKind } from "../../kind.ts";
import { discover } from "./discover.ts";
import { RULES } from "./lint.ts";
import { database, databaseRecord, records, subjects } from "./parts.ts";
import { ABOUT, RdsReplica } from "./settings.ts";

export const rdsReplica = defineKind<RdsReplica>({
  ...{ kind: "rds-replica", role: "stores", settings: RdsReplica, isByRegion: true },
  about: ABOUT,
  lagMetric: { namespace: "AWS/RDS", metric: "ReplicaLag" },
  ...{ subjects, records, discover, lint: RULES, parts: { database, databaseRecord } },
});
