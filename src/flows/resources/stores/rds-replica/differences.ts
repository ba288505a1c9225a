import { sayTime } from "../../../../domain/duration.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import type { FactsKnown } from "./remembered.ts";

/**
 * A promotion takes no configuration along. What the new writer lacks of the old one stands on the plan card, and is left for
 * people with its price. Two things are not: backups begin with the promotion itself, and a step after it switches deletion
 * protection on, where the file lets it.
 */
export interface Pair {
  /** A step of the plan sees to it. */
  readonly isProtected: boolean;
  /** The new writer, where it is. */
  readonly instance: string;
  readonly region: Region;
  readonly now: Known<DatabaseFacts> | undefined;
  readonly old: string;
  readonly before: Known<DatabaseFacts> | undefined;
  /** Where that is not known: how it was when it answered last. */
  readonly lastKnown: FactsKnown | undefined;
}

interface Difference {
  /** Left out where a step of the plan sees to it. */
  readonly bySteps?: true;
  readonly is: (now: DatabaseFacts, before: DatabaseFacts) => boolean;
  readonly says: (now: DatabaseFacts, before: DatabaseFacts, old: string) => string;
  /** Of `aws rds modify-db-instance`; undefined: nobody can say it for them. What RDS takes at once does not ask for what waits besides. */
  readonly asks: (now: DatabaseFacts, before: DatabaseFacts) => string | undefined;
  readonly price: string;
}

const DIFFERENCES: readonly Difference[] = [
  {
    bySteps: true,
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
    asks: () => "--multi-az --apply-immediately",
    price:
      "This command makes one. The database goes on meanwhile, and writes are slower for the minutes to hours that the copy takes",
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
export function differences({ before, lastKnown, ...pair }: Pair): string[] {
  const { instance, now, old } = pair;
  if (!now?.known) return [];
  if (before?.known) return lacking(pair, now.value, before.value);
  if (!lastKnown) return [`How ${old} was set up cannot be seen. Compare ${instance} with it when it answers again`];
  const seen = sayTime(lastKnown.atMs, before?.atMs);
  return [
    ...lacking(pair, now.value, lastKnown.value),
    `${instance} is compared with ${old} as it was at ${seen}, when it answered last. Compare them again when it answers`,
  ];
}

type Named = Pick<Pair, "instance" | "region" | "old" | "isProtected">;

function lacking({ instance, region, old, isProtected }: Named, now: DatabaseFacts, before: DatabaseFacts): string[] {
  const modify = `aws rds modify-db-instance --region ${region} --db-instance-identifier ${instance}`;
  const left = DIFFERENCES.filter(({ is, bySteps }) => !(bySteps && isProtected) && is(now, before));
  return left.map(({ says, asks, price }) => {
    const asked = asks(now, before);
    const command = asked === undefined ? "" : `: ${modify} ${asked}`;
    return `${instance} ${says(now, before, old)}. ${price}${command}`;
  });
}
