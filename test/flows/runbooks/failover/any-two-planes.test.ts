import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { fenceSeen } from "../../../../src/domain/plan-run/fence.ts";
import type { Mode } from "../../../../src/domain/plan-run/plan.ts";
import { ROUTE53_CONTROL_PLANE } from "../../../../src/domain/service/service.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import type { Planned } from "../../../../src/flows/runbooks/runbook.ts";
import { drive } from "../../../harness/drive.ts";
import { eventually } from "../../../harness/eventually.ts";
import { mutationsOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { standbyOf } from "../../../harness/site.ts";
import { drawn, WALKED } from "../../../harness/tables.ts";

/** What each control plane of the old side is needed for, and what has to be signed for while it is silent. */
const SIGNED: Readonly<Record<string, readonly string[]>> = {
  rds: ["left-open", "cuts-unseen"],
  ec2: ["not-closed"],
  ecs: ["not-stopped"],
  elasticloadbalancing: ["not-stopped"],
  "application-autoscaling": ["not-stopped"],
  route53: ["dns-by-hand"],
  "write check": ["write-not-proven"],
  // How far the standby is behind is measured where the standby is.
  monitoring: [],
  // Sessions come from the STS of another region.
  sts: [],
};
const PLANES = Object.keys(SIGNED);
const TROUBLES = ["dark", "refusing", "slow"] as const;
type Trouble = (typeof TROUBLES)[number];
/** Machine time. What is dark or refuses is waited for so long, and what answers on a busy machine needs less. */
const SILENT_MS = 2_500;
/** A slow answer is one that comes in time, on a busy machine too. */
const PATIENT_MS = 60_000;
const SLOW_MS = 250;
const SPEED = 120;

interface Row {
  readonly what: string;
  readonly troubles: readonly (readonly [plane: string, trouble: Trouble])[];
}
const rowOf = (...troubles: Row["troubles"]): Row => ({
  troubles,
  what: troubles.map(([plane, trouble]) => `${plane} ${trouble}`).join(" and "),
});

const ALONE = PLANES.map((plane) => ({ plane, rows: TROUBLES.map((trouble) => rowOf([plane, trouble])) }));
/** A write check that hangs is waited for longest, and says no more than one that is cut off. */
const silently = (plane: string) => [plane, plane === "write check" ? "refusing" : "dark"] as const;
const RDS_AND_ECS = rowOf(silently("rds"), silently("ecs"));
const PAIRS = PLANES.map((plane, at) => ({
  plane,
  rows: PLANES.filter((_, other) => other > at).map((other) => rowOf(silently(plane), silently(other))),
})).filter(({ rows }) => rows.length > 0);

/** What has to be signed for, all in all. Of a database that nobody can close nothing finer is left to be said. */
function signedFor({ troubles }: Row): Set<string> {
  const silent = troubles.filter(([, trouble]) => trouble !== "slow").flatMap(([plane]) => SIGNED[plane] ?? []);
  const isOpen = silent.includes("not-closed");
  const finer = new Set(["left-open", "cuts-unseen", "write-not-proven"]);
  return new Set([
    ...silent.filter((id) => !isOpen || !finer.has(id)),
    ...(isOpen ? [] : ["sessions-not-proven"]),
    "healthy-primary",
    "data-loss",
  ]);
}

let at: FailoverWorld;

function trouble([plane, how]: Row["troubles"][number] | readonly [string, "up"]): void {
  const { faults, regions } = at.whole.world;
  const { home } = at.service;
  if (plane === "write check") {
    const effects = {
      dark: { kind: "hang" },
      refusing: { kind: "drop-before" },
      slow: { kind: "delay", machineMs: SLOW_MS },
    } as const;
    if (how === "up") faults.clear();
    else faults.plan({ vendor: "app", operation: "POST /write-check", region: home, effect: effects[how] });
  } else regions.setPlane({ region: plane === "route53" ? ROUTE53_CONTROL_PLANE : home, service: plane }, how);
}

async function planned(mode: Mode): Promise<Planned> {
  const { service, cloud, inventory, clock } = at;
  return runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "a rehearsal", requester: "farid", incident: undefined },
      ...{ observed: await observe(service, cloud, { isForPlan: true }), nowMs: clock.now() },
    },
    { mode, to: standbyOf(service) },
  );
}

/** Without what is said of a new side that answers late: here it does so where the machine is busy, and `judged-steadiness` is about that. */
const signedIn = (answer: Planned) =>
  answer.kind === "plan" && new Set(answer.plan.acceptances.map(({ id }) => id).filter((id) => !/^target-/.test(id)));

