import type { Cloud } from "../../../src/ports/step.ts";

/** What a test says of a cloud: the rest of it refuses to be asked. */
export type SaidCloud = { readonly [port in keyof Cloud]?: Partial<Cloud[port]> } & Partial<Pick<Cloud, "through">>;

const ENABLED = { state: "Enabled", isUsable: true, managedBy: "customer", multiRegion: false } as const;

/** A cloud that answers what the test says, at a standing clock. `why` is how it refuses everything else. */
export function fakeCloud(said: SaidCloud, why = "nothing else is asked"): Cloud {
  const refuse = () => Promise.reject(new Error(why));
  const cloud: Cloud = {
    databases: {
      maintenance: async () => ({ known: true, value: [], atMs: 0 }),
      ...{ describe: refuse, lag: refuse, promote: refuse, reboot: refuse, events: refuse },
      forbidDeletion: refuse,
      ...said.databases,
    },
    answers: { of: () => ({ asked: 0, failed: 0, typicalMs: 0 }), ...said.answers },
    clusters: { describe: refuse, failover: refuse, ...said.clusters },
    snapshots: {
      ...{ find: refuse, create: refuse, copy: refuse },
      keyState: async (_region, key) => ({ known: true, value: { ...ENABLED, arn: key }, atMs: 0 }),
      ...said.snapshots,
    },
    firewall: {
      ...{ rules: refuse, close: refuse, open: refuse },
      carriers: async () => ({ known: true, value: [], atMs: 0 }),
      ...said.firewall,
    },
    compute: {
      ...{ describe: refuse, tasksLeft: refuse, scaleOut: refuse, stop: refuse, restore: refuse },
      // The same answer with less in it.
      service: said.compute?.describe ?? refuse,
      ground: async () => ({ known: true, value: {}, atMs: 0 }),
      ...said.compute,
    },
    traffic: { records: refuse, upsert: refuse, changeState: refuse, ...said.traffic },
    sessions: {
      ...{ count: refuse, enter: refuse, leave: refuse, canMark: refuse, isMarked: refuse },
      ...said.sessions,
    },
    discovery: {
      service: refuse,
      scaling: refuse,
      loadBalancers: refuse,
      database: refuse,
      zones: refuse,
      ...said.discovery,
    },
    probe: {
      ...{ writeCheck: refuse, writeOverKept: refuse, health: refuse, resolve: refuse, resolveAuthoritative: refuse },
      ...said.probe,
    },
    clock: { now: () => 0, speed: 1, sleep: async () => undefined, ...said.clock },
    through: said.through ?? (() => cloud),
  };
  return cloud;
}
