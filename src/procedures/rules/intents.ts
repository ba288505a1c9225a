import type { Act } from "../procedure.ts";

/** Something that people write above a command, and what a command must have to do it. */
export interface Intent {
  readonly said: RegExp;
  readonly instead: string;
  isDoneBy(act: Act): boolean;
}

const VERB = "(?:enable|turn on|switch on|activate|set up|configure)s?\\b[^.;]{0,30}?";
const intent = (words: string, isDone: RegExp, instead: string): Intent => ({
  said: new RegExp(`^\\W*(?:\\d+[.)]\\s*)?(?:step \\d+:?\\s*)?${VERB}(?:${words})`, "i"),
  instead,
  isDoneBy: ({ name, options }) => isDone.test(name) || [...options.keys()].some((option) => isDone.test(option)),
});

export const INTENTS: readonly Intent[] = [
  intent(
    "point[- ]in[- ]time|PITR\\b",
    /backupretentionperiod|pointintime|point-in-time|continuous-?backups/i,
    "For RDS, a backup retention of 1 day or more is what enables it. Check LatestRestorableTime afterwards.",
  ),
  intent("multi-?az\\b", /multiaz|availabilityzones/i, "Write --multi-az, and check MultiAZ afterwards."),
  intent(
    "(?:automated|automatic) backups?",
    /backupretentionperiod|backup/i,
    "Write --backup-retention-period with the days.",
  ),
  intent(
    "deletion protection",
    /deletionprotection|attributes/i,
    "Write --deletion-protection, and check DeletionProtection afterwards.",
  ),
  intent(
    "encryption",
    /encrypt|kms|sse/i,
    "Name the key or the encryption. Storage that exists unencrypted has to be copied.",
  ),
  intent("versioning", /versioning/i, "Write put-bucket-versioning with Status=Enabled."),
  intent("enhanced monitoring", /monitoring/i, "Write --monitoring-interval and --monitoring-role-arn."),
  intent(
    "iam (?:database )?authentication",
    /iamdatabaseauthentication/i,
    "Write --enable-iam-database-authentication.",
  ),
];
