import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import { inventoryFrom } from "../../../../src/domain/service/inventory.ts";
import type { Service } from "../../../../src/domain/service/service.ts";
import { RecordsInput } from "../../../../src/flows/steps/schemas.ts";
import { rewrite } from "../../../../src/sandbox/rewrites.ts";
import { lossLine } from "../../../../src/views/loss.ts";
import { planInFull } from "../../../../src/views/plan.ts";
import { example } from "../../../harness/example.ts";
import { AT, type Day, homeIsDark, known, quietDay } from "../../../harness/observed.ts";
import { planFor, planned, proposed, serviceIn } from "../../../harness/plans.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const GROUP = siteOf(service, service.home).database.security_group;
const LAST_COMMIT = AT - 7_000;

/** A run that asked for the promotion and stopped there. */
function stopped(observed: Day): RunState {
  const at = { atMs: AT, epoch: 1 };
  const step = (id: string, output: Record<string, unknown> = {}): RunEntry[] => [
    { kind: "intent", ...at, step: id, attempt: 1 },
    { kind: "done", ...at, step: id, says: "ok", output },
  ];
  const entries: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, worker: "w1" },
    ...step("fence", { fence: "cannot-know" }),
    ...step("record-position", { lastCommitMs: LAST_COMMIT }),
    { kind: "intent", ...at, step: "promote", attempt: 1 },
    { kind: "failed", ...at, step: "promote", code: "step-deadline", why: "it took too long", mustAsk: false },
  ];
  return entries.reduce(transition, proposed(inventory, { observed }));
}

/** The standby as RDS shows it once its promotion is through; who is writer is nobody's to tell from that. */
function promoted(of: Service, observed: Day): Day {
  const standby = observed.sites[standbyOf(of)];
  if (!standby?.database.known) throw new Error("the standby is known");
  const database = known({ ...standby.database.value, role: "standalone" as const, source: undefined });
  return {
    ...observed,
    activeRegion: { known: false, cause: "failed", why: "neither follows the other", atMs: AT },
    sites: { ...observed.sites, [standbyOf(of)]: { ...standby, database } },
  };
}

describe("what is left of a run that promoted and stopped", () => {
  const dark = homeIsDark(service);
  const continues = stopped(dark);
  const observed = promoted(service, dark);

  test("only that run's journal makes a standalone standby part of a plan", () => {
    const twoWriters = promoted(service, quietDay(service));

    expect(planned(inventory, { observed: twoWriters }).kind).toBe("refused");
    expect(planned(inventory, { observed: twoWriters, continues }).kind).toBe("plan");
    expect(planned(inventory, { observed: twoWriters, continues: { ...continues, pastNoReturn: false } }).kind).toBe(
      "refused",
    );
  });

  test("leaves out the promotion and the position before it; the fence still comes before everything that moves users", () => {
    const plan = planFor(inventory, { observed, continues });
    const ids = plan.steps.map(({ id }) => id);

    expect(ids).not.toContain("promote");
    expect(ids).not.toContain("record-position");
    expect(ids[0]).toBe("fence");
    expect(stepOf(plan, "check-writable").after).toEqual(["fence"]);
    expect([plan.restOf, plan.pastNoReturn]).toEqual([{ run: "F-1", intents: 3 }, true]);
  });

  test("asks nobody again for data that is lost already, and goes on saying how much", () => {
    const plan = planFor(inventory, { observed, continues });

    expect(plan.dataLoss).toMatchObject({ kind: "after", atMs: LAST_COMMIT });
    expect(plan.acceptances.map(({ id }) => id)).toEqual(["not-fenced"]);
  });

  test("of a planned move promises no more than was signed: what open sessions wrote may be lost", () => {
    const whole = { ...planFor(inventory, { mode: "planned" }), acceptances: [] };
    const rest = { ...whole, restOf: { run: "F-1", intents: 3 } };

    expect(lossLine(whole)).toBe("No data is lost: writers stop first, and the standby catches up.");
    expect(lossLine(rest)).toBe(
      "Nothing written before the old database closes is lost: the standby catches up first.",
    );
  });

  test("leads where the promotion led, and nowhere else", () => {
    const home = planned(inventory, { observed, continues, to: service.home });

    expect(home.kind === "refused" && home.reasons.join(" ")).toContain("past its point of no return");
  });

  test("its card says what ends with the last key, and that nothing is rolled back", () => {
    const card = planInFull(proposed(inventory, { id: "F-2", observed, continues }), inventory, { nowMs: AT });

    expect(card.text).toContain("The point of no return is passed already. Nothing is rolled back any more.");
    expect(JSON.stringify(card.parts)).toContain("run F-1, which ends when the last key is turned");
    expect(JSON.stringify(card.parts)).not.toContain("– point of no return");
  });
});

describe("the rest of a rest", () => {
  const touched = stopped(quietDay(service));
  const FENCE = ["fence", "captured"] as const;
  const inputOf = (run: RunState, [step, field]: readonly [string, string]) => stepOf(run.plan, step).input[field];

  /** What is seen once the old side is fenced and users were moved. */
  function moved(): Day {
    const day = promoted(service, quietDay(service));
    const home = day.sites[service.home];
    const shift = RecordsInput.parse(stepOf(touched.plan, "shift-traffic").input);
    if (!home?.compute.known) throw new Error("a quiet day is known");
    const compute = known({ ...home.compute.value, desired: 0 });
    return {
      ...day,
      trafficRecords: known(shift.after),
      sites: { ...day.sites, [service.home]: { ...home, firewall: known({ [GROUP]: [] }), compute } },
    };
  }
  const observed = moved();

  test("puts back what stood before the first attempt, also when the run in between asked for nothing", () => {
    const second = proposed(inventory, { id: "F-2", observed, continues: touched });
    const third = proposed(inventory, { id: "F-3", observed, continues: { ...second, state: "paused" } });

    expect(inputOf(second, FENCE)).toEqual(inputOf(touched, FENCE));
    expect(inputOf(third, FENCE)).toEqual(inputOf(touched, FENCE));
  });

  test("puts nothing of one database or service back on another one that the file names now", () => {
    const path = ["services", service.name, "stores", "stock", "in", service.home, "id"] as const;
    const edited = inventoryFrom(rewrite(inventory.file, [{ path, value: "mycomputer-inventory-new" }]));
    const second = proposed(edited, { id: "F-2", observed, continues: touched });

    expect(inputOf(second, FENCE)).toMatchObject({ "stores.stock": { [GROUP]: [] }, "compute.api": { desired: 5 } });
    expect(inputOf(second, FENCE)).not.toEqual(inputOf(touched, FENCE));
  });

  test("knows the records that stood before users were moved", () => {
    const second = proposed(inventory, { id: "F-2", observed, continues: touched });
    const third = proposed(inventory, { id: "F-3", observed, continues: second });

    expect(inputOf(third, ["shift-traffic", "before"])).toEqual(inputOf(touched, ["shift-traffic", "before"]));
    expect(inputOf(third, ["shift-traffic", "after"])).toEqual(inputOf(touched, ["shift-traffic", "after"]));
  });
});

describe("what is left of a run whose promotion is not to be seen", () => {
  const continues = stopped(quietDay(service));

  test("asks for it again, and a promotion that shows meanwhile voids no key", () => {
    const plan = planFor(inventory, { continues });

    expect(plan.steps.map(({ id }) => id)).toContain("promote");
    expect(plan.assumptions.map(({ fact }) => fact)).not.toContain("standby-source");
    expect(planFor(inventory).assumptions.map(({ fact }) => fact)).toContain("standby-source");
  });
});
