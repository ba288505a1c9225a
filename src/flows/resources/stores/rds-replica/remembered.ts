import type { Known, LagFacts } from "../../../../domain/service/observed.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";

export type FactsKnown = Extract<Known<DatabaseFacts>, { readonly known: true }>;

/** What of an instance is not forgotten from one look to the next. */
interface Kept {
  readonly database: Known<DatabaseFacts>;
  /** Present where that is not known: how the instance was set up when it answered last. */
  readonly lastKnown?: FactsKnown;
  readonly lag: LagFacts;
}

/** A look at an instance, with what the looks before knew and it does not. */
export const remembering = <Seen extends Kept>(now: Seen, before: Kept | undefined, instance: string): Seen =>
  before ? withLag(withFacts(now, before, instance), before) : now;

/** How an instance is set up: as it answers now, else as it answered last. */
export const setUpOf = (seen: Kept | undefined): FactsKnown | undefined =>
  seen?.database.known ? seen.database : seen?.lastKnown;

/** That there is no such instance is an answer; and the file may name another one by now. */
function withFacts<Seen extends Kept>(now: Seen, before: Kept, instance: string): Seen {
  const then = setUpOf(before);
  if (now.database.known || now.database.cause === "absent" || then?.value.instance !== instance) return now;
  return { ...now, lastKnown: then };
}

/** A lag that is not known now, with the newest good sample that anybody saw of this very replica. */
function withLag<Seen extends Kept>(now: Seen, before: Kept): Seen {
  if (now.lag.known || !isSameReplica(now.database, before.database)) return now;
  const { lastGood } = now.lag;
  const then = before.lag.known ? before.lag.value : before.lag.lastGood;
  if (!then || (lastGood && lastGood.measuredAtMs >= then.measuredAtMs)) return now;
  return { ...now, lag: { ...now.lag, lastGood: then } };
}

function isSameReplica(now: Known<DatabaseFacts>, then: Known<DatabaseFacts>): boolean {
  if (!now.known || !then.known || now.value.role !== "replica") return false;
  return now.value.instance === then.value.instance && now.value.source === then.value.source;
}
