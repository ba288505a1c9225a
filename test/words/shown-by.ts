/** A test file, and words of the claim in it. */
export type Claim = readonly [file: string, words: string];

/** Which test shows what a row of docs/judged-before-keys.md says. */
export interface Shown {
  /** The step fails by that name, or waits in vain. */
  readonly fails?: Claim;
  readonly refused?: Claim;
  readonly accepted?: Claim;
}

const FLOWS = "test/flows";
const PLAN = `${FLOWS}/runbooks/failover/plan.test.ts`;
const JUDGED = `${FLOWS}/runbooks/failover/judged.test.ts`;
const STORE = `${FLOWS}/resources/stores/rds-replica`;
const REBOOT = `${FLOWS}/runbooks/reboot-failover/reboot-failover.test.ts`;
const OWN_SESSION = `${FLOWS}/runbooks/failover/own-session.test.ts`;
const SHIFT = `${FLOWS}/resources/entrances/route53/shift-traffic.test.ts`;
const FORESEEN = "test/commands/foreseen.test.ts";
const DATABASES = "test/contracts/aws/databases.test.ts";
const SNAPSHOT_STATUS: Claim = [`${FLOWS}/runbooks/snapshot/snapshot.test.ts`, "which does not pass by itself"];
const BUSY_CLUSTER: Claim = [`${FLOWS}/resources/stores/aurora-cluster/busy.test.ts`, "a cluster that is busy"];

/** Rows of the two tables of failures, each under its code. */
const fails = (code: string): Claim => [`${FLOWS}/judged-before-keys/failures.test.ts`, `code: "${code}"`];
const refused = (code: string): Claim => [`${FLOWS}/judged-before-keys/refusals.test.ts`, `code: "${code}"`];
const both = (code: string): Shown => ({ fails: fails(code), refused: refused(code) });

const BY_HAND_DNS: Claim = [PLAN, "only promote and scale is planned, and it is accepted in words"];
const UNDER_WAY: Claim = [JUDGED, "somebody's deployment that is under way is accepted in words"];

export const FAILURES: Readonly<Record<string, Shown>> = {
  "aws-absent": { fails: [DATABASES, '"aws-absent"'], refused: refused("aws-absent") },
  "aws-denied": { fails: [DATABASES, '"aws-denied"'] },
  "aws-refused": { fails: [DATABASES, '"aws-refused"'] },
  "policy-too-long": {
    fails: ["test/contracts/aws/sessions.test.ts", "is never asked for without its limits"],
    refused: [FORESEEN, "one that outgrows what STS takes refuses the plan"],
  },
  "not-fenced": {
    fails: ["test/engine/runs/old-side.test.ts", '"not-fenced"'],
    refused: [PLAN, "planned mode is refused when the old side cannot be stopped first"],
    accepted: [PLAN, "unknown loss and a missing fence are accepted in words"],
  },
  "sessions-left": {
    fails: [OWN_SESSION, "stops the run for people where it loses that right after the keys"],
    accepted: [OWN_SESSION, "is accepted in words before the keys, and the plan says what the account lacks"],
  },
  "group-shared": {
    fails: ["test/engine/runs/fence-groups.test.ts", "is never edited where another machine carries it"],
    refused: [PLAN, "a plan is refused whose fence would cut off others, and says whom"],
    accepted: [PLAN, "where RDS alone does not say which groups the database carries"],
  },
  "replica-unseen": both("replica-unseen"),
  "wrong-source": both("wrong-source"),
  "promoted-by-others": { fails: [`${STORE}/promotion-busy.test.ts`, '"promoted-by-others"'] },
  "link-ended": both("link-ended"),
  "own-session-refused": {
    fails: ["test/flows/runbooks/failover/marker.test.ts", "guard sign in first: where the password was changed"],
  },
  "marker-unseen": { fails: [`${STORE}/record-data-position.test.ts`, '"marker-unseen"'] },
  "marker-missing": { fails: [`${STORE}/record-data-position.test.ts`, '"marker-missing"'] },
  "promotion-failed": both("promotion-failed"),
  "service-unseen": both("service-unseen"),
  "service-deleted": { fails: ["test/engine/runs/deleted-service.test.ts", "after the fence is not given back"] },
  "service-inactive": both("service-inactive"),
  "capacity-missing": {
    ...{ fails: fails("capacity-missing") },
    refused: [JUDGED, "one that has no room for a single task is refused, unless some run"],
    accepted: [JUDGED, "one that is too small for all tasks is accepted in words"],
  },
  "tasks-fail": { ...both("tasks-fail"), accepted: UNDER_WAY },
  "records-unseen": { fails: [SHIFT, '"records-unseen"'], refused: refused("records-unseen"), accepted: BY_HAND_DNS },
  "records-drifted": { fails: [SHIFT, '"records-drifted"'] },
  "records-added": {
    fails: [SHIFT, '"records-added"'],
    refused: [`${FLOWS}/resources/entrances/route53/accounted.test.ts`, "guard leftover"],
  },
  "records-later-mark": { fails: [`${FLOWS}/steps/records-mark.test.ts`, '"records-later-mark"'] },
  "records-lost": { fails: [SHIFT, '"records-lost"'] },
  "foreign-record": {
    fails: ["test/contracts/aws/traffic.test.ts", '"foreign-record"'],
    refused: [`${FLOWS}/resources/entrances/route53/accounted.test.ts`, "refuses the plan by that name"],
  },
  "cluster-unseen": {
    fails: [`${FLOWS}/resources/stores/aurora-cluster/failover-cluster.test.ts`, '"cluster-unseen"'],
    refused: refused("cluster-unseen"),
  },
  "not-a-member": {
    fails: [`${FLOWS}/resources/stores/aurora-cluster/failover-cluster.test.ts`, '"not-a-member"'],
    refused: [`${FLOWS}/runbooks/failover/several.test.ts`, "an instance that is no reader"],
  },
  "not-multi-az": both("not-multi-az"),
  "database-busy": both("database-busy"),
  "database-unseen": both("database-unseen"),
  "reboot-refused": { fails: fails("reboot-refused") },
  "reboot-unknown": { fails: fails("reboot-unknown") },
  "snapshot-unseen": { fails: fails("snapshot-unseen"), refused: [FORESEEN, "where it may not be read"] },
  "snapshot-name-taken": {
    fails: fails("snapshot-name-taken"),
    refused: [FORESEEN, "somebody else's snapshot has it"],
  },
  "snapshot-failed": { fails: fails("snapshot-failed") },
  "copy-not-encrypted": { fails: fails("copy-not-encrypted") },
  "key-absent": both("key-absent"),
  "key-unusable": both("key-unusable"),
  "step-deadline": { fails: [`${FLOWS}/runbooks/failover/rest.test.ts`, '"step-deadline"'] },
  "step-broken": { fails: ["test/engine/runs/context.test.ts", '"step-broken"'] },
};

