import { chainOf } from "../../domain/errors.ts";
import { INCIDENT_LABEL, type Incident } from "../../domain/incident/incident.ts";
import { isWatched } from "../../domain/plan-run/fence.ts";
import { isOver } from "../../domain/plan-run/run.ts";
import { readable } from "../../domain/readable.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import { isDark, type Observation } from "../../domain/service/observation.ts";
import type { Region, Service } from "../../domain/service/service.ts";
import { changedBy, type ReplicationCheck } from "../../flows/incident/intake/replication.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Runs } from "../../ports/runs.ts";

/** Machine times: while a plan, a run or an incident is open or a region was dark, and on a quiet day. */
const BUSY_EVERY_MS = 5_000;
const QUIET_EVERY_MS = 30_000;

export interface ObserverDeps {
  readonly runs: Pick<Runs, "openIds" | "read">;
  readonly incidents: Pick<Documents<Incident>, "openIds">;
  /** Looks at a service, and remembers what was seen. */
  look(service: Service): Promise<Observation>;
  /** Shared by all processes; may have been moved by another one. */
  readonly clock: { refresh(): Promise<void> };
  readonly logger: Logger;
  readonly inventory: () => Inventory;
  readonly replication: ReplicationCheck;
}

/**
 * Keeps every process's picture of the world fresh: `/dr status` has something to show at once, and a region that gives no
 * answer is known to be silent before a run has to find out by waiting.
 */
export function startObserver(deps: ObserverDeps): { stop(): void } {
  const lastMs = new Map<string, number>();
  const lastLooks = new Map<string, Observation>();
  const looking = new Set<string>();
  const lookAt = async (service: Service, changing: ReadonlySet<Region>): Promise<void> => {
    looking.add(service.name);
    lastMs.set(service.name, Date.now());
    await deps
      .look(service)
      .then(async (seen) => {
        lastLooks.set(service.name, seen);
        await deps.replication(service, seen, changing);
      })
      .catch((error: unknown) =>
        deps.logger.warn({ service: service.name, why: chainOf(error) }, "A service could not be looked at"),
      );
    looking.delete(service.name);
  };
  const turn = async (): Promise<void> => {
    // Every process follows the shared clock by itself; the sweep runs in one of them only.
    await deps.clock.refresh();
    const { busy, runs } = await busyServices(deps);
    for (const service of deps.inventory().services) {
      const everyMs = lookEveryMs(busy.has(service.name), lastLooks.get(service.name));
      if (!looking.has(service.name) && Date.now() - (lastMs.get(service.name) ?? 0) >= everyMs)
        void lookAt(service, changedBy(runs, service.name));
    }
  };
  const safely = () =>
    void turn().catch((error: unknown) =>
      deps.logger.warn({ why: chainOf(error) }, "The observer could not read what is open"),
    );
  const timer = setInterval(safely, 1_000);
  safely();
  return { stop: () => clearInterval(timer) };
}

/** A region that was dark is looked at often: its return is soon seen, and a plan need not wait for its silence. */
export function lookEveryMs(isBusy: boolean, last: Observation | undefined): number {
  const wasDark = last !== undefined && Object.keys(last.health).some((region) => isDark(last, region));
  return isBusy || wasDark ? BUSY_EVERY_MS : QUIET_EVERY_MS;
}

/** Asked every second, so it reads no incident: a thousand open ones must cost no more than ten. */
async function busyServices({ runs, incidents, inventory }: ObserverDeps) {
  const { services } = inventory();
  const [openRuns, open] = await Promise.all([
    runs.openIds().then((ids) => readable(ids.map((id) => runs.read(id)))),
    Promise.all(services.map(({ name }) => incidents.openIds(INCIDENT_LABEL.service(name)))),
  ]);
  const driven = openRuns.read.filter((run) => run !== undefined);
  // An old side that was fenced is looked at by its own guard.
  const ofRuns = driven.filter((run) => !isOver(run) || isWatched(run));
  const busy: ReadonlySet<string> = new Set([
    ...ofRuns.map(({ plan }) => plan.service),
    ...services.flatMap(({ name }, index) => (open[index]?.length ? [name] : [])),
  ]);
  return { busy, runs: ofRuns };
}
