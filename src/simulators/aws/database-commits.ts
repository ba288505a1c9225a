import type { Commit, Instance } from "./database-instance.ts";
import type { DatabaseRef } from "./service.ts";

/** Where the source of a replica is found, and the world time at which somebody looks. */
export interface Upstream {
  readonly nowMs: number;
  find(ref: DatabaseRef): Instance | undefined;
}

/** Applies to a replica what has come over from its source by now. */
export function catchUp(replica: Instance, upstream: Upstream): void {
  if (!replica.replication || !replica.source) return;
  const positionMs = replica.replication.positionAt(upstream.nowMs);
  const commits = sourceCommits(replica, upstream);
  for (let next = commits[replica.appliedCommits]; next && next.atMs <= positionMs; ) {
    replica.commits.push(next);
    replica.rows.add(next.id);
    replica.appliedCommits += 1;
    next = commits[replica.appliedCommits];
  }
}

export function sourceCommits({ source }: Instance, upstream: Upstream): readonly Commit[] {
  const found = source && upstream.find(source);
  if (!found) return [];
  catchUp(found, upstream);
  return found.commits;
}
