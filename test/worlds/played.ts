import type { LostWrites } from "../../src/domain/plan-run/lost-writes.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { storesIn } from "../../src/flows/resources/site.ts";
import { failover } from "../../src/flows/runbooks/failover/failover.ts";
import { createResolver } from "../../src/simulators/dns/resolver.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { standbyOf } from "../harness/site.ts";
import type { Told } from "./desk.ts";
import type { FaultName } from "./fault-names.ts";
import { ADDED } from "./faults.ts";

/** What is judged: the world's own memory, and the journal. */
export interface Played {
  /** Undefined: nothing was planned, and why. */
  readonly run: RunState | undefined;
  readonly refused: string | undefined;
  readonly isOver: boolean;
  readonly endedAtMs: number;
  readonly journal: readonly RunEntry[];
  readonly log: readonly LogEntry[];
  /** Ids that the promoted instances hold, one set for each store. */
  readonly newRows: readonly ReadonlySet<string>[];
  /** Why a write on the old instances would fail at the very end; null: it would succeed. */
  readonly oldRefusals: readonly (string | null)[];
  /** Where the users' name leads at the very end. */
  readonly usersAt: string | undefined;
  /** A set that somebody else added stands under a name that users resolve, at the very end. */
  readonly isAddedSet: boolean;
  /** What people have to be told at the end; undefined: there is no run. */
  readonly told: Told | undefined;
  /** The store and the ledgers disagree at the end: nothing is changed any more, and people are called for that. */
  readonly isStoreLost: boolean;
  /** What the run says of lost writes; undefined: there is no run. */
  readonly reported: LostWrites | undefined;
  readonly home: string;
  readonly standby: string;
  readonly speed: number;
  /** Each fault that was really met, once for each time. */
  readonly hits: readonly FaultName[];
  /** What people got done, once for each time. */
  readonly done: readonly string[];
}

type Seen =
  | "log"
  | "newRows"
  | "oldRefusals"
  | "usersAt"
  | "isAddedSet"
  | "reported"
  | "endedAtMs"
  | "home"
  | "standby"
  | "speed";

/** What the world itself says. */
export async function seenAtTheEnd(at: FailoverWorld, run: RunState | undefined): Promise<Pick<Played, Seen>> {
  const { whole, service, clock } = at;
  const { home } = service;
  const standby = standbyOf(service);
  const { engine } = whole.rds;
  const refOf = (region: string) =>
    storesIn(service, region).map(({ database }) => ({ region, instance: database.instance }));
  return {
    ...{ home, standby, endedAtMs: clock.now(), speed: whole.world.clock.speed, log: whole.world.log.read() },
    newRows: refOf(standby).map((ref) => new Set(engine.rows(ref))),
    oldRefusals: refOf(home).map((ref) => {
      const write = engine.write(ref, { id: "judge", writer: "judge" });
      return write.ok ? null : write.reason;
    }),
    ...{ usersAt: usersAt(at), isAddedSet: isAddedSet(at) },
    reported: run && (await failover.measure(run, { read: (id) => at.memory.runs.read(id) })).lost,
  };
}

const isAddedSet = ({ whole: { traffic } }: FailoverWorld): boolean =>
  traffic.route53.zones.some(({ inSync }) => inSync.some(({ SetIdentifier }) => SetIdentifier === ADDED));

/** Region that the public name leads to now, for somebody who asks for the first time. */
function usersAt({ whole: { world, traffic }, service }: FailoverWorld): string | undefined {
  const application = traffic.spec.applications.find(({ name }) => name === service.name);
  if (!application) return undefined;
  const { records } = createResolver(world.clock, traffic.authorities.public).resolve(application.publicName);
  const address = records.find(({ type }) => type === "A")?.value;
  return address === undefined ? undefined : traffic.entryAt(address)?.region;
}
