import { describe, expect, test } from "@jest/globals";
import type { Observation } from "../../../src/domain/observed.ts";
import { budgetMs, type Plan, planDigest, stepOf } from "../../../src/domain/plan.ts";
import { proposedRun } from "../../../src/domain/run.ts";
import { driftOf } from "../../../src/flows/facts.ts";
import { planCard } from "../../../src/views/plan.ts";
import { example } from "../../harness/example.ts";
import { AT, dark, homeIsDark, known, quietDay } from "../../harness/observed.ts";
import { planFor, planned, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
const regami = example("regami");

const comesBefore = (plan: Plan, earlier: string, later: string): boolean => {
  const { after } = stepOf(plan, later);
  return after.includes(earlier) || after.some((id) => comesBefore(plan, earlier, id));
};

/** The same, with the standby's database cut loose: nobody can tell the writer from what the databases say. */
function promotedBefore(observed: Observation): Observation {
  const standby = observed.sites["eu-central-1"];
  if (!standby?.database.known) throw new Error("the standby is seen");
  const database = known({ ...standby.database.value, role: "standalone" as const, source: undefined });
  return {
    ...observed,
    sites: { ...observed.sites, "eu-central-1": { ...standby, database } },
    activeRegion: { known: false, cause: "failed", why: "neither follows the other", atMs: AT },
  };
}

const refusals = (answer: ReturnType<typeof planned>) => (answer.kind === "refused" ? answer.reasons.join(" ") : "");

describe("the failover runbook", () => {
  test("data moves before users do, and the old side is fenced before either", () => {
    const plan = planFor(inventory);

    expect(comesBefore(plan, "fence", "promote")).toBe(true);
    expect(comesBefore(plan, "promote", "check-writable")).toBe(true);
    expect(comesBefore(plan, "check-writable", "shift-traffic")).toBe(true);
    expect(comesBefore(plan, "check-direct", "shift-traffic")).toBe(true);
    expect(comesBefore(plan, "settle-dns", "check-public")).toBe(true);
  });

  test("only the promotion is irreversible", () => {
    const plan = planFor(inventory);

    expect(plan.steps.filter(({ wayBack }) => wayBack === "irreversible").map(({ id }) => id)).toEqual(["promote"]);
  });

  test("inventory scales out beside the promotion, because its healthy targets prove a writable database", () => {
    expect(stepOf(planFor(inventory), "scale-out").after).toEqual([]);
  });

  test("regami scales out after the writability check, because its healthy targets alone would make DNS send users there", () => {
    expect(stepOf(planFor(regami, { requester: regami.people[0]?.id ?? "" }), "scale-out").after).toEqual([
      "check-writable",
    ]);
  });

  test("no record leads back to the old side by itself", () => {
    const plan = planFor(inventory);
    const { after } = stepOf(plan, "shift-traffic").input as {
      after: { weight: number; alias: { dnsName: string } }[];
    };
    const standby = serviceIn(inventory).sites["eu-central-1"]?.load_balancer.dns_name;

    expect(after.map(({ weight }) => weight).sort((a, b) => a - b)).toEqual([0, 100]);
    expect(after.every(({ alias }) => alias.dnsName === standby)).toBe(true);
  });

  test("with the home region dark, unknown loss and a missing fence are accepted in words", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });

    expect(plan.dataLoss.kind).toBe("unknown");
    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "not-fenced"]);
    expect(plan.unchecked.join()).toContain("eu-west-1");
  });

  test("expected loss is a point in time, and it needs words only above the objective", () => {
    const plan = planFor(inventory);

    expect(plan.dataLoss).toEqual({ kind: "after", atMs: AT - 12_000, measuredAtMs: AT - 10_000 });
    expect(plan.acceptances.map(({ id }) => id)).toEqual(["healthy-primary"]);
  });

  test("a database that was promoted before, with the old side dark, is taken as the writer in words; nothing else changes", () => {
    const observed = promotedBefore(homeIsDark(serviceIn(inventory)));
    const plan = planFor(inventory, { observed });

    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "promoted-already", "not-fenced"]);
    expect(plan.dataLoss.kind).toBe("unknown");
    expect(plan.steps.map(({ id }) => id)).toEqual(planFor(inventory).steps.map(({ id }) => id));
  });

  test("a lag above the objective needs words", () => {
    const observed = quietDay(serviceIn(inventory));
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const late = {
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, lag: known({ seconds: 1_200, measuredAtMs: AT }) } },
    };

    expect(planFor(inventory, { observed: late }).acceptances.map(({ id }) => id)).toContain("data-loss");
  });

  test("when Route 53's control plane is in the failed region, only promote and scale is planned, and it is accepted in words", () => {
    const service = serviceIn(regami);
    const observed = { ...homeIsDark(service), trafficRecords: dark<never>("Route 53") };
    const plan = planFor(regami, { observed, requester: regami.people[0]?.id ?? "" });

    expect(plan.acceptances.map(({ words }) => words)).toContain("Promote and scale; DNS by hand");
    expect(plan.steps.map(({ does }) => does)).not.toContain("shift-traffic");
    expect(plan.steps.at(-1)?.title).toContain("by hand");
  });

  test("planned mode is refused when the old side cannot be stopped first", () => {
    const answer = planned(inventory, { mode: "planned", observed: homeIsDark(serviceIn(inventory)) });

    expect(refusals(answer)).toContain("stops the writers of the old side first");
  });

  test("planned mode loses nothing: it waits until the standby has every commit", () => {
    const plan = planFor(inventory, { mode: "planned" });

    expect(plan.dataLoss).toEqual({ kind: "none" });
    expect(stepOf(plan, "record-position").input["mustReachZero"]).toBe(true);
    expect(plan.acceptances).toEqual([]);
  });

  test("two writers are nobody's to choose between", () => {
    const observed = {
      ...quietDay(serviceIn(inventory)),
      activeRegion: { known: false as const, cause: "failed" as const, why: "both databases accept writes", atMs: AT },
    };

    expect(refusals(planned(inventory, { observed }))).toContain("both databases accept writes");
  });

  test("a standby that does not answer gives no plan", () => {
    const observed = quietDay(serviceIn(inventory));
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const blind = {
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, database: dark<never>("RDS") } },
    };

    expect(refusals(planned(inventory, { observed: blind }))).toContain("Nothing can be planned without it");
  });

  test("changed records void the keys; an unreachable region and a smaller lag do not (G3)", () => {
    const service = serviceIn(inventory);
    const plan = planFor(inventory);
    const quiet = quietDay(service);
    const records = quiet.trafficRecords.known ? quiet.trafficRecords.value : [];
    const moved = { ...quiet, trafficRecords: known(records.map((record) => ({ ...record, weight: 50 }))) };

    expect(driftOf(plan.assumptions, service, quiet, "eu-central-1")).toEqual([]);
    expect(driftOf(plan.assumptions, service, moved, "eu-central-1")).toEqual([
      "the records of api.mycomputer.com changed",
    ]);
    expect(driftOf(plan.assumptions, service, homeIsDark(service), "eu-central-1")).toEqual([]);
  });

  test("the card says what cannot be undone, what may be lost, and who can still turn a key", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });
    const card = planCard(proposedRun(plan, planDigest(plan)), inventory, AT);
    const text = JSON.stringify(card);

    expect(text).toContain("POINT OF NO RETURN");
    expect(text).toContain("unknown");
    expect(text).toContain("U01ANA");
    expect(text).not.toContain('U01FARID"');
    expect(budgetMs(plan)).toBeGreaterThan(5 * 60_000);
  });

  test("any change of a choice changes the digest", () => {
    const plan = planFor(inventory);

    expect(planDigest({ ...plan, reason: `${plan.reason} ` })).not.toBe(planDigest(plan));
    expect(planDigest(JSON.parse(JSON.stringify(plan)))).toBe(planDigest(plan));
  });
});
