import { Bug } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";

export interface KindOfRun {
  readonly asks: (service: string) => string;
  /** What people do with its plan. */
  readonly people: "turn keys" | "turn keys, then abort" | "nothing";
  readonly ends: RunState["state"];
  /** A region that may take over has to be there. */
  readonly needsStandby?: true;
  /** It goes to its end, and leaves a service without a standby. */
  readonly isMove?: true;
  /** The same was asked for by mistake before, and that plan was rejected. It is no run. */
  readonly afterMistake?: true;
}

const failover = (service: string) => `failover ${service} planned because of a rehearsal`;
const MOVE: KindOfRun = { asks: failover, people: "turn keys", ends: "verified", needsStandby: true, isMove: true };
const ABORTED: KindOfRun = {
  ...{ asks: failover, people: "turn keys, then abort", ends: "unwound" },
  ...{ needsStandby: true, afterMistake: true },
};
const SNAPSHOT: KindOfRun = {
  asks: (service) => `snapshot ${service} because of a rehearsal`,
  ...{ people: "nothing", ends: "verified" },
};
const REBOOT: KindOfRun = {
  asks: (service) => `reboot-failover ${service} because of a rehearsal`,
  ...{ people: "turn keys", ends: "verified" },
};

/**
 * One after the other, and again from the first. The first move is away from home; two people end its guard when a standby is needed
 * again. The second one is back home, and its guard has more than a week until then: it ends by itself.
 */
const TURNS: readonly KindOfRun[] = [MOVE, SNAPSHOT, ABORTED, MOVE, REBOOT, SNAPSHOT, REBOOT, SNAPSHOT];

/** The `turn`th run of the soak, from 0. */
export function kindOfRun(turn: number): KindOfRun {
  const kind = TURNS[turn % TURNS.length];
  if (!kind) throw new Bug("no-run", `There is no run ${turn}`);
  return kind;
}
