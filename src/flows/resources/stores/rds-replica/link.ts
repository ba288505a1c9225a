import type { Known, LagFacts } from "../../../../domain/service/observed.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import type { LinkEnded } from "../../abilities.ts";

/**
 * The lag with what RDS says of the link that it is measured over. MySQL and MariaDB count what has arrived, so a sample
 * over a link that does not replicate may say 0 for as long as nobody notices; it tells no position. PostgreSQL counts
 * from the last replayed commit: its samples stay true positions, but for a 0. Where CloudWatch itself has told of the
 * end (-1, or nothing newer), the last sample before that stands.
 */
export function overLink(lag: LagFacts, facts: Known<DatabaseFacts>): LagFacts {
  if (!lag.known || !facts.known || facts.value.role !== "replica" || facts.value.replicating === true) return lag;
  const { instance, engine, source, replicating } = facts.value;
  const why = `RDS says that ${instance} does not replicate from ${source ?? "its source"}: its replication lag says nothing about now`;
  const isStopped = replicating === false ? { isStopped: true as const } : {};
  const unknown: LagFacts = { known: false, cause: "failed", why, atMs: lag.atMs, ...isStopped };
  const isPosition = engine?.startsWith("postgres") === true && lag.value.seconds > 0;
  return isPosition ? { ...unknown, lastGood: lag.value } : unknown;
}

/**
 * Why nothing counts as arriving at a replica any more: RDS says that it does not replicate, or says nothing of its link. Undefined: RDS
 * says that it replicates, it is no replica, or nobody can see the instance.
 */
export function linkEnded(facts: Known<DatabaseFacts> | undefined): LinkEnded | undefined {
  if (!facts?.known || facts.value.role !== "replica" || facts.value.replicating === true) return undefined;
  const { instance, source = "its source", replicating } = facts.value;
  const why =
    replicating === undefined
      ? `RDS does not say whether ${instance} replicates from ${source}`
      : `${instance} does not replicate from ${source} any more`;
  return { why, atMs: facts.atMs };
}

/** Nobody can say what the sample was measured over: it is believed no more than one over a broken link. */
export function unseenLink(lag: LagFacts, { why }: Extract<Known<DatabaseFacts>, { known: false }>): LagFacts {
  return lag.known
    ? { known: false, cause: "failed", why: `the replica's link cannot be seen: ${why}`, atMs: lag.atMs }
    : lag;
}
