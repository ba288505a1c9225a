import { z } from "zod";
import { BackupDays, Duration } from "../../../../domain/duration.ts";
import { RegionName } from "../../../../domain/service/region.ts";
import {
  DATABASE_PASSWORD,
  ELSEWHERE,
  HttpUrl,
  orName,
  RecordName,
  Write,
  ZoneId,
} from "../../../../domain/service/resource.ts";

export const ABOUT =
  "An RDS instance in the home region and a read replica of it in each other region; a failover promotes a replica.";

const DAY_MS = 86_400_000;

const Instance = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be an RDS instance identifier in lower case")
    .describe("DBInstanceIdentifier, in lower case."),
  write_check: HttpUrl.describe(
    'URL that tries one write on exactly this instance, from inside its region and independent of the service: 200 {"written":true}, 503 {"written":false,"reason":"…"}; anything else counts as unknown.',
  ),
  endpoint: z
    .string()
    .optional()
    .describe("Host name of the instance's own endpoint; it does not change at promotion. Absent: discovered."),
  security_group: z
    .string()
    .regex(/^sg-[0-9a-z]+$/, "must be a security group id (sg-…)")
    .optional()
    .describe(
      "A security group of this instance. A fence closes every group that the instance carries, as RDS says at that moment; while RDS gives no answer it closes this one. Absent: discovered, where it has only one.",
    ),
  ...ELSEWHERE,
});

const WriterName = z.strictObject({
  name: RecordName.describe("Name by which the application finds its database."),
  zone: ZoneId.optional().describe("Hosted zone that holds the record. Absent: discovered."),
  ttl_seconds: z.number().int().min(1).max(300).optional().describe("TTL of the record. Absent: discovered."),
  write: Write.default("sentinel").describe("How the record is changed, as `write` of a `route53` entrance says."),
});

const Connection = z.strictObject({
  user: z.string().min(1).describe("Account of TwoKey's own in the database."),
  database: z
    .string()
    .min(1)
    .optional()
    .describe("Database that it signs in to. Absent: `postgres` of PostgreSQL; none of MySQL and MariaDB.")
    .meta({ examples: ["inventory"] }),
  password: z
    .string()
    .regex(DATABASE_PASSWORD, "must be the name of a variable that begins with DATABASE_, without _FILE at its end")
    .describe("Variable of the environment that holds its password, such as `DATABASE_STOCK`."),
  ca_file: z
    .string()
    .min(1)
    .describe(
      "File with the certificates (PEM) that RDS's own is checked against, such as AWS's bundle of the regions.",
    ),
  marker_table: z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/,
      "must be the name of a table, with its schema or without",
    )
    .default("twokey_marker")
    .describe(
      "Table of TwoKey's own in that database, made by people. A planned move writes a row to it when nobody else can write any more, and goes on when the replica shows it.",
    ),
});

/** One RDS instance a region: the home region's is the writer, the others are its read replicas. */
export const RdsReplica = z.strictObject({
  kind: z.literal("rds-replica").describe(ABOUT),
  name: orName(WriterName)
    .optional()
    .describe(
      "CNAME of the writer, as its name alone or as a block. Absent where every region uses its own instance's endpoint.",
    ),
  in: z.record(RegionName, Instance).describe("Its instance in each region of the service."),
  after_promotion: z
    .strictObject({
      backup_retention: BackupDays.default(7 * DAY_MS).describe(
        "Days of automated backups that the promoted instance keeps at least (PromoteReadReplica defaults to 1). Longer where the old primary keeps them longer, as it answers or answered last.",
      ),
      deletion_protection: z
        .enum(["as-before", "by-hand"])
        .default("as-before")
        .describe(
          "`as-before`: TwoKey switches deletion protection on right after the promotion, unless the old primary is seen to have none. `by-hand`: people are told the command, and no role of TwoKey may modify a database.",
        ),
    })
    .default({ backup_retention: 7 * DAY_MS, deletion_protection: "as-before" })
    .describe("What the promoted instance is given."),
  end_sessions: z
    .enum(["tasks", "reboot", "connection"])
    .default("tasks")
    .describe(
      "What ends the sessions that are open when this store is fenced, for a revoked rule does not. `tasks`: TwoKey waits until the service's own tasks are gone, and key holders accept that no other session is proven to be closed. `reboot`: the old instance is rebooted, which takes one to two minutes; its write check has to keep a session (`?session=kept`). `connection`: TwoKey signs in to the old database before it closes it, ends every other session, and looks that none is left.",
    ),
  connection: Connection.optional().describe(
    "How TwoKey signs in to each instance of this store, always over TLS, at the instance's own endpoint and port. Needed with `end_sessions: connection`.",
  ),
  rpo: Duration.optional().describe("Its own objective, where it is stricter or looser than the service's."),
  ...ELSEWHERE,
});
export type RdsReplica = z.infer<typeof RdsReplica>;
