import { type Carriers, type Doors, type FirewallRule, opensPort } from "../../../../domain/service/firewall.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import type { CloudReads } from "../../../../ports/step.ts";

interface Looking {
  readonly cloud: Pick<CloudReads, "databases" | "firewall" | "clock">;
  readonly signal?: AbortSignal | undefined;
  /** How long an answer is waited for; absent: as long as it takes. */
  readonly waitFor?: (<T>(asked: Promise<Known<T>>) => Promise<Known<T>>) | undefined;
}

/** What an instance carries, and on which port it listens; without the port every rule for TCP counts. */
export interface Carried {
  readonly groups: readonly string[];
  readonly port?: number | undefined;
}

/** Who carries a group through which somebody gets in; nobody where none is open. */
export async function lookAtCarriers(
  { region, doors }: { readonly region: Region; readonly doors: Doors },
  { cloud, signal, waitFor = asIs }: Looking,
): Promise<Carriers> {
  const open = Object.entries(doors).flatMap(([group, rules]) => (rules.length > 0 ? [group] : []));
  const nobody = { known: true, value: [], atMs: cloud.clock.now() } as const;
  if (open.length === 0) return { interfaces: nobody, databases: nobody };
  const [interfaces, databases] = await Promise.all([
    waitFor(cloud.firewall.interfacesWith(region, open, signal)),
    waitFor(cloud.firewall.databasesWith(region, open, signal)),
  ]);
  return { interfaces, databases };
}

export interface InstanceDoors {
  readonly database: Known<DatabaseFacts>;
  /** Through which rules somebody may reach it, each group by itself. */
  readonly doors: Known<Doors>;
}

interface Asked extends Carried {
  readonly region: Region;
  readonly instance: string;
}

/**
 * The groups that an instance carries now, and what they let in. Where RDS does not say which, those that were known of it
 * are asked for. They are asked for at once in any case: in a silent region everything is waited for only once.
 */
export async function lookAtDoors(asked: Asked, { cloud, signal, waitFor = asIs }: Looking): Promise<InstanceDoors> {
  const { region, instance, ...before } = asked;
  const read = new Map<string, Promise<Known<readonly FirewallRule[]>>>();
  const rulesOf = (group: string) => {
    const rules = read.get(group) ?? waitFor(cloud.firewall.rules(region, group, signal));
    read.set(group, rules);
    return rules;
  };
  const [database, ofBefore] = await Promise.all([
    waitFor(cloud.databases.describe(region, instance, signal)),
    doorsOf(before, rulesOf),
  ]);
  const now = carriedNow(database, before);
  return { database, doors: now === before ? ofBefore : await doorsOf(now, rulesOf) };
}

const asIs = <T>(asked: Promise<T>): Promise<T> => asked;

/** As RDS says, which always says one at least; `before` where it says nothing. */
function carriedNow(database: Known<DatabaseFacts>, before: Carried): Carried {
  if (!database.known || database.value.securityGroups.length === 0) return before;
  const { securityGroups: groups, port = before.port } = database.value;
  return { groups, port };
}

type RulesOf = (group: string) => Promise<Known<readonly FirewallRule[]>>;

async function doorsOf({ groups, port }: Carried, rulesOf: RulesOf): Promise<Known<Doors>> {
  const read = await Promise.all(groups.map(async (group) => ({ group, rules: await rulesOf(group) })));
  const doors: Record<string, readonly FirewallRule[]> = {};
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { group, rules } of read) {
    if (!rules.known) return rules;
    doors[group] = rules.value.filter((rule) => opensPort(rule, port));
    oldestMs = Math.min(oldestMs, rules.atMs);
  }
  return { known: true, value: doors, atMs: oldestMs };
}
