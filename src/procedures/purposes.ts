import type { Act } from "./procedure.ts";
import { plainName } from "./procedure.ts";

/** What an act is for, where that matters to its order or to what it takes away. */
export type Purpose = "promotes" | "moves-users" | "tests" | "rolls-back" | "cleans-up" | "stops-writes";

/** What a call of AWS begins, which is not there when the call returns. */
export interface SlowCall {
  /** Waiters of the CLI that wait for it, by their plain names. */
  readonly waiters: readonly string[];
  /** The call that says how far it is. */
  readonly look: string;
  /** Option that names what comes to be. */
  readonly thing: string;
}

const INSTANCE = ["db-instance-available"];
const CLUSTER = ["db-cluster-available"];
const instance = (thing: string): SlowCall => ({ waiters: INSTANCE, look: "rds describe-db-instances", thing });
const cluster = (thing: string): SlowCall => ({ waiters: CLUSTER, look: "rds describe-db-clusters", thing });
const snapshot = (thing: string): SlowCall => ({
  waiters: ["db-snapshot-available", "db-snapshot-completed"],
  ...{ look: "rds describe-db-snapshots", thing },
});
const service = (thing: string): SlowCall => ({ waiters: ["services-stable"], look: "ecs describe-services", thing });
const stack = (...waiters: string[]): SlowCall => ({
  ...{ waiters, look: "cloudformation describe-stacks", thing: "stack-name" },
});

/** By the name that the CLI has for the call. */
export const SLOW: Readonly<Record<string, SlowCall>> = {
  "rds promote-read-replica": instance("db-instance-identifier"),
  "rds promote-read-replica-db-cluster": cluster("db-cluster-identifier"),
  "rds restore-db-instance-from-db-snapshot": instance("db-instance-identifier"),
  "rds restore-db-instance-to-point-in-time": instance("target-db-instance-identifier"),
  "rds restore-db-cluster-from-snapshot": cluster("db-cluster-identifier"),
  "rds restore-db-cluster-to-point-in-time": cluster("db-cluster-identifier"),
  "rds create-db-instance": instance("db-instance-identifier"),
  "rds create-db-instance-read-replica": instance("db-instance-identifier"),
  "rds create-db-cluster": cluster("db-cluster-identifier"),
  "rds create-db-snapshot": snapshot("db-snapshot-identifier"),
  "rds copy-db-snapshot": snapshot("target-db-snapshot-identifier"),
  "rds failover-global-cluster": { ...cluster("global-cluster-identifier"), look: "rds describe-global-clusters" },
  "rds switchover-global-cluster": { ...cluster("global-cluster-identifier"), look: "rds describe-global-clusters" },
  "ecs create-service": service("service-name"),
  "ecs update-service": service("service"),
  "cloudformation create-stack": stack("stack-create-complete", "stack-exists"),
  "cloudformation update-stack": stack("stack-update-complete"),
  "route53 change-resource-record-sets": {
    ...{ waiters: ["resource-record-sets-changed"], look: "route53 get-change", thing: "hosted-zone-id" },
  },
};

const CALLS: Readonly<Record<string, Purpose>> = {
  "rds promote-read-replica": "promotes",
  "rds promote-read-replica-db-cluster": "promotes",
  "rds failover-global-cluster": "promotes",
  "rds switchover-global-cluster": "promotes",
  "rds remove-from-global-cluster": "promotes",
  "route53 change-resource-record-sets": "moves-users",
  "route53-recovery-cluster update-routing-control-state": "moves-users",
  "route53-recovery-cluster update-routing-control-states": "moves-users",
  "globalaccelerator update-endpoint-group": "moves-users",
};

/** Names of functions, steps and scripts. The first row that fits counts. */
const NAMES: readonly (readonly [RegExp, Purpose])[] = [
  [/roll[_\- ]?back|\brevert\b|(?:^|_)undo(?:_|$)/i, "rolls-back"],
  [/promot(?:e|ion)|global[_\- ](?:failover|switchover)/i, "promotes"],
  [
    /(?:update|change|switch|move|point|flip|cut|redirect|route)[_\- ]?(?:over[_\- ])?(?:the[_\- ])?(?:\w+[_\- ])?(?:dns|route53|records?|traffic|users)/i,
    "moves-users",
  ],
  [/dns[_\- ](?:failover|switch|update|change|cutover)/i, "moves-users"],
  [/(?:stop|fence|block|freeze|drain)[_\- ]?(?:old[_\- ]|all[_\- ])?(?:writes?|writers?|primary)/i, "stops-writes"],
  [/clean[_\- ]?up|tear[_\- ]?down|reap/i, "cleans-up"],
];

const LOOKS_LIKE_A_TEST = /^(?:curl|wget|psql|mysql|pytest|dig|nslookup)$|smoke|validate|verify|check[_-]/i;

export function purposeOf(act: Act): Purpose | undefined {
  if (act.service !== undefined) return CALLS[act.name];
  if (act.words[0]?.text === "echo" || act.words[0]?.text === "printf") return undefined;
  const said = act.words.length > 0 ? scriptIn(act) : act.name;
  return (
    NAMES.find(([pattern]) => pattern.test(said))?.[1] ??
    (LOOKS_LIKE_A_TEST.test(said) || runsTests(act) ? "tests" : undefined)
  );
}

/** `./scripts/promote.sh`, `bash promote.sh`, `python -m promote`. */
function scriptIn({ name, words }: Act): string {
  const isShell = /^(?:bash|sh|zsh|python3?|source|\.)$/.test(name);
  return isShell ? (words.slice(1).find(({ text }) => !text.startsWith("-"))?.text ?? name) : name;
}

const runsTests = ({ name, words }: Act): boolean =>
  /^(?:npm|pnpm|yarn|make|go|cargo|mvn|gradle)$/.test(name) && words.some(({ text }) => /^test/.test(text));

const SERVICES = new Map(
  [
    ...Object.keys(SLOW),
    ...Object.keys(CALLS),
    "rds failover-db-cluster",
    "cloudwatch put-metric-alarm",
    "rds describe-db-snapshots",
  ]
    .map((name) => name.split(" "))
    .map(([of = "", operation = ""]) => [plainName(operation), of] as const),
);

/** Whose call it is, where a program's variable does not say so. */
export const serviceOfCall = (operation: string): string | undefined => SERVICES.get(plainName(operation));
