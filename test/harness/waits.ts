/** What the simulated AWS takes its time for, in world seconds. Ranges are from and to. */
interface Waits {
  readonly durations: Readonly<Record<"promotion" | "staleStatus" | "snapshot" | "snapshotCopy" | "zoneShown", number>>;
  readonly startSeconds: readonly [number, number];
  readonly stopSeconds: number;
  readonly insyncSeconds: readonly [number, number];
  readonly balancer: Readonly<Record<"healthCheckIntervalSeconds" | "deregistrationDelaySeconds", number>>;
}

/** Long enough to be interrupted and to be looked at several times: while a run waits it looks, and each look costs several calls. */
const SHORT: Waits = {
  durations: { promotion: 60, staleStatus: 5, snapshot: 30, snapshotCopy: 60, zoneShown: 5 },
  ...{ startSeconds: [8, 20], stopSeconds: 10, insyncSeconds: [6, 15] },
  balancer: { healthCheckIntervalSeconds: 4, deregistrationDelaySeconds: 10 },
};
/** Nearer to the real one: faults that come at any time meet a run in the middle of each. */
const LONG: Waits = {
  durations: { promotion: 130, staleStatus: 5, snapshot: 60, snapshotCopy: 120, zoneShown: 10 },
  ...{ startSeconds: [35, 75], stopSeconds: 30, insyncSeconds: [15, 50] },
  balancer: { healthCheckIntervalSeconds: 10, deregistrationDelaySeconds: 30 },
};

export const waitsOf = ({ isLong }: { readonly isLong?: true }): Waits => (isLong ? LONG : SHORT);

/** Those that a test wants otherwise. */
export function given(wanted: {
  readonly startSeconds?: Waits["startSeconds"];
  readonly stopSeconds?: number;
  readonly insyncSeconds?: Waits["insyncSeconds"];
}): Partial<Waits> {
  const { startSeconds, stopSeconds, insyncSeconds } = wanted;
  return {
    ...(startSeconds && { startSeconds }),
    ...(stopSeconds !== undefined && { stopSeconds }),
    ...(insyncSeconds && { insyncSeconds }),
  };
}

/** As a specification takes it. */
export const pair = ([from, to]: readonly [number, number]): [number, number] => [from, to];
