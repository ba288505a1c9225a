import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../src/domain/errors.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { ServiceFacts } from "../../../src/ports/compute.ts";
import type { DatabaseFacts } from "../../../src/ports/databases.ts";
import type { SnapshotFacts } from "../../../src/ports/snapshots.ts";
import { example } from "../../harness/example.ts";
import { contextIn, fakeCloud, type SaidCloud } from "../../harness/fakes/index.ts";
import { AT, known, quietDay } from "../../harness/observed.ts";
import { serviceIn } from "../../harness/plans.ts";
import { standbyOf } from "../../harness/site.ts";

const SERVICE = serviceIn(example("inventory"));
const DAY = quietDay(SERVICE);
const gone = (cause: "absent" | "denied"): Known<never> => ({ known: false, cause, why: `it is ${cause}`, atMs: AT });

const REGION = standbyOf(SERVICE);
const IN_A_REGION = { region: REGION, instance: "db-2" };
const REBOOT = { ...IN_A_REGION, leaves: "eu-central-1a" };
const PROMOTION = { ...IN_A_REGION, source: { region: SERVICE.home, instance: "db-1" }, backupRetentionDays: 7 };
const SCALE_OUT = {
  ...{ region: REGION, tasks: 4 },
  compute: { cluster: "dr", service: "app", tasks: 4, target_health: "process" },
};
const TAKE = { region: REGION, of: "instance", source: "db-2", id: "twokey-it", tags: {} };
const COPY = {
  copyId: "twokeycopy-1",
  from: SERVICE.home,
  to: REGION,
  of: "instance",
  id: "twokey-it",
  kmsKey: "key",
  tags: {},
};

function databaseOf(change: Partial<DatabaseFacts>): SaidCloud {
  const seen = DAY.sites[REGION]?.database;
  if (!seen?.known) throw new Error("a quiet day is known");
  const facts = { ...seen.value, instance: "db-2", source: "db-1", availabilityZone: "eu-central-1a", ...change };
  return { databases: { describe: async () => known(facts) } };
}
const databaseIs = (now: Known<DatabaseFacts>): SaidCloud => ({ databases: { describe: async () => now } });

const APP: ServiceFacts = {
  ...{ status: "ACTIVE", desired: 4, running: 1, pending: 0, taskDefinition: "app:7", scaling: undefined },
  ...{ deployments: [{ id: "d", primary: true, rollout: "IN_PROGRESS", failedTasks: 0 }], reasons: [] },
};
const serviceOf = (change: Partial<ServiceFacts>): SaidCloud => ({
  compute: { service: async () => known({ ...APP, ...change }) },
  clock: { now: () => AT },
});

const COPIED: SnapshotFacts = {
  ...{ of: "instance", id: "twokey-it", arn: "arn", source: "db-1", status: "available", percent: 100 },
  ...{ engine: "postgres", engineVersion: "16.4", encrypted: true, tags: {} },
};
const snapshotIs = (now: Known<SnapshotFacts>): SaidCloud => ({ snapshots: { find: async () => now } });
const keyIs = (state: Known<{ readonly state: string; readonly isUsable: boolean }>): SaidCloud => ({
  snapshots: {
    find: async () => gone("absent"),
    keyState: async () =>
      state.known ? known({ arn: "key", managedBy: "customer", multiRegion: false, ...state.value }) : state,
  },
});
const refusingReboot: SaidCloud = {
  databases: {
    ...databaseOf({ role: "standalone", multiAz: true }).databases,
    reboot: () => Promise.reject(new TransientError("aws-refused", "throttled")),
  },
};
const rebootAnswers = (kind: "not-multi-az" | "busy"): SaidCloud => ({
  databases: {
    ...databaseOf({ role: "standalone" }).databases,
    reboot: async () => ({ kind, why: "it restarts", requestIds: [] }),
  },
});
/** Nothing shows that an earlier call was taken, and two minutes pass meanwhile. */
const quietReboot: SaidCloud = {
  databases: { ...databaseOf({ role: "standalone" }).databases, events: async () => known([]) },
};

interface Failing {
  readonly code: string;
  readonly when: string;
  readonly step: string;
  readonly input: object;
  readonly said: SaidCloud;
  /** What `run` had left; absent: it fails in `run`. */
  readonly data?: object;
  readonly tries?: number;
}

