import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FenceProof, fenceSeen } from "../../../../src/domain/plan-run/fence.ts";
import { type Plan, stepOf } from "../../../../src/domain/plan-run/plan.ts";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { ROUTE53_CONTROL_PLANE } from "../../../../src/domain/service/service.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { lookAtOldSide } from "../../../../src/flows/runbooks/failover/old-side.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import { RecordsInput } from "../../../../src/flows/steps/schemas.ts";
import type { StoredStep } from "../../../../src/ports/stored-step.ts";
import { drive } from "../../../harness/drive.ts";
import { eventually } from "../../../harness/eventually.ts";
import { mutationsOf, runOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { standbyOf } from "../../../harness/site.ts";
import { drawn, WALKED } from "../../../harness/tables.ts";

/** Each control plane of the old side may be silent by itself, and so may its write check. */
const SPEED = 120;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1, answerWithinMs: 1_500 });
});
afterEach(() => at.stop());

type Silence = (world: FailoverWorld) => void;

const plane =
  (service: string, mode: "dark" | "refusing" | "control-plane-down" = "dark"): Silence =>
  ({ whole, service: { home } }) =>
    whole.world.regions.setPlane({ region: home, service }, mode);
const route53 = (mode: "up" | "dark"): void =>
  at.whole.world.regions.setPlane({ region: ROUTE53_CONTROL_PLANE, service: "route53" }, mode);
const writeCheck: Silence = ({ whole, service: { home } }) => {
  whole.world.faults.plan({ vendor: "app", operation: "POST /write-check", region: home, effect: { kind: "hang" } });
};

const SESSIONS = "sessions-not-proven";
const HEALTHY = "healthy-primary";

/** Without what is said of a new side that answers late: here it does so where the machine is busy, and `judged-steadiness` is about that. */
const signedIn = ({ acceptances }: Plan) => acceptances.map(({ id }) => id).filter((id) => !/^target-/.test(id));

async function planned() {
  const { service, cloud, inventory, clock } = at;
  return runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "a rehearsal", requester: "farid", incident: undefined },
      ...{ observed: await observe(service, cloud, { isForPlan: true }), nowMs: clock.now() },
    },
    { mode: "planned", to: standbyOf(service) },
  );
}

interface Case {
  readonly what: string;
  readonly silences: readonly Silence[];
  /** Ids of what has to be accepted for it. */
  readonly accepted: readonly string[];
  /** What is known of the old side in the end. */
  readonly fence: FenceProof;
}

/** How EC2 is silent, and what beside it, is asked and answered by the same code: one way of each a day. */
const CASES: readonly Case[] = [
  { what: "RDS", silences: [plane("rds")], accepted: ["left-open", "cuts-unseen", SESSIONS, HEALTHY], fence: "fenced" },
  ...drawn<Case>("EC2 alone", [
    { what: "EC2", silences: [plane("ec2")], accepted: ["not-closed", HEALTHY], fence: "cannot-know" },
    {
      ...{ what: "EC2, by errors,", silences: [plane("ec2", "control-plane-down")] },
      ...{ accepted: ["not-closed", HEALTHY], fence: "cannot-know" },
    },
  ]),
  { what: "ECS", silences: [plane("ecs")], accepted: ["not-stopped", SESSIONS, HEALTHY], fence: "not-proven" },
  {
    ...{ what: "auto scaling", silences: [plane("application-autoscaling")] },
    ...{ accepted: ["not-stopped", SESSIONS, HEALTHY], fence: "not-proven" },
  },
  ...drawn<Case>("EC2 and another", [
    {
      ...{ what: "EC2 and ECS", silences: [plane("ec2"), plane("ecs")] },
      ...{ accepted: ["not-closed", "not-stopped", HEALTHY], fence: "cannot-know" },
    },
    {
      ...{ what: "RDS and EC2", silences: [plane("rds"), plane("ec2")] },
      ...{ accepted: ["not-closed", HEALTHY], fence: "cannot-know" },
    },
  ]),
  {
    ...{ what: "the write check", silences: [writeCheck] },
    ...{ accepted: ["write-not-proven", SESSIONS, HEALTHY], fence: "not-proven" },
  },
];

