import type { World } from "../world/world.ts";
import { type Cluster, clusterArn } from "./database-cluster.ts";
import { databaseArn, type Instance } from "./database-instance.ts";

export interface RdsEvent {
  readonly region: string;
  readonly identifier: string;
  readonly sourceType: "db-instance" | "db-cluster";
  readonly arn: string;
  readonly category: string;
  readonly message: string;
  /** World time, epoch milliseconds. */
  readonly atMs: number;
}

/** What DescribeEvents tells: best effort in reality, complete and in order here. */
export class RdsEvents {
  readonly #world: World;
  readonly #events: RdsEvent[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  add({ region, identifier }: Instance, category: string, message: string): void {
    const arn = databaseArn({ region, instance: identifier });
    const atMs = this.#world.clock.now();
    this.#events.push({ region, identifier, sourceType: "db-instance", arn, category, message, atMs });
  }

  addToCluster(cluster: Cluster, category: string, message: string): void {
    const { region, identifier } = cluster;
    const arn = clusterArn(cluster);
    const atMs = this.#world.clock.now();
    this.#events.push({ region, identifier, sourceType: "db-cluster", arn, category, message, atMs });
  }

  between(region: string, fromMs: number, toMs: number): RdsEvent[] {
    return this.#events.filter((event) => event.region === region && event.atMs >= fromMs && event.atMs <= toMs);
  }
}
