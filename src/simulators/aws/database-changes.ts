import type { World } from "../world/world.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import {
  busy,
  type Change,
  type Commit,
  databaseArn,
  endDowntime,
  type Instance,
  keepBackups,
} from "./database-instance.ts";
import { drawMs } from "./durations.ts";
import type { RdsEvents } from "./rds-events.ts";
import { type AwsCall, AwsError } from "./service.ts";
import type { RdsSpec } from "./specs.ts";

/** A stretch of time in one shown status; `enter` runs at its start. */
interface Phase {
  readonly status: string;
  readonly ms: number;
  readonly enter?: (atMs: number) => void;
}

/** What happens to an instance from `fromMs` on; the moment is the one that was told outside, never a second look at the clock. */
interface Course {
  readonly phases: readonly Phase[];
  readonly settle?: (atMs: number) => void;
  readonly fromMs?: number;
}

/** Shares of a promotion: modifying, rebooting, backing up. Estimates; the last one exists only where backups begin. */
const PROMOTION_SHARES = { modifying: 0.55, rebooting: 0.25, backingUp: 0.2 };

/** Everything that changes an instance over time. Each method decides at once and throws AwsError where RDS refuses. */
interface Backups {
  readonly retentionDays: number;
  readonly window: string | undefined;
}

export class DatabaseChanges {
  readonly #world: World;
  readonly #fleet: DatabaseFleet;
  readonly #events: RdsEvents;
  readonly #durations: RdsSpec["durations"];
  readonly #random;

  readonly #coolDownMs: number;

  constructor(world: World, parts: { readonly fleet: DatabaseFleet; readonly events: RdsEvents }, spec: RdsSpec) {
    this.#world = world;
    this.#fleet = parts.fleet;
    this.#events = parts.events;
    this.#durations = spec.durations;
    this.#coolDownMs = spec.failoverCoolDownSeconds * 1_000;
    this.#random = world.random.fork("rds-durations");
  }