describe.each(CASES)(
  `while of the old side only $what is silent (${WALKED})`,
  ({ what, silences, accepted, fence }) => {
    beforeEach(() => {
      for (const silence of silences) silence(at);
    });

    test("guard signed silence: a planned move is refused; an unplanned one is signed for in words, and ends verified", async () => {
      const refused = await planned();
      const { plan } = await startRun(at);
      // While RDS is silent nobody can sign in or reboot, whatever the file says.
      const isAdvised = plan.acceptances.some(({ advice }) => advice?.includes("A later plan ends them"));
      expect(isAdvised).toBe(accepted.includes(SESSIONS) && what !== "RDS");

      expect(refused.kind === "refused" && refused.reasons.join(" ")).toContain("mode unplanned");
      expect(signedIn(plan)).toEqual(["data-loss", ...accepted]);
      const run = await drive(at);
      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(fenceSeen(run)).toBe(fence);
    });
  },
);

describe("what of the old side gave no answer when it was fenced, and answers before the promotion", () => {
  /** The first step after the fence begins once ECS answers. */
  function whenEcsAnswers(mode: "up" | "dark"): typeof STEPS {
    const { "record-data-position": records } = STEPS;
    if (!records) throw new Error("there is no such step");
    const late: StoredStep = {
      ...records,
      async run(input, context) {
        at.whole.world.regions.setPlane({ region: at.service.home, service: "ecs" }, mode);
        await eventually("answer of ECS", async () => {
          const looked = await lookAtOldSide(await runOf(at), at.cloud, context);
          const isSilent = looked.kind !== "back" || looked.silent.includes("compute.api");
          return isSilent === (mode === "dark") || undefined;
        });
        return records.run(input, context);
      },
    };
    return { ...STEPS, [late.name]: late };
  }
  const stops = () =>
    mutationsOf(at).flatMap((call, index) =>
      call.startsWith(`UpdateService ${at.service.home}`) && call.includes('"desiredCount":0') ? [index] : [],
    );
  const promotion = () => mutationsOf(at).findIndex((call) => call.startsWith("PromoteReadReplica"));

  test("guard answers in time: is stopped first, and how it stood is written down for an undo", async () => {
    plane("ecs")(at);
    await startRun(at);
    const run = await drive(at, { steps: whenEcsAnswers("up") });

    expect([run.state, run.why, fenceSeen(run)]).toEqual(["verified", "", "fenced"]);
    expect(stateOf(run, "fence").attempt).toBe(2);
    expect(stops()).toHaveLength(1);
    expect(Math.max(...stops())).toBeLessThan(promotion());
    expect(run.captured).toHaveProperty(["compute.api", "desired"]);
  });

  test("holds up no promotion while it stays silent", async () => {
    plane("ecs")(at);
    await startRun(at);
    const run = await drive(at, { steps: whenEcsAnswers("dark") });

    expect([run.state, stateOf(run, "fence").attempt, stops()]).toEqual(["verified", 1, []]);
  });
});

describe("while only Route 53 is silent", () => {
  test("an unplanned move leaves names to people, and goes on when they have changed them", async () => {
    const whole = await planned();
    if (whole.kind !== "plan") throw new Error(whole.reasons.join(" "));
    route53("dark");
    const { plan } = await startRun(at);
    const driven = drive(at);
    await eventually("promotion", async () => stateOf(await runOf(at), "promote").state === "done" || undefined);
    route53("up");
    for (const id of ["point-application", "shift-traffic"]) {
      const { zone, after: records } = RecordsInput.parse(stepOf(whole.plan, id).input);
      await at.others.traffic.upsert({ zone, records, comment: "by hand" });
    }
    const run = await driven;

    expect(signedIn(plan)).toEqual(["data-loss", SESSIONS, HEALTHY, "dns-by-hand"]);
    expect([run.state, run.why, fenceSeen(run)]).toEqual(["verified", "", "fenced"]);
  });

  test("a planned move waits for it", async () => {
    route53("dark");
    const answer = await planned();

    expect(answer.kind === "refused" && answer.reasons.join(" ")).toContain("Ask again when they can be read");
  });
});
