import type { Roles } from "../domain/plan-run/plan.ts";
import type { Region } from "../domain/service/service.ts";
import type { Cloud, CloudReads } from "./step.ts";

/** The same world, each region of it entered by its role. What belongs to no region takes the role of `anywhere`. */
export function enteredBy(roles: Roles | undefined, cloud: Cloud): Cloud {
  if (!roles) return cloud;
  const at = (region: Region): Cloud => cloud.through(roles.in[region] ?? roles.anywhere);
  const reads = seenBy(roles, cloud);
  // Each call by name: one that is forgotten here would act in the ordinary account.
  return {
    ...reads,
    sessions: cloud.sessions,
    databases: {
      ...reads.databases,
      promote: (wish, signal) => at(wish.region).databases.promote(wish, signal),
      reboot: (wish, signal) => at(wish.region).databases.reboot(wish, signal),
      forbidDeletion: (region, ...more) => at(region).databases.forbidDeletion(region, ...more),
    },
    clusters: {
      ...reads.clusters,
      failover: (wish, signal) => at(wish.region).clusters.failover(wish, signal),
    },
    snapshots: {
      ...reads.snapshots,
      create: (wish, signal) => at(wish.region).snapshots.create(wish, signal),
      copy: (wish, signal) => at(wish.to).snapshots.copy(wish, signal),
    },
    firewall: {
      ...reads.firewall,
      close: (change, signal) => at(change.region).firewall.close(change, signal),
      open: (change, signal) => at(change.region).firewall.open(change, signal),
    },
    compute: {
      ...reads.compute,
      scaleOut: (wish, signal) => at(wish.region).compute.scaleOut(wish, signal),
      stop: (region, ...more) => at(region).compute.stop(region, ...more),
      restore: (wish, signal) => at(wish.region).compute.restore(wish, signal),
    },
    traffic: cloud.through(roles.anywhere).traffic,
    through: (role) => cloud.through(role),
  };
}

/** The same for what only looks. */
export function seenBy(roles: Roles | undefined, cloud: CloudReads): CloudReads {
  if (!roles) return cloud;
  const at = (region: Region): CloudReads => cloud.through(roles.in[region] ?? roles.anywhere);
  const anywhere = cloud.through(roles.anywhere);
  return {
    ...{ answers: cloud.answers, probe: cloud.probe, clock: cloud.clock, sessions: cloud.sessions },
    through: (role) => cloud.through(role),
    databases: {
      describe: (region, ...more) => at(region).databases.describe(region, ...more),
      lag: (region, ...more) => at(region).databases.lag(region, ...more),
      noticesSilence: (region, ...more) => at(region).databases.noticesSilence(region, ...more),
      maintenance: (region, ...more) => at(region).databases.maintenance(region, ...more),
      events: (wish, signal) => at(wish.region).databases.events(wish, signal),
    },
    clusters: { describe: (region, ...more) => at(region).clusters.describe(region, ...more) },
    snapshots: {
      find: (region, ...more) => at(region).snapshots.find(region, ...more),
      keyState: (region, ...more) => at(region).snapshots.keyState(region, ...more),
    },
    firewall: {
      rules: (region, ...more) => at(region).firewall.rules(region, ...more),
      interfacesWith: (region, ...more) => at(region).firewall.interfacesWith(region, ...more),
      databasesWith: (region, ...more) => at(region).firewall.databasesWith(region, ...more),
    },
    compute: {
      describe: (region, ...more) => at(region).compute.describe(region, ...more),
      service: (region, ...more) => at(region).compute.service(region, ...more),
      ground: (wish, signal) => at(wish.region).compute.ground(wish, signal),
      tasksLeft: (region, ...more) => at(region).compute.tasksLeft(region, ...more),
    },
    discovery: {
      service: (region, ...more) => at(region).discovery.service(region, ...more),
      scaling: (region, ...more) => at(region).discovery.scaling(region, ...more),
      loadBalancers: (region, ...more) => at(region).discovery.loadBalancers(region, ...more),
      database: (region, ...more) => at(region).discovery.database(region, ...more),
      zones: (...asked) => anywhere.discovery.zones(...asked),
    },
    traffic: anywhere.traffic,
  };
}