  /** The source is never touched: it stays writable, and nothing on it changes but its list of replicas. */
  /** `window`: of its backups; absent: as it was. */
  promote(replica: Instance, { retentionDays, window }: Backups, call: AwsCall): void {
    if (!replica.source) throw new AwsError("InvalidDBInstanceState", "DB Instance is not a read replica");
    requireIdle(replica);
    const acceptedMs = this.#world.clock.now();
    const backupsBegin = replica.backupRetentionDays === 0 && retentionDays > 0;
    const { stale, modifying, rebooting, backingUp } = this.#promotionTimes(backupsBegin);
    const facts = { instance: replica.identifier, region: replica.region, requestId: call.requestId };
    this.#world.log.append("rds.promotion-accepted", { ...facts, source: replica.source, acceptedMs });
    const phases: Phase[] = [
      { status: replica.status, ms: stale },
      { status: "modifying", ms: modifying, enter: (atMs) => this.#detach(replica, atMs) },
      { status: "rebooting", ms: rebooting, enter: (fromMs) => replica.downtimes.push({ fromMs }) },
    ];
    const settle = (atMs: number) => {
      endDowntime(replica, atMs);
      replica.source = undefined;
      keepBackups(replica, retentionDays, atMs);
      replica.backupWindow = window ?? replica.backupWindow;
      this.#events.add(replica, "read replica", "Promoted Read Replica instance to standalone database instance.");
      this.#world.log.append("rds.promotion-observable", { ...facts, acceptedMs, observableMs: atMs });
    };
    // It serves before that, and takes no other change until then.
    const over = (overMs: number) => this.#world.log.append("rds.promotion-over", { ...facts, acceptedMs, overMs });
    const backup: Phase = { status: "backing-up", ms: backingUp, enter: settle };
    const withoutBackup = (atMs: number) => {
      settle(atMs);
      over(atMs);
    };
    if (backupsBegin)
      this.#run(replica, "promotion", { phases: [...phases, backup], settle: over, fromMs: acceptedMs });
    else this.#run(replica, "promotion", { phases, settle: withoutBackup, fromMs: acceptedMs });
  }

  /** A toggle, as in reality: a second one that meets the stale `available` fails over back. False: nothing is done. */
  reboot(instance: Instance, isForced: boolean): boolean {
    if (instance.status !== "available" || (instance.change && instance.change !== "reboot")) throw busy();
    if (isForced && !instance.multiAz) {
      throw new AwsError("InvalidParameterCombination", "ForceFailover cannot be specified for a Single-AZ instance.");
    }
    const nowMs = this.#world.clock.now();
    if (isForced && nowMs - instance.failedOverMs < this.#coolDownMs) {
      // Not an error: only this event tells that nothing was done.
      this.#events.add(instance, "failover", "Abandoning user requested failover since a failover recently occurred.");
      return false;
    }
    if (isForced) {
      const { active, standby = active } = instance.zones;
      instance.zones = { active: standby, standby: active };
      this.#events.add(instance, "failover", "Multi-AZ instance failover started.");
      this.#world.log.append("rds.failover-accepted", { ...namesOf(instance), to: standby, acceptedMs: nowMs });
    }
    if (instance.change === "reboot") return true;
    const ms = this.#draw(isForced ? "multiAzFailover" : "reboot");
    const phases: Phase[] = [
      { status: instance.status, ms: this.#draw("staleStatus") },
      { status: "rebooting", ms, enter: (fromMs) => instance.downtimes.push({ fromMs }) },
    ];
    const settle = (atMs: number) => {
      endDowntime(instance, atMs);
      this.#events.add(instance, "availability", "DB instance restarted");
      this.#world.log.append("rds.restarted", { ...namesOf(instance), acceptedMs: nowMs, restartedMs: atMs });
      if (!isForced) return;
      instance.failedOverMs = atMs;
      this.#events.add(instance, "failover", "Multi-AZ instance failover completed");
      const facts = { ...namesOf(instance), to: instance.zones.active, observableMs: atMs };
      this.#world.log.append("rds.failover-observable", facts);
      this.#world.clock.at(atMs + this.#draw("zoneShown"), () => {
        instance.shownZones = instance.zones;
      });
    };
    this.#run(instance, "reboot", { phases, settle, fromMs: nowMs });
    return true;
  }

