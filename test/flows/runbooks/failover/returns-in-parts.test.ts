import { describe, expect, test } from "@jest/globals";
import { inputOf } from "../../../../src/domain/plan-run/fence.ts";
import { planDigest } from "../../../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import type { FirewallRule } from "../../../../src/domain/service/firewall.ts";
import type { Known } from "../../../../src/domain/service/observed.ts";
import { proofOf } from "../../../../src/engine/runs/fence-guard.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { lookAtOldSide } from "../../../../src/flows/runbooks/failover/old-side.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import type { Cloud } from "../../../../src/ports/step.ts";
import { example } from "../../../harness/example.ts";
import { fakeCloud, ordinaryDay, type SaidCloud } from "../../../harness/fakes/index.ts";
import { started } from "../../../harness/keys.ts";
import { AT, dark, known } from "../../../harness/observed.ts";
import { standbyOf } from "../../../harness/site.ts";
import { watchedInMemory, watchTurn } from "../../../harness/watch-turn.ts";

const inventory = example("every-kind");
const bookings = inventory.services.find(({ name }) => name === "bookings");
if (!bookings) throw new Error("the example has bookings");
const service = bookings;
const { home } = service;

const RULE: FirewallRule = {
  ...{ protocol: "tcp", fromPort: 5432, toPort: 5432, source: { kind: "ipv4", cidr: "10.0.0.0/8" } },
};
/** The security groups of its stores at home. */
const ORDERS = "sg-0a1b2c3d4e5f60001";
const GUESTS = "sg-0a1b2c3d4e5f60003";
const TASKS = "tasks";

/** Its parts, each with why nobody could close it. */
const SILENT = { "stores.orders": "no answer", "stores.guests": "no answer", "compute.api": "no answer" };

/** A home region of which single things give no answer, and whose firewalls and tasks can be closed. */
class Home {
  readonly rules = new Map<string, readonly FirewallRule[]>([
    [ORDERS, [RULE]],
    [GUESTS, [RULE]],
  ]);
  tasks = 4;
  silent: readonly string[] = [ORDERS, GUESTS, TASKS];
  isPromoted = true;
  nowMs = AT;

  cloud(): Cloud {
    const quiet = fakeCloud(ordinaryDay(service));
    const answer = <T>(thing: string, value: T): Known<T> => (this.silent.includes(thing) ? dark(thing) : known(value));
    const tasksOf: Cloud["compute"]["describe"] = async (region, site, signal) => {
      const now = await quiet.compute.describe(region, site, signal);
      if (region !== home || !now.known) return now;
      return answer(TASKS, { ...now.value, desired: this.tasks });
    };
    const said: SaidCloud = {
      clock: { now: () => this.nowMs },
      databases: {
        describe: async (region, instance) => {
          const facts = await quiet.databases.describe(region, instance);
          if (!this.isPromoted) return region === home ? dark("RDS") : facts;
          return facts.known ? known({ ...facts.value, role: "standalone", source: undefined }) : facts;
        },
      },
      firewall: {
        rules: async (region, group) =>
          region === home ? answer(group, this.rules.get(group) ?? []) : quiet.firewall.rules(region, group),
        close: async ({ securityGroup }) => {
          this.rules.set(securityGroup, []);
          return { requestIds: [`close ${securityGroup}`] };
        },
        open: async ({ securityGroup, rules }) => {
          this.rules.set(securityGroup, rules);
          return { requestIds: [`open ${securityGroup}`] };
        },
      },
      compute: {
        ...{ describe: tasksOf, service: tasksOf },
        tasksLeft: async () => answer(TASKS, this.tasks),
        stop: async () => {
          this.tasks = 0;
          return { requestIds: ["stop"] };
        },
        restore: async ({ saved }) => {
          this.tasks = saved.desired;
          return { requestIds: ["restore"] };
        },
      },
      probe: {
        writeCheck: async (url) => {
          const group = url.endsWith("/orders") ? ORDERS : GUESTS;
          if (this.silent.includes(group)) return { kind: "unknown", why: "no answer" };
          const isOpen = (this.rules.get(group) ?? []).length > 0;
          return isOpen ? { kind: "written" } : { kind: "refused", reason: "no route" };
        },
      },
    };
    return fakeCloud(said, quiet);
  }
}

