import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";

/**
 * A promotion takes no configuration along. What the new writer lacks of the old one stands on the plan card, and is left for
 * people with its price: TwoKey's role may not modify a database, since who may can also reset its password and switch its
 * protection off. Backups are the exception: they begin with the promotion itself.
 */
export interface Pair {
  /** The new writer, where it is. */
  readonly instance: string;
  readonly region: Region;
  readonly now: Known<DatabaseFacts> | undefined;
  readonly old: string;
  readonly before: Known<DatabaseFacts> | undefined;
}

interface Difference {
  readonly is: (now: DatabaseFacts, before: DatabaseFacts) => boolean;
  readonly says: (now: DatabaseFacts, before: DatabaseFacts, old: string) => string;
  /** Of `aws rds modify-db-instance`; undefined: nobody can say it for them. */
  readonly asks: (now: DatabaseFacts, before: DatabaseFacts) => string | undefined;
  readonly price: string;
}

const DIFFERENCES: readonly Difference[] = [
  {
    is: (now, before) => before.deletionProtection && !now.deletionProtection,
    says: (_now, _before, old) => `has no deletion protection, and ${old} has`,
    asks: () => "--deletion-protection",
    price: "It costs no time",
  },
  {
    is: (now, before) => missingLogs(now, before).length > 0,
    says: (now, before, old) => `sends CloudWatch no ${missingLogs(now, before).join(" and ")} log, and ${old} does`,
    asks: (now, before) =>
      `--cloudwatch-logs-export-configuration '{"EnableLogTypes":${JSON.stringify(missingLogs(now, before))}}'`,
    price: "It costs no time",
  },
  {
    is: (now, before) => before.multiAz && !now.multiAz,
    says: (_now, _before, old) => `has no standby in another zone, and ${old} has`,
    asks: () => "--multi-az",
    price: "The database goes on, and writes are slower for the minutes to hours that the copy takes",
  },
  {
    is: (now, before) => now.parameterGroup !== before.parameterGroup,
    says: (now, before, old) =>
      `uses parameter group ${now.parameterGroup ?? "that RDS does not tell"}, and ${old} ${before.parameterGroup ?? "one that RDS does not tell"}`,
    asks: () => undefined,
    price: "Compare them; another group needs a reboot, so one to two minutes without the database",
  },
];

const missingLogs = (now: DatabaseFacts, before: DatabaseFacts): readonly string[] =>
  before.logExports.filter((log) => !now.logExports.includes(log));

/** What people have to see to after the move, each as a sentence or two. */
export function differences({ instance, region, now, old, before }: Pair): string[] {
  if (!now?.known) return [];
  if (!before?.known)
    return [`How ${old} was set up cannot be seen. Compare ${instance} with it when it answers again`];
  const modify = `aws rds modify-db-instance --region ${region} --db-instance-identifier ${instance}`;
  return DIFFERENCES.filter(({ is }) => is(now.value, before.value)).map(({ says, asks, price }) => {
    const asked = asks(now.value, before.value);
    const command = asked === undefined ? "" : `: ${modify} ${asked} --apply-immediately`;
    return `${instance} ${says(now.value, before.value, old)}. ${price}${command}`;
  });
}
