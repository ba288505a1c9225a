import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import type { FirewallRule } from "../../../../src/domain/service/firewall.ts";
import type { Known } from "../../../../src/domain/service/observed.ts";
import { FenceInput } from "../../../../src/flows/runbooks/failover/fence-input.ts";
import { lookAtOldSide } from "../../../../src/flows/runbooks/failover/old-side.ts";
import { RecordsInput } from "../../../../src/flows/steps/schemas.ts";
import type { ComputeFacts } from "../../../../src/ports/compute.ts";
import type { DatabaseFacts } from "../../../../src/ports/databases.ts";
import type { OldSideLooking } from "../../../../src/ports/old-side.ts";
import type { RecordSet } from "../../../../src/ports/traffic.ts";
import { example } from "../../../harness/example.ts";
import { fakeCloud, type SaidCloud } from "../../../harness/fakes/index.ts";
import { AT, homeIsDark, known, quietDay } from "../../../harness/observed.ts";
import { proposed, serviceIn } from "../../../harness/plans.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const GROUP = siteOf(service, service.home).database.security_group;
const quiet = quietDay(service);
const RULE: FirewallRule = {
  ...{ protocol: "tcp", fromPort: 5432, toPort: 5432, source: { kind: "ipv4", cidr: "10.0.0.0/8" } },
};

/** A run whose steps have ended as listed. */
function runWhere(...done: string[]): RunState {
  const entries = done.flatMap((step): RunEntry[] => [
    { kind: "intent", atMs: AT, step, epoch: 1, attempt: 1 },
    { kind: "done", atMs: AT, step, epoch: 1, says: "", output: {} },
  ]);
  const begun: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
  ];
  return [...begun, ...entries].reduce(transition, proposed(inventory, { observed: homeIsDark(service) }));
}

interface World {
  readonly rules?: Known<readonly FirewallRule[]>;
  readonly compute?: Known<ComputeFacts>;
  readonly newSide?: Partial<DatabaseFacts>;
  readonly newRules?: readonly FirewallRule[];
  /** The database of a third region, whose door is open. */
  readonly third?: Partial<DatabaseFacts>;
  readonly records?: readonly RecordSet[];
  readonly isStopped?: boolean;
  /** ECS of the old side answers nobody in time. */
  readonly isSlow?: boolean;
}

/** No call that ends by itself: whoever asks has to give it up. */
const never = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));

type Looking = Pick<OldSideLooking, "partWithinMs" | "later">;

async function looked(
  run: RunState,
  { rules = known([RULE]), newRules = [RULE], ...world }: World = {},
  looking: Looking = {},
) {
  const [home, standby] = [quiet.sites[service.home], quiet.sites[standbyOf(service)]];
  if (!home?.compute.known || !standby?.database.known) throw new Error("a quiet day is known");
  const compute = world.isStopped
    ? {
        ...home.compute.value,
        desired: 0,
        scaling: { min: 0, max: 0, suspended: { scaleIn: true, scaleOut: true, scheduled: true } },
      }
    : home.compute.value;
  const facts = { ...standby.database.value, role: "standalone" as const, source: undefined, ...world.newSide };
  const inThird = { ...facts, ...world.newSide, role: "standalone" as const, source: undefined, ...world.third };
  const of = (region: string) => known(region === standbyOf(service) ? facts : inThird);
  const said: SaidCloud = {
    clock: { now: () => AT },
    databases: { describe: async (region) => (region === service.home ? SILENT : of(region)) },
    firewall: {
      rules: async (region) =>
        region === service.home ? rules : region === standbyOf(service) ? known(newRules) : known([RULE]),
    },
    compute: {
      describe: async (_region, _site, signal) =>
        world.isSlow ? await never(signal) : (world.compute ?? known(compute)),
    },
    traffic: {
      records: async (_zone, _name, signal) => {
        signal?.throwIfAborted();
        return known(world.records ?? []);
      },
    },
  };
  const cloud = fakeCloud(said, "a look changes nothing and asks for nothing else");
  return lookAtOldSide(run, cloud, { ...looking, signal: new AbortController().signal });
}

/** RDS of the old side; what the plan knew of its groups counts. */
const SILENT = { known: false, cause: "unreachable", why: "no answer", atMs: AT } as const;
const dark = { known: false, cause: "unreachable", why: "no answer", atMs: AT } as const;
const denied = { known: false, cause: "denied", why: "AccessDenied", atMs: AT } as const;

