import type { World } from "../world/world.ts";
import { type Cluster, clusterBusy } from "./database-cluster.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { busy, endDowntime, type Instance, notFound } from "./database-instance.ts";
import { drawMs } from "./durations.ts";
import type { RdsEvents } from "./rds-events.ts";
import { type AwsCall, AwsError } from "./service.ts";
import type { RdsSpec } from "./specs.ts";

/** When, within a failover, the new writer takes its first write. An estimate. */
const WRITER_MOVES_AT = 0.6;

interface Failover {
  readonly cluster: Cluster;
  readonly from: Instance;
  readonly to: Instance;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * What changes a cluster over time. A failover: Describe shows `available` a while longer, then `failing-over`, during
 * which nobody writes; the writer moves before the status is `available` again, and the endpoint's name after it.
 */
export class ClusterChanges {
  readonly #world: World;
  readonly #fleet: DatabaseFleet;
  readonly #events: RdsEvents;
  readonly #durations: RdsSpec["durations"];
  readonly #random;

  constructor(world: World, parts: { readonly fleet: DatabaseFleet; readonly events: RdsEvents }, spec: RdsSpec) {
    this.#world = world;
    this.#fleet = parts.fleet;
    this.#events = parts.events;
    this.#durations = spec.durations;
    this.#random = world.random.fork("rds-cluster-durations");
  }

  /** Without a target a toggle, as in reality: it goes to whoever stands first in line. */
  failOver(cluster: Cluster, target: string | undefined, { requestId }: AwsCall): void {
    const { identifier, region, writer: from } = cluster;
    if (cluster.change || cluster.status !== "available") {
      throw clusterBusy(`DB cluster ${identifier} is not in available state.`);
    }
    const to = this.#targetOf(cluster, target);
    const acceptedMs = this.#world.clock.now();
    const facts = { cluster: identifier, region, from: from.identifier, to: to.identifier, requestId, acceptedMs };
    this.#world.log.append("rds.failover-accepted", facts);
    for (const each of [from, to]) each.change = "failover";
    cluster.change = "failover";
    this.#walk({ cluster, from, to, facts }, acceptedMs);
  }

  /** Takes effect `done` when the snapshot is complete; nothing that the cluster does waits for it. */
  snapshot(cluster: Cluster, done: () => void): number {
    if (cluster.status !== "available")
      throw clusterBusy(`DB cluster ${cluster.identifier} is not in available state.`);
    const ms = drawMs(this.#random, this.#durations.clusterSnapshot);
    this.#events.addToCluster(cluster, "backup", "Creating manual cluster snapshot");
    this.#world.clock.after(ms, () => {
      this.#events.addToCluster(cluster, "backup", "Manual cluster snapshot created");
      done();
    });
    return ms;
  }

  #targetOf({ identifier, region, members, writer }: Cluster, target: string | undefined): Instance {
    const others = members.filter(({ instance }) => instance !== writer);
    if (others.length === 0) {
      throw clusterBusy(`DB cluster ${identifier} should have at least two database instances for failover.`);
    }
    if (target === undefined) {
      const inLine = others.toSorted((one, other) => one.promotionTier - other.promotionTier);
      const next = inLine.find(({ instance }) => instance.status === "available");
      if (!next) throw busy();
      return next.instance;
    }
    if (!this.#fleet.find({ region, instance: target })) throw notFound(target);
    const found = others.find(({ instance }) => instance.identifier === target.toLowerCase());
    if (!found) {
      const why =
        writer.identifier === target.toLowerCase() ? "is the writer already" : "is not a member of the cluster";
      throw new AwsError("InvalidDBInstanceState", `DB instance ${target} ${why}.`);
    }
    if (found.instance.change || found.instance.status !== "available") throw busy();
    return found.instance;
  }

  #walk({ cluster, from, to, facts }: Failover, acceptedMs: number): void {
    const draw = (name: "staleStatus" | "clusterFailover" | "endpointMove") =>
      drawMs(this.#random, this.#durations[name]);
    const beginsMs = acceptedMs + draw("staleStatus");
    const lastsMs = draw("clusterFailover");
    const movesMs = beginsMs + lastsMs * WRITER_MOVES_AT;
    const endsMs = beginsMs + lastsMs;
    const { clock, log } = this.#world;
    clock.at(beginsMs, () => {
      cluster.status = "failing-over";
      from.status = "rebooting";
      for (const each of [from, to]) each.downtimes.push({ fromMs: beginsMs });
      this.#events.addToCluster(cluster, "failover", `Started cross AZ failover to DB instance: ${to.identifier}`);
    });
    clock.at(movesMs, () => {
      cluster.writer = to;
      endDowntime(to, movesMs);
      log.append("rds.writer-moved", { ...facts, movedMs: movesMs });
    });
    clock.at(movesMs + draw("endpointMove"), () => {
      cluster.named = to;
    });
    clock.at(endsMs, () => {
      endDowntime(from, endsMs);
      from.status = "available";
      cluster.status = "available";
      cluster.change = undefined;
      for (const each of [from, to]) each.change = undefined;
      this.#events.addToCluster(cluster, "failover", `Completed failover to DB instance: ${to.identifier}`);
      log.append("rds.failover-observable", { ...facts, observableMs: endsMs });
    });
  }
}
