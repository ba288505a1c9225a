import type { Known } from "../../../src/domain/service/observed.ts";
import type { Region } from "../../../src/domain/service/service.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { Planned } from "../../../src/flows/runbooks/runbook.ts";
import type { DatabaseFacts } from "../../../src/ports/databases.ts";
import { multiAz } from "../../cards/run-states.ts";
import { example } from "../../harness/example.ts";
import { AT, type Day, dark, quietDay, seenOn } from "../../harness/observed.ts";
import { serviceIn } from "../../harness/plans.ts";
import { standbyOf } from "../../harness/site.ts";

export const INVENTORY = example("inventory");
export const SERVICE = serviceIn(INVENTORY);
/** Home serves, both databases have a standby in another zone, and both are encrypted with a key of their region. */
export const QUIET = multiAz(quietDay(SERVICE));

/** What this runbook makes of what was seen. */
export function planned(runbook: string, observed: Day, reason = "before a release"): Planned {
  const request = {
    ...{ id: "F-7KQ2MX", service: SERVICE, inventory: INVENTORY, observed: seenOn(SERVICE, observed), reason },
    ...{ requester: "farid", incident: undefined, nowMs: AT },
  };
  return runbookOf({ runbook, id: request.id }).plan(request, {});
}

/** Why there is no plan; throws with the plan where there is one. */
export function refusals(runbook: string, observed: Day): readonly string[] {
  const answer = planned(runbook, observed);
  if (answer.kind === "refused") return answer.reasons;
  throw new Error(`there is a plan: ${answer.plan.title}`);
}

/** The database of this region as the change makes it. */
export function withDatabase(region: Region, change: (facts: DatabaseFacts) => DatabaseFacts): Day {
  return seenAs(region, (seen) => (seen.known ? { ...seen, value: change(seen.value) } : seen));
}

const TWO_WRITERS = "both databases accept writes: neither follows the other";
export const nobodyKnowsTheWriter: Day = {
  ...withDatabase(standbyOf(SERVICE), (facts) => ({ ...facts, role: "standalone", source: undefined })),
  activeRegion: { known: false, cause: "failed", why: TWO_WRITERS, atMs: AT },
};

/** RDS of this region does not answer. */
export const unseen = (region: Region): Day => seenAs(region, () => dark("RDS"));

function seenAs(region: Region, change: (seen: Known<DatabaseFacts>) => Known<DatabaseFacts>): Day {
  const site = QUIET.sites[region];
  if (!site) throw new Error(`the service has no site in ${region}`);
  return { ...QUIET, sites: { ...QUIET.sites, [region]: { ...site, database: change(site.database) } } };
}