/** What no look at planning or before the promotion could still prevent, each as the step itself meets it. */
const FAILING: readonly Failing[] = [
  {
    code: "replica-unseen",
    when: "it is gone",
    step: "promote-replica",
    input: PROMOTION,
    said: databaseIs(gone("absent")),
  },
  {
    code: "wrong-source",
    when: "it follows another one",
    step: "promote-replica",
    input: PROMOTION,
    said: databaseOf({ source: "db-9" }),
  },
  {
    ...{ code: "link-ended", when: "it replicates no more in a planned move", step: "promote-replica" },
    ...{ input: { ...PROMOTION, mustFollow: true }, said: databaseOf({ replicating: false }) },
  },
  {
    ...{ code: "promotion-failed", when: "it goes to a status that RDS does not leave", step: "promote-replica" },
    ...{ input: PROMOTION, said: databaseOf({ status: "incompatible-network" }), data: { found: "asked" } },
  },
  {
    code: "service-unseen",
    when: "it is gone",
    step: "scale-out",
    input: SCALE_OUT,
    said: { compute: { service: async () => gone("absent") } },
  },
  {
    code: "service-inactive",
    when: "somebody drains it",
    step: "scale-out",
    input: SCALE_OUT,
    said: serviceOf({ status: "DRAINING" }),
  },
  {
    ...{
      code: "tasks-fail",
      when: "ten tasks have failed",
      step: "scale-out",
      input: SCALE_OUT,
      data: { askedAtMs: AT },
    },
    said: serviceOf({ deployments: [{ id: "d", primary: true, rollout: "IN_PROGRESS", failedTasks: 10 }] }),
  },
  {
    ...{
      code: "capacity-missing",
      when: "ECS has found no room for three minutes",
      step: "scale-out",
      input: SCALE_OUT,
    },
    ...{
      data: { askedAtMs: AT - 180_000 },
      said: serviceOf({ reasons: ["(service app) was unable to place a task"] }),
    },
  },
  {
    code: "database-unseen",
    when: "it is gone",
    step: "reboot-instance",
    input: REBOOT,
    said: databaseIs(gone("absent")),
  },
  {
    code: "database-busy",
    when: "somebody changes it",
    step: "reboot-instance",
    input: REBOOT,
    said: databaseOf({ status: "modifying" }),
  },
  {
    code: "database-busy",
    when: "RDS says so at the call",
    step: "reboot-instance",
    input: REBOOT,
    said: rebootAnswers("busy"),
  },
  {
    code: "not-multi-az",
    when: "its standby is gone",
    step: "reboot-instance",
    input: REBOOT,
    said: rebootAnswers("not-multi-az"),
  },
  {
    code: "reboot-refused",
    when: "RDS refuses it again and again",
    step: "reboot-instance",
    input: REBOOT,
    said: refusingReboot,
  },
  {
    ...{ code: "reboot-unknown", when: "nothing shows that an earlier call was taken", step: "reboot-instance" },
    ...{ input: REBOOT, said: quietReboot, tries: 2 },
  },
  {
    code: "snapshot-unseen",
    when: "nobody may read it",
    step: "take-snapshot",
    input: TAKE,
    said: snapshotIs(gone("denied")),
  },
  {
    code: "snapshot-name-taken",
    when: "it is of another one",
    step: "take-snapshot",
    input: TAKE,
    said: snapshotIs(known(COPIED)),
  },
  {
    code: "snapshot-name-taken",
    when: "it is no copy",
    step: "copy-snapshot",
    input: COPY,
    said: snapshotIs(known(COPIED)),
  },
  {
    ...{ code: "snapshot-failed", when: "RDS says so", step: "take-snapshot", input: TAKE, data: { found: "asked" } },
    said: snapshotIs(known({ ...COPIED, status: "failed" })),
  },
  {
    ...{
      code: "copy-not-encrypted",
      when: "it stands there in clear",
      step: "copy-snapshot",
      input: COPY,
      data: { found: "asked" },
    },
    said: snapshotIs(known({ ...COPIED, encrypted: false })),
  },
  {
    code: "key-absent",
    when: "somebody has deleted it",
    step: "copy-snapshot",
    input: COPY,
    said: keyIs(gone("absent")),
  },
  {
    ...{ code: "key-unusable", when: "somebody has disabled it", step: "copy-snapshot", input: COPY },
    said: keyIs(known({ state: "Disabled", isUsable: false })),
  },
];

describe("what was judged before the keys may have changed since: then the step fails by its own name", () => {
  test.each(FAILING)("$code of $step: $when", async ({ step: name, input, said, data, code, tries = 1 }) => {
    const step = STEPS[name];
    if (!step) throw new Error(`there is no step ${name}`);
    const context = { ...contextIn(fakeCloud(said)), tries, mayHaveAsked: tries > 1 };

    const failed = data === undefined ? step.run(input, context) : step.verify(input, data, context);

    await expect(failed).rejects.toMatchObject({ name: "StepFailed", code });
  });
});
