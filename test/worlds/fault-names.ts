const ANY = ["start", "fence", "record-position", "promote", "check-writable", "point", "shift", "verified"] as const;
const BEFORE_PROMOTION = ["start", "fence", "record-position"] as const;
const ONCE_FENCED = ["record-position", "promote", "check-writable", "point", "shift", "verified"] as const;
const BESIDE_STEPS = ["start", "fence", "record-position", "promote", "check-writable", "point", "shift"] as const;
const FROM_THE_START = ["start"] as const;

/**
 * Every kind of fault that a world may have, and the moments from which it is counted: the start, the intent of a step whose
 * id begins so, or the end of the run. What each one does: `faults.ts`.
 */
export const MOMENTS = {
  "rule-reopened": ONCE_FENCED,
  "old-instance-rebooted": ANY,
  "replica-rebooted": BEFORE_PROMOTION,
  "replica-modified": BEFORE_PROMOTION,
  "replica-upgraded": BEFORE_PROMOTION,
  "replica-deleted": BEFORE_PROMOTION,
  "record-edited": ANY,
  "record-added": ANY,
  "service-scaled": ANY,
  "home-dark": ANY,
  "home-refusing": ANY,
  "home-slow": BESIDE_STEPS,
  "home-throttled": BESIDE_STEPS,
  "home-control-plane-down": BESIDE_STEPS,
  "home-rds-dark": ANY,
  "home-ec2-dark": ANY,
  "home-ecs-dark": ANY,
  "home-look-denied": ANY,
  "standby-dark": BESIDE_STEPS,
  "dns-control-plane-dark": BESIDE_STEPS,
  "replica-unseen": BESIDE_STEPS,
  "services-unseen": BEFORE_PROMOTION,
  "firewall-unseen": BEFORE_PROMOTION,
  "lag-unseen": BEFORE_PROMOTION,
  "lag-stale": BEFORE_PROMOTION,
  "lag-zero-over-dead-link": BEFORE_PROMOTION,
  "home-deployed": ANY,
  "standby-deployed": ANY,
  "write-check-silent": ANY,
  "answer-lost": FROM_THE_START,
  "answer-hangs": FROM_THE_START,
  "call-cut": FROM_THE_START,
  "call-throttled": FROM_THE_START,
  "call-denied": FROM_THE_START,
  "worker-killed": BESIDE_STEPS,
  frozen: ANY,
  "slack-dark": ANY,
  "slack-rate-limiting": ANY,
  "pager-silent": ANY,
  "pager-refusing": ANY,
  "redis-cut": ANY,
  "redis-went-back": BESIDE_STEPS,
} as const;
export type FaultName = keyof typeof MOMENTS;

const FIRST: FaultName = "rule-reopened";
/** Names only, in the order of the table. */
export const FAULT_NAMES: readonly [FaultName, ...FaultName[]] = [
  FIRST,
  ...Object.keys(MOMENTS).filter((name): name is FaultName => name in MOMENTS && name !== FIRST),
];

/** What seldom meets anything, such as a pager's silence while nobody is called, is drawn so many times as often. */
const RARELY_MET: Partial<Record<FaultName, number>> = {
  ...{
    "pager-silent": 4,
    "pager-refusing": 5,
    "slack-rate-limiting": 3,
    "answer-lost": 3,
    "answer-hangs": 2,
    "call-cut": 2,
    "call-denied": 2,
  },
  ...{ "worker-killed": 2, "service-scaled": 2, "standby-deployed": 2, "redis-went-back": 2, "replica-unseen": 2 },
  ...{ "home-throttled": 2, "home-rds-dark": 2 },
};
export const DRAWN_FAULTS: readonly [FaultName, ...FaultName[]] = [
  FIRST,
  ...FAULT_NAMES.slice(1).flatMap((name) => Array.from({ length: RARELY_MET[name] ?? 1 }, () => name)),
];

/** A call that misbehaves waits until it is made, however late that comes. */
export const WAITS_FOR_ITS_CALL: ReadonlySet<FaultName> = new Set<FaultName>([
  "answer-lost",
  "answer-hangs",
  "call-cut",
  "call-throttled",
  "call-denied",
  "slack-rate-limiting",
  "pager-silent",
  "pager-refusing",
]);
