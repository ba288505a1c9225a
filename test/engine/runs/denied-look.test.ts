import { describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import type { FirewallRule } from "../../../src/domain/service/firewall.ts";
import type { WriteVerdict } from "../../../src/domain/service/health.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { blindWatches, watchInSight } from "../../../src/engine/runs/blind-watch.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { guardTimes } from "../../../src/engine/runs/guard-times.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { lookAtOldSide } from "../../../src/flows/runbooks/failover/old-side.ts";
import type { ComputeFacts } from "../../../src/ports/compute.ts";
import { oldSideLine } from "../../../src/views/old-side.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { started } from "../../harness/keys.ts";
import { AT, known, quietDay } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";
import { standbyOf } from "../../harness/site.ts";
import { watchedInMemory } from "../../harness/watch-turn.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const { sites } = quietDay(service);
const [home, standby] = [sites[service.home], sites[standbyOf(service)]];
const SWEEP_MS = 2_000;

/** Moved, verified, and its old side was shown to be fenced. */
function verified(): RunState {
  const run = proposed(inventory);
  const at = { atMs: AT, epoch: 1 };
  const entries: RunEntry[] = [
    ...started(run.plan, AT),
    { kind: "claimed", ...at, worker: "w1" },
    ...done("fence", { silent: {} }, { fence: "fenced" }),
    ...done("promote", { found: "asked" }, {}),
    { kind: "finished", atMs: AT, state: "verified" },
  ];
  return entries.reduce(transition, run);
}

function done(step: string, data: Record<string, unknown>, output: Record<string, unknown>): RunEntry[] {
  const at = { atMs: AT, epoch: 1, step };
  return [
    { kind: "intent", ...at, attempt: 1 },
    { kind: "asked", ...at, requestIds: ["r"], data },
    { kind: "done", ...at, says: "", output },
  ];
}

const DENIED = { known: false, cause: "denied", why: "AccessDenied", atMs: AT } as const;
const DARK = { known: false, cause: "unreachable", why: "no answer", atMs: AT } as const;
const OPEN: Known<readonly FirewallRule[]> = known([
  { protocol: "tcp", fromPort: 5432, toPort: 5432, source: { kind: "ipv4", cidr: "0.0.0.0/0" } },
]);
const CLOSED: Known<readonly FirewallRule[]> = known([]);
const STOPPED = ((): Known<ComputeFacts> => {
  if (!home?.compute.known) throw new Error("a quiet day is known");
  const scaling = { min: 0, max: 0, suspended: { scaleIn: true, scaleOut: true, scheduled: true } };
  return known({ ...home.compute.value, desired: 0, running: 0, scaling });
})();
const REFUSED: WriteVerdict = { kind: "refused", reason: "connect-timeout" };
const SILENT: WriteVerdict = { kind: "unknown", why: "no answer" };
const WRITTEN: WriteVerdict = { kind: "written" };

interface World {
  rules: Known<readonly FirewallRule[]>;
  compute: Known<ComputeFacts>;
  write: WriteVerdict;
}

/** Whoever may not look may not act. */
const refuse = () => Promise.reject(new StepFailed("aws-denied", "AccessDenied"));

/** Swept as it is in production; `is` may be changed between two sweeps. */
function swept(is: World, guard = guardTimes()) {
  let nowMs = AT + 60_000;
  if (!standby?.database.known) throw new Error("a quiet day is known");
  const promoted = known({ ...standby.database.value, role: "standalone" as const, source: undefined });
  const left = () => (is.compute.known ? known(0) : is.compute);
  const cloud = fakeCloud({
    clock: { now: () => nowMs },
    databases: { describe: async (region) => (region === service.home ? (home?.database ?? DARK) : promoted) },
    firewall: { rules: async (region) => (region === service.home ? is.rules : OPEN), close: refuse },
    compute: {
      stop: refuse,
      describe: async () => is.compute,
      service: async () => is.compute,
      tasksLeft: async () => left(),
    },
    traffic: { records: async () => known([]) },
    probe: { writeCheck: async () => is.write, writeOverKept: async () => is.write },
  });
  const { deps, kept } = watchedInMemory(verified(), {
    ...{ cloud, steps: STEPS, guard },
    oldSide: (run, looking) => lookAtOldSide(run, cloud, looking),
  });
  const clock = { ...deps.clock, now: () => nowMs };
  const blind = blindWatches();
  const { signal } = new AbortController();
  const sweepFor = async (ms: number) => {
    for (const endsMs = nowMs + ms; nowMs < endsMs; nowMs += SWEEP_MS) {
      const ours = { ...deps, clock };
      const look = () => watchOldSide(kept().run, ours, signal);
      await watchInSight(kept().run, { ...ours, blind }, { signal, look });
    }
  };
  const kinds = () => kept().written.flatMap(({ kind }) => (kind === "claimed" ? [] : [kind]));
  const beganMs = (what: RunEntry["kind"]) => kept().written.find(({ kind }) => kind === what)?.atMs;
  const blindSinceMs = () => kept().run.watch.unseenSinceMs ?? Number.NaN;
  const needed = () => whoIsNeeded(kept().run, inventory, nowMs);
  return {
    is,
    sweepFor,
    kinds,
    needed,
    beganMs,
    blindSinceMs,
    line: () => JSON.stringify(oldSideLine(kept().run, nowMs)),
  };
}

const quiet = (): World => ({ rules: CLOSED, compute: STOPPED, write: REFUSED });
const MINUTE_MS = 60_000;

describe("an old side that was fenced, of which TwoKey may not see everything", () => {
  test.each<[string, Partial<World>]>([
    ["EC2 is denied, and a write succeeds", { rules: DENIED, write: WRITTEN }],
    ["ECS is denied, and a write succeeds", { compute: DENIED, write: WRITTEN }],
    ["both are denied, and a write succeeds", { rules: DENIED, compute: DENIED, write: WRITTEN }],
    ["EC2 is silent, and a write succeeds", { rules: DARK, write: WRITTEN }],
    ["all of it is silent, and a write succeeds", { rules: DARK, compute: DARK, write: WRITTEN }],
    ["ECS is denied, and its group stands open", { compute: DENIED, rules: OPEN, write: SILENT }],
    ["ECS is silent, and its group stands open", { compute: DARK, rules: OPEN, write: SILENT }],
  ])("guard seen beside a refusal: calls people within 30 s where %s", async (_what, now) => {
    const { is, sweepFor, kinds, needed, beganMs } = swept(quiet());
    await sweepFor(MINUTE_MS);
    expect([kinds(), needed()]).toEqual([[], undefined]);

    Object.assign(is, now);
    await sweepFor(16_000);

    expect(kinds()[0]).toBe("fence-lost");
    expect(needed()).toMatchObject({ occasion: "old-side", reason: `old-side:${beganMs("fence-lost")}` });
  });

  test.each<[string, Partial<World>]>([
    ["EC2 is denied, and its write check is silent", { rules: DENIED, write: SILENT }],
    ["EC2 is denied, and a write fails from there alone", { rules: DENIED }],
    ["both are denied", { rules: DENIED, compute: DENIED }],
    ["EC2 alone is silent", { rules: DARK, write: SILENT }],
  ])("guard unseen side: calls people after 5 min, once, where %s, until it can be seen again", async (_what, now) => {
    const { is, sweepFor, kinds, needed, beganMs, line, blindSinceMs } = swept(quiet());
    await sweepFor(MINUTE_MS);
    Object.assign(is, now);
    await sweepFor(4 * MINUTE_MS);
    expect([kinds(), needed()]).toEqual([[], undefined]);

    await sweepFor(30 * MINUTE_MS);

    expect(kinds()).toEqual(["watch-blind"]);
    // What it took since then nobody knows.
    expect(blindSinceMs()).toBeLessThanOrEqual(AT + 2 * MINUTE_MS);
    expect(needed()).toMatchObject({ occasion: "old-side", reason: `old-side-blind:${beganMs("watch-blind")}` });
    expect(needed()?.why).toMatch(/TwoKey cannot watch eu-west-1 since .*whether stores\.stock is closed/);
    expect(needed()?.why).toContain("/dr stop-watch F-1");
    expect(line()).toContain("TwoKey cannot watch");

    Object.assign(is, quiet());
    await sweepFor(MINUTE_MS);
    expect([kinds(), needed()]).toEqual([["watch-blind", "watch-sees"], undefined]);
  });

  test("guard unseen side: calls people as soon as 5 min are over, and not a look before", async () => {
    const everySweep = { ...guardTimes(), isDue: () => true };
    const { sweepFor, kinds } = swept({ ...quiet(), rules: DENIED }, everySweep);

    await sweepFor(5 * MINUTE_MS);
    expect(kinds()).toEqual([]);
    await sweepFor(SWEEP_MS);
    expect(kinds()).toEqual(["watch-blind"]);
  });

  test("that is written to while nobody sees it is told as written to", async () => {
    const { is, sweepFor, kinds, needed } = swept({ ...quiet(), rules: DENIED });
    await sweepFor(10 * MINUTE_MS);
    is.write = WRITTEN;
    await sweepFor(16_000);

    expect(kinds().slice(0, 2)).toEqual(["watch-blind", "fence-lost"]);
    expect(needed()?.why).toMatch(/could not be fenced: .*What it takes now is not in eu-central-1/);
  });

  test.each<[string, Partial<World>]>([
    ["all of it is silent, as when the region is gone", { rules: DARK, compute: DARK, write: SILENT }],
    ["its write check is silent, and all of it is seen closed", { write: SILENT }],
    ["ECS is denied, and its stores are seen closed", { compute: DENIED }],
  ])("calls nobody where %s", async (_what, now) => {
    const { is, sweepFor, kinds, needed } = swept(quiet());
    Object.assign(is, now);
    await sweepFor(30 * MINUTE_MS);

    expect([kinds(), needed()]).toEqual([[], undefined]);
  });

  test("stays unseen while all of it is silent", async () => {
    const { is, sweepFor, kinds } = swept({ ...quiet(), rules: DENIED });
    await sweepFor(10 * MINUTE_MS);
    is.rules = DARK;
    is.compute = DARK;
    await sweepFor(10 * MINUTE_MS);

    expect(kinds()).toEqual(["watch-blind"]);
  });
});