const allAnswers = () =>
  eventually("plan for which everything answers", async () => {
    const { kind } = await planned("planned");
    return kind === "plan" || undefined;
  });

async function start(answerWithinMs: number): Promise<void> {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1, answerWithinMs });
  at.whole.world.regions.slowMs = SLOW_MS;
  await allAnswers();
}

const alone = ALONE.flatMap(({ plane, rows }) => drawn(`trouble of ${plane}`, rows));
const pairs = PAIRS.flatMap(({ plane, rows }) => drawn(`${plane} and another`, rows));
const isSlow = ({ troubles }: Row) => troubles.some(([, how]) => how === "slow");
const WORLDS = [
  { how: "in trouble", answerWithinMs: SILENT_MS, rows: [...alone, ...pairs].filter((row) => !isSlow(row)) },
  { how: "slow", answerWithinMs: PATIENT_MS, rows: alone.filter(isSlow) },
].filter(({ rows }) => rows.length > 0);

describe.each(WORLDS)(`any one or two control planes of the old side $how (${WALKED})`, ({ answerWithinMs, rows }) => {
  beforeAll(() => start(answerWithinMs));
  afterAll(() => at.stop());
  afterEach(async () => {
    for (const plane of PLANES) trouble([plane, "up"]);
    await allAnswers();
  });

  test.each(rows)(
    "$what: an unplanned move has a sentence to sign for each, and a planned one says what to do instead",
    async (row) => {
      for (const each of row.troubles) trouble(each);

      const [unplanned, calm] = [await planned("unplanned"), await planned("planned")];

      if (unplanned.kind === "refused") throw new Error(unplanned.reasons.join(" "));
      const { plan } = unplanned;
      expect(signedIn({ kind: "plan", plan })).toEqual(signedFor(row));
      for (const step of plan.steps.filter(({ role }) => role === "protects" || role === "commits"))
        expect(step.byHand).not.toEqual([]);
      const silent = row.troubles.some(([plane, how]) => how !== "slow" && (SIGNED[plane]?.length ?? 0) > 0);
      expect(calm.kind).toBe(silent ? "refused" : "plan");
      if (calm.kind === "refused")
        for (const why of calm.reasons) expect(why).toMatch(/[Uu]se mode unplanned|Ask again when/);
    },
  );
});

describe("two control planes that give no answer, where the rest does", () => {
  beforeAll(() => start(SILENT_MS));
  beforeEach(() => {
    for (const each of RDS_AND_ECS.troubles) trouble(each);
  });
  afterAll(() => at.stop());

  test("guard answers by itself: with RDS and ECS silent the group that EC2 closes is signed for, who else carries it too", async () => {
    const answer = await planned("unplanned");

    expect(signedIn(answer)).toEqual(signedFor(RDS_AND_ECS));
  });

  test("guard grows unseen: with RDS and ECS silent no lag voids the keys, and the promotion waits for no task, as with the whole side silent", async () => {
    const answer = await planned("unplanned");

    if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
    const { assumptions, steps } = answer.plan;
    expect(assumptions.filter(({ kind }) => kind === "bounded")).toEqual([]);
    const [fence] = steps.filter(({ role }) => role === "protects");
    const early = steps.filter(({ does }) => does === "scale-out");
    // A task that starts may open sessions to the side that EC2 can still close.
    expect(early.map(({ after }) => after)).toEqual([[fence?.id]]);
    const commit = steps.find(({ role }) => role === "commits");
    expect(commit?.after.filter((id) => early.some((step) => step.id === id))).toEqual([]);
  });
});

describe("what is planned with two of them silent", () => {
  afterEach(() => at.stop());

  // While Route 53 is silent people change the names: that has a test of its own, in control-planes.
  const runs = PAIRS.flatMap(({ rows }) => rows).filter(({ what }) => !what.includes("route53"));
  test.each(drawn("runs of two silent planes", runs))(
    "$what: ends verified, and whatever still answers is closed",
    async (row) => {
      await start(SILENT_MS);
      for (const each of row.troubles) trouble(each);
      await startRun(at);

      const run = await drive(at);

      expect([run.state, run.why]).toEqual(["verified", ""]);
      const isSilent = (plane: string) => row.troubles.some(([other]) => other === plane);
      const closed = mutationsOf(at).filter((call) => call.startsWith(`RevokeSecurityGroupIngress ${at.service.home}`));
      expect(closed.length > 0).toBe(!isSilent("ec2"));
      if (isSilent("ec2")) expect(fenceSeen(run)).toBe("cannot-know");
    },
  );
});
