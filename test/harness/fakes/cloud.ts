import type { Cloud, GuardedCloud } from "../../../src/ports/step.ts";

/** What a test says of a cloud: the rest of it refuses to be asked. */
export type SaidCloud = { readonly [port in keyof Cloud]?: Partial<Cloud[port]> } & Partial<Pick<Cloud, "through">>;

const ENABLED = { state: "Enabled", isUsable: true, managedBy: "customer", multiRegion: false } as const;

/** What a fake cloud does with everything else: refuses it with these words, or asks this cloud. */
type Otherwise = string | Cloud;

/** A cloud that answers what the test says, at a standing clock. */
export function fakeCloud(said: SaidCloud, otherwise: Otherwise = "nothing else is asked"): Cloud {
  const isAlone = typeof otherwise === "string";
  const rest = isAlone ? refusing(otherwise) : otherwise;
  const cloud: Cloud = {
    databases: { ...rest.databases, ...said.databases },
    answers: { ...rest.answers, ...said.answers },
    clusters: { ...rest.clusters, ...said.clusters },
    snapshots: { ...rest.snapshots, ...said.snapshots },
    firewall: { ...rest.firewall, ...said.firewall },
    // A service is the same answer with less in it.
    compute: {
      ...rest.compute,
      ...(isAlone && said.compute?.describe && { service: said.compute.describe }),
      ...said.compute,
    },
    traffic: { ...rest.traffic, ...said.traffic },
    sessions: { ...rest.sessions, ...said.sessions },
    discovery: { ...rest.discovery, ...said.discovery },
    probe: { ...rest.probe, ...said.probe },
    clock: { ...rest.clock, ...said.clock },
    // Another cloud answers each role in its own way, and what is said lies over that as well.
    through: said.through ?? ((role) => (isAlone ? cloud : fakeCloud(said, otherwise.through(role)))),
  };
  return cloud;
}

/** The same as the engine has it: what acts behind a guard is that cloud, or another one, and credentials are there. */
export const guardedCloud = (cloud: Cloud, acting: Cloud = cloud): GuardedCloud => ({
  ...cloud,
  guardedBy: () => acting,
  prepare: async () => undefined,
});

/** Every call that changes something is accepted, and its name is written down. */
export function acceptingActs(asked: string[]): SaidCloud {
  const act = async (name: string) => {
    asked.push(name);
    return { requestIds: ["r-1"] };
  };
  return {
    databases: { promote: async () => ({ ...(await act("promote")), kind: "accepted" }) },
    firewall: { close: () => act("close"), open: () => act("open") },
    compute: { scaleOut: () => act("scale-out"), stop: () => act("stop"), restore: () => act("restore") },
    traffic: {
      upsert: async () => ({ ...(await act("upsert")), changeId: "C1" }),
      changeState: async () => "in-sync",
    },
  };
}

/** All that nobody has said anything about. */
function refusing(why: string): Omit<Cloud, "through"> {
  const refuse = () => Promise.reject(new Error(why));
  return {
    databases: {
      noticesSilence: async () => ({ known: true, value: 60_000, atMs: 0 }),
      maintenance: async () => ({ known: true, value: [], atMs: 0 }),
      ...{ describe: refuse, lag: refuse, promote: refuse, reboot: refuse, events: refuse },
      forbidDeletion: refuse,
    },
    answers: { of: () => ({ asked: 0, failed: 0, typicalMs: 0 }) },
    clusters: { describe: refuse, failover: refuse },
    snapshots: {
      ...{ find: refuse, create: refuse, copy: refuse },
      keyState: async (_region, key) => ({ known: true, value: { ...ENABLED, arn: key }, atMs: 0 }),
    },
    firewall: {
      ...{ rules: refuse, close: refuse, open: refuse },
      interfacesWith: async () => ({ known: true, value: [], atMs: 0 }),
      databasesWith: async () => ({ known: true, value: [], atMs: 0 }),
    },
    compute: {
      ...{ describe: refuse, service: refuse, tasksLeft: refuse, scaleOut: refuse, stop: refuse, restore: refuse },
      ground: async () => ({ known: true, value: {}, atMs: 0 }),
    },
    traffic: { records: refuse, upsert: refuse, changeState: refuse },
    sessions: { count: refuse, enter: refuse, leave: refuse, canMark: refuse, isMarked: refuse },
    discovery: { service: refuse, scaling: refuse, loadBalancers: refuse, database: refuse, zones: refuse },
    probe: {
      ...{ writeCheck: refuse, writeOverKept: refuse, health: refuse, resolve: refuse, resolveAuthoritative: refuse },
      texts: refuse,
    },
    clock: { now: () => 0, speed: 1, sleep: async () => undefined },
  };
}
