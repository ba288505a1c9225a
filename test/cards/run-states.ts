import { type StepTime, withLearned } from "../../src/domain/plan-run/learned-times.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState, stepsToUndo } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import type { HealthVerdict } from "../../src/domain/service/health.ts";
import { partOf } from "../../src/flows/runbooks/failover/fence-part.ts";
import { sessionsLeft } from "../../src/flows/runbooks/failover/sessions-left.ts";
import { example } from "../harness/example.ts";
import { AT, type Day, homeIsDark, quietDay } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";
import { standbyOf } from "../harness/site.ts";

export const INVENTORY = example("inventory");
export const SERVICE = serviceIn(INVENTORY);
export const MINUTE = 60_000;
/** Four minutes before the plan is made. */
export const DARK_AT = AT - 4 * MINUTE;

/** The home region is dark; the replica's newest sample says 03:11:41Z. */
export function darkHome(): Day {
  const dark = homeIsDark(SERVICE);
  const standby = dark.sites[standbyOf(SERVICE)];
  if (!standby) throw new Error("the example has a standby");
  const lastGood = { seconds: 19, measuredAtMs: Date.parse("2026-11-21T03:12:00Z") };
  const lag = { known: false, cause: "failed", why: "replication is broken (-1)", atMs: AT, lastGood } as const;
  return { ...dark, sites: { ...dark.sites, [standbyOf(SERVICE)]: { ...standby, lag } } };
}

/** Each database with a standby in another zone of its region, encrypted with a key of that region: any runbook can plan. */
export function multiAz(observed: Day): Day {
  const sites = Object.entries(observed.sites).map(([region, site]) => {
    const zones = { availabilityZone: `${region}a`, secondaryAvailabilityZone: `${region}b` };
    const facts = { ...zones, multiAz: true, encrypted: true, kmsKey: `arn:aws:kms:${region}:123456789012:key/k-1` };
    const database = site.database.known
      ? { ...site.database, value: { ...site.database.value, ...facts } }
      : site.database;
    return [region, { ...site, database }] as const;
  });
  return { ...observed, sites: Object.fromEntries(sites) };
}

/** What the simulated application answers when it has no database. */
export const RAW_HEALTH: HealthVerdict = {
  kind: "unhealthy",
  status: 503,
  why: '{"status":"unhealthy","checks":{"database":{"ok":false,"error":"connect ETIMEDOUT 10.1.4.7:5432"}}}',
};

/** Home answers, but its users get errors: an operator may still want an unplanned move. */
export const degradedHome = (): Day => ({ ...quietDay(SERVICE), publicHealth: RAW_HEALTH });

export const darkPlan = (): RunState =>
  proposed(INVENTORY, { id: "F-7KQ2MX", observed: darkHome(), outageAtMs: DARK_AT });
export const plannedPlan = (): RunState =>
  proposed(INVENTORY, {
    ...{ id: "F-3B8LLC", mode: "planned", reason: "AWS announced maintenance of eu-west-1 for the morning" },
  });
export const healthyPrimaryPlan = (): RunState =>
  proposed(INVENTORY, {
    ...{
      id: "F-5TT0AN",
      observed: degradedHome(),
      reason: "users of eu-west-1 get errors, and nobody finds the cause",
    },
  });

/** The dark plan, with times behind its steps: of 3 to 20 runs, and of its last step none. */
export function learnedPlan(): RunState {
  const { plan } = darkPlan();
  const timesOf = (expectedMs: number, runs: number) =>
    Array.from(
      { length: runs },
      (_, run): StepTime => ({ run: `F-${run}`, step: "s", tookMs: expectedMs * (0.8 + run / 20), atMs: AT }),
    );
  const behind = plan.steps.slice(0, -1).map(({ expectedMs }, at) => timesOf(expectedMs, Math.min(20, 3 + 3 * at)));
  const learned = withLearned(plan, behind);
  return proposedRun(learned, planDigest(learned));
}

const who = { by: "ana", door: "slack" } as const;

/** What is written, one line a second from the start of the run on. */
export class Journal {
  readonly #entries: RunEntry[] = [];
  #atMs = AT + MINUTE;

  add(make: (atMs: number) => RunEntry): this {
    this.#entries.push(make(this.#atMs));
    this.#atMs += 1_000;
    return this;
  }

  wait(ms: number): this {
    this.#atMs += ms;
    return this;
  }

  keys(digest: string): this {
    for (const by of ["ana", "ben"])
      this.add((atMs) => ({ kind: "key-turned", atMs, by, door: "slack", digest, accepted: [] }));
    return this.starts(["ana", "ben"]);
  }

  starts(keys: string[]): this {
    return this.add((atMs) => ({ kind: "started", atMs, keys })).add((atMs) => ({
      ...{ kind: "claimed", atMs, epoch: 1, worker: "bot@vm:9901" },
    }));
  }

  asks(step: string): this {
    return this.add((atMs) => ({ kind: "intent", atMs, step, epoch: 1, attempt: 1 })).add((atMs) => ({
      ...{ kind: "asked", atMs, step, epoch: 1, requestIds: [], data: {} },
    }));
  }

  done(step: string, says: string, output: Record<string, unknown> = {}): this {
    return this.asks(step)
      .wait(3_000)
      .add((atMs) => ({ kind: "done", atMs, step, epoch: 1, says, output }));
  }