const SESSIONS: Claim = [
  `${FLOWS}/runbooks/failover/own-session.test.ts`,
  "is accepted in words like one without an account",
];

/** Of a step with several waits each is shown somewhere. */
export const WAITS: Readonly<Record<string, Shown>> = {
  "fence-primary": {
    refused: [JUDGED, "refuses a planned move where it is absurd, with its parts and what to do"],
    accepted: SESSIONS,
  },
  "record-data-position": { refused: refused("link-ended") },
  "promote-replica": { refused: [JUDGED, "storage that is full is refused: RDS promotes no such replica"] },
  "reboot-instance": { refused: [REBOOT, "where the writer is busy"] },
  "failover-cluster": { refused: BUSY_CLUSTER },
  "await-dns": { accepted: BY_HAND_DNS },
  "take-snapshot": { refused: SNAPSHOT_STATUS },
};

/** Under the first words of each row. */
export const LOOKED_FOR: Readonly<Record<string, Shown>> = {
  "deployment controller": { refused: [JUDGED, "a service that %s rolls out is refused"] },
  "a deployment of others that is under way": { accepted: UNDER_WAY },
  "rollout that failed": { refused: [PLAN, "a standby service whose last deployment failed is refused"] },
  "launch type": {
    refused: [JUDGED, "machines that are not there are refused, and a few are accepted in words"],
    accepted: [JUDGED, "machines that are not there are refused, and a few are accepted in words"],
  },
  "capacity provider": {
    refused: [JUDGED, "a capacity provider that the cluster does not have is refused"],
    accepted: [JUDGED, "Fargate Spot alone is accepted in words"],
  },
  "network mode of its tasks": { refused: [JUDGED, "network mode %s is refused"] },
  "subnets and their free addresses": {
    refused: [JUDGED, "subnets that are not there have no address"],
    accepted: [JUDGED, "one of several subnets that is not there is accepted in words that name it"],
  },
  "quota of Fargate": {
    refused: [JUDGED, "one that has no room for a single task is refused, unless some run"],
    accepted: [JUDGED, "one that is too small for all tasks is accepted in words"],
  },
  "how long tasks of the old side drain": { refused: [JUDGED, "refuses a planned move where it is absurd"] },
  "registry of its image": {
    refused: [JUDGED, "with no task running, one of a region whose ECR gives no answer is refused"],
    accepted: [JUDGED, "an image of the registry in the region that is left is accepted in words"],
  },
  "its image in ECR": { refused: [JUDGED, "one that ECR does not have any more is refused"] },
  "status of the replica": { refused: refused("promotion-failed") },
  "class of the replica": { accepted: [JUDGED, "a class below the primary's is accepted in words"] },
  "how late the replica notices": {
    refused: ["test/flows/runbooks/failover/silent-link.test.ts", "guard silence proves nothing"],
    accepted: ["test/flows/runbooks/failover/silent-link.test.ts", "guard silence in words"],
  },
  "source that RDS does not name": {
    refused: ["test/flows/runbooks/failover/unnamed-source.test.ts", "guard unnamed source"],
    accepted: ["test/flows/runbooks/failover/unnamed-source.test.ts", "guard source in words"],
  },
  "maintenance that AWS does by itself": {
    accepted: [JUDGED, "maintenance that is due within a day is accepted in words"],
  },
  "KMS key of the replica's storage": { refused: [JUDGED, '"PendingDeletion"'] },
  "error rate and time of the target's control planes": {
    accepted: [
      `${FLOWS}/runbooks/failover/judged-steadiness.test.ts`,
      "a target that takes seconds for an answer is accepted",
    ],
  },
  "status of what is snapshotted": { refused: SNAPSHOT_STATUS },
  "name of a snapshot and of its copy": { refused: [FORESEEN, "where its copy may not be read"] },
  "KMS key of a snapshot's copy": { refused: refused("key-unusable") },
};