describe("a look at the old side", () => {
  test("captures what stands there, for the day that people unwind", async () => {
    const found = await looked(runWhere("fence"));

    expect(found).toMatchObject({ kind: "back", open: ["compute.api", "stores.stock"], closed: [], unseen: {} });
    expect(found).toMatchObject({ captured: { "stores.stock": { [GROUP]: [RULE] } } });
  });

  test("takes silence for silence, and a refusal for an answer", async () => {
    expect(await looked(runWhere("fence"), { rules: dark, compute: dark })).toEqual({ kind: "silent" });
    expect(await looked(runWhere("fence"), { rules: denied })).toMatchObject({
      ...{ kind: "back", silent: [], refused: ["stores.stock"], unseen: { "stores.stock": "AccessDenied" } },
    });
  });

  test("guard open beside a refusal: knows what stands open, whatever else nobody may read", async () => {
    expect(await looked(runWhere("fence"), { compute: denied })).toMatchObject({
      ...{ open: ["stores.stock"], refused: ["compute.api"], captured: { "stores.stock": { [GROUP]: [RULE] } } },
    });
  });

  test("answers for each part by itself: what is silent holds back nothing that answers", async () => {
    const found = await looked(runWhere("fence"), { compute: dark });

    expect(found).toMatchObject({ kind: "back", open: ["stores.stock"], silent: ["compute.api"], refused: [] });
    expect(found).toMatchObject({ captured: { "stores.stock": { [GROUP]: [RULE] } } });
    const closed = { open: [], closed: ["stores.stock"], refused: [] };
    expect(await looked(runWhere("fence"), { compute: dark, rules: known([]) })).toMatchObject(closed);
  });

  test("guard own time: takes one slow control plane for silent, and nothing else", async () => {
    const found = await looked(runWhere("fence"), { isSlow: true }, { partWithinMs: 20 });

    expect(found).toMatchObject({ kind: "back", open: ["stores.stock"], silent: ["compute.api"] });
    expect(found).toMatchObject({ captured: { "stores.stock": { [GROUP]: [RULE] } } });
  });

  test("knows a side that is closed already", async () => {
    const closed = { rules: known([]), isStopped: true };

    expect(await looked(runWhere("fence"), closed)).toMatchObject({
      ...{ kind: "back", open: [], closed: ["compute.api", "stores.stock"] },
    });
  });

  const promoted = ["fence", "record-position", "promote"];
  const { plan } = proposed(inventory, { observed: homeIsDark(service) });
  const shifted = [...promoted, "check-writable", "shift-traffic"];
  const records = RecordsInput.parse(stepOf(plan, "shift-traffic").input).before;

  test.each<[string, string[], World]>([
    ["the new side is a replica again", promoted, { newSide: { role: "replica", source: "arn:aws:rds:x:1:db:new" } }],
    ["the new side is closed itself", promoted, { newRules: [] }],
    ["the records lead to the old side again", shifted, { records }],
  ])("sees that people moved back: %s", async (_what, steps, world) => {
    expect(await looked(runWhere(...steps), world)).toMatchObject({ kind: "moved-back" });
  });

  test("sees it also where a part of the old side took all of its own time", async () => {
    const found = await looked(runWhere(...shifted), { records, isSlow: true }, { partWithinMs: 20 });

    expect(found).toMatchObject({ kind: "moved-back" });
  });

  test("sees it also for a plan for the rest, which leaves the promotion out", async () => {
    const run = runWhere(...promoted);
    const rest = { ...run, plan: { ...run.plan, steps: run.plan.steps.filter(({ id }) => id !== "promote") } };

    expect(await looked(rest, { newSide: { role: "replica", source: "arn:aws:rds:x:1:db:new" } })).toMatchObject({
      kind: "moved-back",
    });
    expect(await looked(rest)).toMatchObject({ kind: "back" });
  });

  test("a plan for the rest that found users at the new side does not take their staying there for moving back", async () => {
    const run = runWhere(...shifted);
    const { after } = RecordsInput.parse(stepOf(run.plan, "shift-traffic").input);
    const found = run.plan.steps.map((step) =>
      step.id === "shift-traffic" ? { ...step, input: { ...step.input, before: after } } : step,
    );

    expect(await looked({ ...run, plan: { ...run.plan, steps: found } }, { records: after })).toMatchObject({
      kind: "back",
    });
  });

  describe("whose service a later run of ours moved on", () => {
    const THIRD = "eu-west-2";
    /** The same move, from where this one led to a third region. */
    function onTo(...done: string[]): RunState {
      const run = runWhere(...done);
      const from = standbyOf(service);
      return {
        ...run,
        plan: {
          ...{ ...run.plan, id: "F-2", from, to: THIRD },
          steps: run.plan.steps.map((step) => (step.id === "fence" ? { ...step, input: leadingTo(step.input) } : step)),
        },
      };
    }
    function leadingTo(input: Readonly<Record<string, unknown>>) {
      const { newSide, ...rest } = FenceInput.parse(input);
      return {
        ...rest,
        newSide: newSide.map((each) =>
          each.role === "stores" ? { ...each, copy: { ...each.copy, region: THIRD } } : each,
        ),
      };
    }
    const REPLICA = { role: "replica", source: "arn:aws:rds:x:1:db:new" } as const;

    test.each<[string, string[], World]>([
      ["that run has closed its new side, and its own copy is not promoted yet", ["fence"], { third: REPLICA }],
      ["that run has led the service to the third region", promoted, {}],
      ["its new side was built again as a replica since", promoted, { newSide: REPLICA, newRules: [RULE] }],
    ])("guard own doing: does not take for moving back: %s", async (_what, steps, world) => {
      const later = [onTo(...steps)];
      expect(await looked(runWhere(...promoted), { newRules: [], ...world }, { later })).toMatchObject({
        kind: "back",
      });
    });

    test("sees that people moved back where the third region is left as well, or its names lead to it again", async () => {
      const later = [onTo(...promoted)];
      expect(await looked(runWhere(...promoted), { newRules: [], third: REPLICA }, { later })).toMatchObject({
        ...{ kind: "moved-back", why: `the database of ${THIRD} is no writer any more` },
      });
      expect(await looked(runWhere(...promoted), { third: REPLICA }, { later })).toMatchObject({ kind: "back" });
      expect(await looked(runWhere(...shifted), { newRules: [], records }, { later })).toMatchObject({
        kind: "moved-back",
      });
    });
  });

  test.each<[string, string[], World]>([
    ["a replica that is not promoted yet", ["fence"], { newSide: { role: "replica" } }],
    ["records that were not shifted yet", promoted, { records }],
    ["records that nobody can read as they were", shifted, { records: [] }],
  ])("does not take for moving back: %s", async (_what, steps, world) => {
    expect(await looked(runWhere(...steps), world)).toMatchObject({ kind: "back" });
  });
});