  failed(step: string, why: string, mustAsk = false): this {
    return this.asks(step)
      .wait(20_000)
      .add((atMs) => ({ kind: "failed", atMs, step, epoch: 1, code: "x", why, mustAsk }));
  }

  /** Everything that has a way back is undone, and the run ends. */
  undoes(run: RunState): this {
    for (const { id: step } of stepsToUndo(this.on(run)))
      this.add((atMs) => ({ kind: "undo-intent", atMs, step, epoch: 1 })).add((atMs) => ({
        ...{ kind: "undone", atMs, step, epoch: 1, says: "as before", requestIds: [] },
      }));
    return this.add((atMs) => ({ kind: "finished", atMs, state: "unwound" }));
  }

  on(run: RunState): RunState {
    return this.#entries.reduce(transition, run);
  }
}

const STORE = partOf({
  ...{ resource: "stores.main", role: "stores", kind: "rds-replica", writeCheck: "https://check.example" },
  things: {
    ...{ region: "eu-west-1", instance: "mycomputer-inventory-db", groups: [], alone: [], together: [] },
    writeCheck: "https://check.example",
  },
});
/** As far as the standby had followed when that was written down. */
const FOLLOWED = { lastCommitMs: Date.parse("2026-11-21T03:11:41Z") };
const begun = (run: RunState) => new Journal().keys(run.digest);
const fenced = (run: RunState) =>
  begun(run)
    .done("fence", "fenced: a write on the old database fails (connection refused)", { fence: "fenced" })
    .asks("scale-out")
    .done("record-position", "every commit of the stopped writers is on the standby", { lastCommitMs: AT + 68_000 });
const promoting = (run: RunState) => fenced(run).asks("promote").wait(42_000);
const promoted = (run: RunState) =>
  fenced(run).done("promote", "promoted: it takes writes").done("check-writable", "a write succeeds");

/** Runs in each state that people see, with the moment at which they look. */
export function runStates(): Readonly<Record<string, RunState>> {
  const dark = darkPlan();
  const plan = plannedPlan();
  const rest = plan.plan.steps
    .map(({ id }) => id)
    .filter((id) => !["fence", "record-position", "promote", "check-writable", "scale-out"].includes(id));
  const finished = rest.reduce(
    (journal, id) => journal.done(id, "as it should be"),
    promoted(plan).add((atMs) => ({
      kind: "done",
      atMs,
      step: "scale-out",
      epoch: 1,
      says: "5 of 5 tasks run",
      output: {},
    })),
  );
  const undone = (journal: Journal) =>
    journal
      .add((atMs) => ({ kind: "aborted", atMs, by: "grace", door: "slack" }))
      .add((atMs) => ({ kind: "undo-intent", atMs, step: "fence", epoch: 1 }));
  return {
    "one-key": new Journal()
      .add((atMs) => ({ kind: "key-turned", atMs, ...who, digest: dark.digest, accepted: [] }))
      .on(dark),
    refused: new Journal()
      .add((atMs) => ({
        ...{ kind: "refused", atMs, by: "ben", door: "slack" },
        why: "AWS says that eu-west-1 is back in ten minutes. Plan again if it is not.",
      }))
      .on(dark),
    running: promoting(plan).on(plan),
    unfenced: begun(dark)
      .done("fence", "eu-west-1 does not answer; going on without was accepted", { fence: "cannot-know" })
      .done("record-position", "commits until 03:11:41Z are on the standby", FOLLOWED)
      .asks("promote")
      .wait(42_000)
      .on(dark),
    paused: fenced(plan)
      .add((atMs) => ({
        kind: "paused",
        atMs,
        by: "chloe",
        door: "slack",
        why: "the region is coming back",
      }))
      .on(plan),
    voided: fenced(plan)
      .add((atMs) => ({
        kind: "voided",
        because: "facts",
        atMs,
        why: ["the records of api.mycomputer.com changed", "lag is 74 s, worse than 60 s"],
      }))
      .on(plan),
    stopped: promoted(plan)
      .failed(
        "point-application",
        "Route 53 refused the change: InvalidChangeBatch: Tried to change db.inventory.mycomputer.internal but its set identifier does not match",
      )
      .on(plan),
    "sessions-left": begun(plan)
      .asks("fence")
      .add((atMs) => ({
        ...{ kind: "failed", atMs, step: "fence", epoch: 1, code: "sessions-left", mustAsk: true },
        why: "stores.main is closed, and programs that were connected may still write to it: TwoKey could not sign in (mycomputer-inventory-db: Connection terminated)",
        ways:
          sessionsLeft(STORE, { region: "eu-west-1", run: plan.plan.id, why: "" })
            .facts["ways"]?.toString()
            .split("\n") ?? [],
      }))
      .on(plan),
    unwinding: undone(fenced(plan)).on(plan),
    stuck: undone(fenced(plan))
      .add((atMs) => ({
        kind: "undo-failed",
        atMs,
        step: "fence",
        epoch: 1,
        why: "the security group sg-0inv1db does not exist any more",
      }))
      .on(plan),
    unwound: undone(fenced(plan))
      .add((atMs) => ({
        kind: "undone",
        atMs,
        step: "fence",
        epoch: 1,
        says: "a write succeeds again",
        requestIds: [],
      }))
      .add((atMs) => ({ kind: "finished", atMs, state: "unwound" }))
      .on(plan),
    verified: finished.add((atMs) => ({ kind: "finished", atMs, state: "verified" })).on(plan),
  };
}