  /** `apply` runs when the change has reached the instance. */
  modify(instance: Instance, apply: (atMs: number) => void): void {
    requireIdle(instance);
    const phases = [
      { status: instance.status, ms: this.#draw("staleStatus") },
      { status: "modifying", ms: this.#draw("modification") },
    ];
    this.#run(instance, "modification", { phases, settle: apply });
  }

  /** The engine does not run while it is upgraded. */
  upgrade(instance: Instance, apply: (atMs: number) => void): void {
    requireIdle(instance);
    const phases: Phase[] = [
      { status: instance.status, ms: this.#draw("staleStatus") },
      { status: "upgrading", ms: this.#draw("upgrade"), enter: (fromMs) => instance.downtimes.push({ fromMs }) },
    ];
    const settle = (atMs: number) => {
      endDowntime(instance, atMs);
      apply(atMs);
    };
    this.#run(instance, "modification", { phases, settle });
  }

  /** From the call on it shows `deleting`, its engine runs no more, and nothing else is taken; then it is gone with its name. */
  delete(instance: Instance): void {
    if (instance.change === "deletion")
      throw new AwsError("InvalidDBInstanceState", `Instance ${instance.identifier} is already being deleted.`);
    if (instance.change) throw busy();
    const enter = (fromMs: number) => instance.downtimes.push({ fromMs });
    const settle = () => {
      this.#fleet.remove(instance);
      this.#events.add(instance, "deletion", "DB instance deleted");
      this.#world.log.append("rds.instance-deleted", namesOf(instance));
    };
    this.#run(instance, "deletion", { phases: [{ status: "deleting", ms: this.#draw("deletion"), enter }], settle });
  }

  /** `done` runs when the snapshot is gone. */
  deleteSnapshot(done: () => void): void {
    this.#world.clock.after(this.#draw("snapshotDeletion"), done);
  }

  create(replica: Instance, lagMs: number): void {
    this.#begin(replica, "replicaCreation", (atMs) => this.#fleet.seed(replica, atMs, lagMs));
  }

  /** `from`: as the event of it says. */
  restore(instance: Instance, commits: readonly Commit[], from: string): void {
    const startedMs = this.#world.clock.now();
    this.#begin(instance, "restore", (atMs) => {
      for (const commit of commits) instance.commits.push(commit);
      for (const { id } of commits) instance.rows.add(id);
      this.#events.add(instance, "restoration", `Restored from ${from}.`);
      const facts = { ...namesOf(instance), from, acceptedMs: startedMs, observableMs: atMs };
      this.#world.log.append("rds.restore-observable", facts);
    });
  }

  /** It runs once its data are there; its first backup, where it has backups, comes after that. */
  #begin(instance: Instance, lasts: "replicaCreation" | "restore", fill: (atMs: number) => void): void {
    const phases: Phase[] = [{ status: "creating", ms: this.#draw(lasts) }];
    const settle = (atMs: number) => {
      fill(atMs);
      this.#events.add(instance, "creation", "DB instance created");
    };
    const backup: Phase = { status: "backing-up", ms: this.#draw("snapshot"), enter: settle };
    if (instance.backupRetentionDays > 0) this.#run(instance, "creation", { phases: [...phases, backup] });
    else this.#run(instance, "creation", { phases, settle });
  }

  /** While it lasts the instance is `backing-up`: a replica cannot be promoted then. */
  snapshot(instance: Instance, done: () => void): number {
    requireIdle(instance);
    this.#events.add(instance, "backup", "Backing up DB instance");
    const stale = this.#draw("staleStatus");
    const backup = this.#draw("snapshot");
    const phases: Phase[] = [
      { status: instance.status, ms: stale },
      { status: "backing-up", ms: backup },
    ];
    const settle = () => {
      this.#events.add(instance, "backup", "Finished DB Instance backup");
      done();
    };
    this.#run(instance, "snapshot", { phases, settle });
    return stale + backup;
  }

  /** `done` runs when the copy is through. World milliseconds that it takes. */
  copySnapshot(done: () => void): number {
    const ms = this.#draw("snapshotCopy");
    this.#world.clock.after(ms, done);
    return ms;
  }

  #promotionTimes(backupsBegin: boolean) {
    const total = this.#draw("promotion");
    const share = PROMOTION_SHARES;
    const whole = share.modifying + share.rebooting + (backupsBegin ? share.backingUp : 0);
    const beforeReboot = (total * share.modifying) / whole;
    const stale = Math.min(this.#draw("staleStatus"), beforeReboot);
    return {
      stale,
      modifying: beforeReboot - stale,
      rebooting: (total * share.rebooting) / whole,
      backingUp: (total * share.backingUp) / whole,
    };
  }

  #detach(replica: Instance, atMs: number): void {
    const { source, region, identifier } = replica;
    const loss = this.#fleet.stopReplication(replica, atMs);
    const sourceArn = source && databaseArn(source);
    this.#world.log.append("db.lost-rows", { instance: identifier, region, source: sourceArn, ...loss });
  }

  #draw(name: keyof RdsSpec["durations"]): number {
    return drawMs(this.#random, this.#durations[name]);
  }

  /** Walks the phases by due times, so that a jump of the clock passes several at once in the right order. */
  #run(instance: Instance, change: Change, { phases, settle, fromMs = this.#world.clock.now() }: Course): void {
    instance.change = change;
    const walk = ([phase, ...rest]: readonly Phase[], atMs: number) => {
      phase?.enter?.(atMs);
      instance.status = phase?.status ?? "available";
      if (phase) {
        this.#world.clock.at(atMs + phase.ms, () => walk(rest, atMs + phase.ms));
        return;
      }
      settle?.(atMs);
      instance.change = undefined;
    };
    walk(phases, fromMs);
  }
}

function namesOf({ identifier, region }: Instance) {
  return { instance: identifier, region };
}

function requireIdle(instance: Instance): void {
  if (instance.change || instance.status !== "available") throw busy();
}