/** A run that promoted while all of its home region was dark. */
async function promotedBlindly(): Promise<RunState> {
  const at = new Home();
  at.isPromoted = false;
  const observed = await observe(service, at.cloud());
  const made = runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, observed, nowMs: AT, reason: "it is dark", requester: "farid" },
      incident: undefined,
    },
    { to: standbyOf(service) },
  );
  if (made.kind === "refused") throw new Error(made.reasons.join(" "));
  const now = { atMs: AT, epoch: 1 };
  const promoting = made.plan.steps.filter(({ role }) => role === "commits").map(({ id }) => id);
  const entries: RunEntry[] = [
    ...started(made.plan, AT),
    { kind: "claimed", ...now, worker: "w1" },
    { kind: "intent", ...now, step: "fence", attempt: 1 },
    { kind: "asked", ...now, step: "fence", requestIds: [], data: { silent: SILENT } },
    { kind: "done", ...now, step: "fence", says: "cannot know", output: { fence: "cannot-know" } },
    ...promoting.flatMap((step): RunEntry[] => [
      { kind: "intent", ...now, step, attempt: 1 },
      { kind: "done", ...now, step, says: "", output: {} },
    ]),
  ];
  return entries.reduce(transition, proposedRun(made.plan, planDigest(made.plan)));
}

async function turn(run: RunState, at: Home) {
  const cloud = at.cloud();
  const oldSide = (of: RunState) => lookAtOldSide(of, cloud, new AbortController());
  return (await watchTurn(run, { cloud, steps: STEPS, oldSide })).run;
}

describe("an old side of two stores of which one comes back first", () => {
  test("has that one closed at once, and the other when it answers", async () => {
    const at = new Home();
    const run = await promotedBlindly();

    at.silent = [GUESTS];
    const half = await turn(run, at);
    expect([at.rules.get(ORDERS), at.rules.get(GUESTS), at.tasks]).toEqual([[], [RULE], 0]);
    expect(half.watch).toMatchObject({ state: "asked", leftAlone: ["stores.guests"] });

    at.nowMs += 2_000;
    expect(await turn(half, at)).toBe(half);

    at.silent = [];
    const whole = await turn(half, at);
    expect([at.rules.get(GUESTS), whole.watch.state]).toEqual([[], "fenced"]);
  });

  test("gets back what each part had before it was closed, when people choose it again", async () => {
    const at = new Home();
    at.silent = [GUESTS];
    const half = await turn(await promotedBlindly(), at);
    at.silent = [];
    const whole = await turn(half, at);

    const fence = STEPS["fence-primary"];
    const [step] = whole.plan.steps;
    if (!fence || !step || fence.wayBack !== "undo") throw new Error("the fence has a way back");
    const hold = { run: "F-1", epoch: 1 };
    const { signal } = new AbortController();
    const context = { cloud: at.cloud(), signal, hold, tries: 1, mayHaveAsked: false, outputOf: () => undefined };
    await fence.undo(inputOf(whole, step), context);

    expect([at.rules.get(ORDERS), at.rules.get(GUESTS), at.tasks]).toEqual([[RULE], [RULE], 4]);
  });

  test("of which only the tasks answer has those stopped", async () => {
    const at = new Home();
    at.silent = [ORDERS, GUESTS];
    const run = await turn(await promotedBlindly(), at);

    expect([at.tasks, run.watch.leftAlone]).toEqual([0, ["stores.orders", "stores.guests"]]);
  });

  test("guard begun by the watch: is as unknown as before while its closing has only begun", async () => {
    const run = await promotedBlindly();
    const begun = transition(run, { kind: "watch-intent", step: "fence", atMs: AT, epoch: 1 });
    const failed = transition(begun, { kind: "watch-failed", step: "fence", atMs: AT, epoch: 1, why: "no answer" });

    expect([await proof(begun), await proof(failed)]).toEqual(Array(2).fill({ holds: true, isSeenClosed: false }));
  });

  test("that the watch has closed is not proven while it is silent again: what the fence of the run left silent counts no more", async () => {
    const begun = transition(await promotedBlindly(), { kind: "watch-intent", step: "fence", atMs: AT, epoch: 1 });
    const closed = { step: "fence", atMs: AT, epoch: 1, requestIds: [], data: { silent: [] } };
    const asked = transition(begun, { kind: "watch-asked", ...closed });

    expect(await proof(asked)).toMatchObject({ holds: false, isRefuted: false });
  });

  test("is not proven where nothing has fenced it yet, since people went on without", async () => {
    const run = await promotedBlindly();
    const { fence } = run.steps;
    if (!fence) throw new Error("the plan has a fence");
    const skipped: RunState = { ...run, steps: { ...run.steps, fence: { ...fence, output: {}, data: {} } } };
    const begun = transition(skipped, { kind: "watch-intent", step: "fence", atMs: AT, epoch: 1 });

    expect(await proof(begun)).toMatchObject({ holds: false, isRefuted: false, says: "nothing has fenced it yet" });
  });
});

/** Of a side that is silent still. */
async function proof(run: RunState) {
  const cloud = new Home().cloud();
  const { deps } = watchedInMemory(run, { cloud, steps: STEPS, oldSide: async () => ({ kind: "silent" }) });
  return proofOf(run, deps, new AbortController().signal);
}
