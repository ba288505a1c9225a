import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cutOffFor } from "../../../src/app/cut-off.ts";
import { TransientError } from "../../../src/domain/errors.ts";
import { lettingGo } from "../../../src/domain/plan-run/cut-off.ts";
import { heldUpStep } from "../../../src/domain/plan-run/held-up.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { voidedBy } from "../../../src/domain/plan-run/second-look.ts";
import { advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { letsGoWhenCutOff } from "../../../src/engine/runs/cut-off.ts";
import { driveRun } from "../../../src/engine/runs/executor.ts";
import { haltAfter, vainDrives } from "../../../src/engine/runs/halt.ts";
import { RunHold } from "../../../src/engine/runs/journal.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { LEDGER_UNWRITABLE, type Ledger } from "../../../src/ports/runs.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { advanceDeps, type DriveWish, drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { mutationsOf, runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { silent } from "../../harness/fakes/index.ts";

const SPEED = 60;
const MINUTE_MS = 60_000;
const LETS_GO = "reaches nobody outside, and let go of it";
const SLOW = "promote-replica";

let at: FailoverWorld;
let isCut = false;
beforeEach(async () => {
  isCut = false;
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  await startRun(at);
});
afterEach(() => at.stop());

/** The network of the process that drives the run is gone; its Redis still answers. */
function cut(): void {
  isCut = true;
  for (const vendor of ["aws", "app", "dns"] as const)
    at.whole.world.faults.plan({ vendor, effect: { kind: "drop-before" } });
}
function mend(): void {
  isCut = false;
  at.whole.world.faults.clear();
}

/** Drives until the process that is cut off lets go; resolves to the run as it left it. */
async function drivenUntilLetGo(wish: DriveWish = {}, here = at): Promise<RunState> {
  await expect(drive(here, { isCutOff: () => isCut, ...wish })).rejects.toThrow(LETS_GO);
  return runOf(at);
}

/** Another process, which reaches everybody. */
const drivenByAnother = () => {
  mend();
  return drive({ ...at, cloud: at.elsewhere }, { worker: "another", isCutOff: () => false });
};

const append = async (...entries: readonly RunEntry[]) =>
  at.memory.runs.append(await runOf(at), { entries, events: [] });

/** The steps of the product, but for what this one does. */
function withStep(
  name: string,
  change: (step: StoredStep) => Partial<StoredStep>,
): Readonly<Record<string, StoredStep>> {
  const step = STEPS[name];
  if (!step) throw new Error(`there is no ${name}`);
  return { ...STEPS, [name]: { ...step, ...change(step) } };
}

/** What the slow step has asked for is not there while this process is cut off, from its first look on. */
const slow = () =>
  withStep(SLOW, () => ({
    verify: async () => {
      isCut = true;
      at.whole.world.clock.jump(10 * MINUTE_MS);
      return { done: false, says: "it is modifying" };
    },
  }));

const methodsOf = (ledger: Ledger): Ledger => ({
  append: (line) => ledger.append(line),
  disagreement: () => ledger.disagreement(),
  highestEpoch: () => ledger.highestEpoch(),
  head: () => ledger.head(),
});

const needed = (run: RunState, nowMs: number) => whoIsNeeded(run, at.inventory, nowMs);

describe("a process that is cut off", () => {
  test("guard lets go: who is cut off for a minute lets go of the run, takes it no more, and another process finishes it", async () => {
    const left = await drivenUntilLetGo({ steps: slow() });
    expect([left.state, left.cutOff]).toMatchObject(["running", { times: 1, takenAtMs: undefined }]);

    const ledger = await openLedger(at, "cut-off");
    const deps = advanceDeps(at, ledger, { isCutOff: () => isCut });
    await advanceRun("F-1", deps, new AbortController().signal);
    expect((await runOf(at)).epoch).toBe(left.epoch);
    await ledger.close();

    const run = await drivenByAnother();
    expect([run.state, run.why, run.cutOff]).toEqual(["verified", "", undefined]);
  });

  test("guard lets go of DNS: also where the vendor's silence would be waited out, which holds no step up", async () => {
    const onIntent = (step: string) => void (step === "shift-traffic" && cut());

    const left = await drivenUntilLetGo({ onIntent });

    expect([left.state, heldUpStep(left), left.cutOff !== undefined]).toEqual(["running", undefined, true]);
    const run = await drivenByAnother();
    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("guard silence voids nothing: when the fence is to be proven again before the promotion the keys stand, and another goes on with them", async () => {
    const ready = new Set(["fence", "record-position", "scale-out"]);
    const onDone = (step: string) => void (ready.delete(step) && ready.size === 0 && cut());

    const left = await drivenUntilLetGo({ onDone });

    expect([left.state, left.voided, left.pastNoReturn]).toEqual(["running", false, false]);
    const run = await drivenByAnother();
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toHaveLength(1);
  });

  test("guard silence stops nothing: when nobody hands out credentials before the promotion nothing has failed", async () => {
    const prepare: FailoverWorld["cloud"]["prepare"] = async () => {
      isCut = true;
      throw new TransientError("no-credentials", "STS is silent");
    };

    const left = await drivenUntilLetGo({}, { ...at, cloud: { ...at.cloud, prepare } });

    expect([left.state, stateOf(left, "promote").state]).toEqual(["running", "waiting"]);
    const run = await drivenByAnother();
    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("guard silence voids nothing: neither do its looks before the first step", async () => {
    const ledger = await openLedger(at);
    const deps = executorDeps(at, ledger, { isCutOff: () => isCut });
    const drift = async () => {
      isCut = true;
      return voidedBy(["AWS in eu-central-1 answers badly now"]);
    };
    const driven = at.skippingIdleTime(() => driveRun("F-1", { ...deps, drift }, new AbortController().signal));

    await expect(driven).rejects.toThrow(LETS_GO);
    await ledger.close();

    const left = await runOf(at);
    expect([left.state, left.voided, left.intents]).toEqual(["running", false, 0]);
  });

  test("guard silence stops nothing: a promotion that is tried again is left to one that can prove the fence", async () => {
    const steps = withStep(SLOW, () => ({
      run: async () => {
        cut();
        throw new TransientError("unreachable", "RDS gives no answer");
      },
    }));

    const left = await drivenUntilLetGo({ steps });

    expect([left.state, stateOf(left, "promote").state]).toEqual(["running", "intended"]);
    const run = await drivenByAnother();
    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("guard commits nothing: does not pass the point of no return, also where people accepted that the old side is silent", async () => {
    const onDone = (step: string) => {
      if (step !== "scale-out") return;
      at.whole.world.regions.set(at.service.home, "dark");
      isCut = true;
    };
    const steps = withStep("fence-primary", (step) => ({
      verify: async (...asked) => {
        const seen = await step.verify(...asked);
        return seen.done ? { ...seen, output: { fence: "cannot-know" } } : seen;
      },
    }));

    const left = await drivenUntilLetGo({ onDone, steps });

    expect([left.state, left.pastNoReturn]).toEqual(["running", false]);
  });

  test("guard silence measures nothing: how far the replica had followed is asked by one that is answered", async () => {
    const onIntent = (step: string) => void (step === "record-position" && cut());

    const left = await drivenUntilLetGo({ onIntent });

    expect([left.state, left.pastNoReturn, stateOf(left, "record-position").state]).toEqual([
      "running",
      false,
      "asked",
    ]);
    const run = await drivenByAnother();
    expect([run.state, stateOf(run, "record-position").says]).toEqual([
      "verified",
      expect.not.stringContaining("last known"),
    ]);
  });

  test("guard silence fences nothing: of a run that is verified it does not say that the side which came back cannot be fenced", async () => {
    await drive(at);
    const ledger = await openLedger(at);
    const deps = executorDeps(at, ledger, { isCutOff: () => isCut });
    const hold = await RunHold.take(deps, "F-1", { worker: "cut-off" });
    isCut = true;
    const failed = { kind: "watch-failed", atMs: at.clock.now(), step: "fence", why: "EC2 gives no answer" } as const;
    const { length } = await runOf(at);

    await hold?.append(() => ({ entry: { ...failed, epoch: hold.epoch }, told: { says: "" } }));
    await ledger.close();

    const run = await runOf(at);
    expect([run.state, run.length]).toEqual(["verified", length]);
  });

  test("guard silence ends nothing: a run is not verified on an older proof, since another process can ask", async () => {
    const { plan } = await runOf(at);
    const open = new Set(plan.steps.map(({ id }) => id));
    const onDone = (step: string) => void (open.delete(step) && open.size === 0 && cut());

    const left = await drivenUntilLetGo({ onDone });

    expect(left.state).toBe("running");
    const run = await drivenByAnother();
    expect([run.state, run.unseenAtEnd]).toEqual(["verified", undefined]);
  });
});

test("guard other side: with a dark home region and no vendor that answers, a process which the new side answers promotes", async () => {
  const dark = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: 1_500 });
  try {
    dark.whole.world.regions.set(dark.service.home, "dark");
    await startRun(dark);
    const silent = { prove: async () => ({ kind: "unknown", why: "there is no answer" }) as const };

    const run = await drive(dark, { cutOffForMs: cutOffFor({ vendors: () => [silent], aws: dark.reach }) });

    expect([run.state, run.why, run.pastNoReturn, run.epoch]).toEqual(["verified", "", true, 1]);
  } finally {
    await dark.stop();
  }
});

describe("a process that is cut off while a run is given back", () => {
  /** Turns back when the fence is done. */
  const turnedBack = async () => {
    let aborted: Promise<unknown> = Promise.resolve();
    const onDone = (step: string) => {
      if (step === "fence") aborted = append({ kind: "aborted", atMs: at.clock.now(), by: "chloe", door: "slack" });
    };
    const steps = withStep("fence-primary", () => ({
      undo: async () => {
        cut();
        throw new TransientError("unreachable", "EC2 gives no answer");
      },
    }));
    const left = await drivenUntilLetGo({ onDone, steps });
    await aborted;
    return left;
  };

  test("guard lets go on the way back: no undo has failed, people are called while nobody takes it, and another one gives back", async () => {
    const left = await turnedBack();

    expect([left.state, stateOf(left, "fence").state]).toEqual(["unwinding", "undoing"]);
    const { callsAtMs = Number.NaN } = left.cutOff ?? {};
    expect(needed(left, callsAtMs - 1)).toBeUndefined();
    expect(needed(left, callsAtMs)).toMatchObject({
      occasion: "cut-off",
      why: expect.stringContaining("stands still"),
    });
    const run = await drivenByAnother();
    expect([run.state, stateOf(run, "fence").state]).toEqual(["unwound", "undone"]);
  });

  test("guard silence turns nothing round: whether the promotion has happened is asked by one that is answered", async () => {
    const denied = { kind: "error", status: 403, code: "AccessDenied" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", times: 1, effect: denied });
    const stopped = await drive(at);
    expect([stopped.state, stopped.pastNoReturn]).toEqual(["stopped", true]);
    const atMs = at.clock.now();
    for (const by of ["ana", "ben"]) {
      const { intents: position } = await runOf(at);
      await append({ kind: "vote", atMs, by, door: "slack", decision: "unwind", step: "promote", position });
    }
    cut();

    const left = await drivenUntilLetGo();

    expect([left.state, left.why]).toEqual(["unwinding", expect.stringContaining("unwound by")]);
    expect((await drivenByAnother()).state).toBe("unwound");
  });
});

describe("a run that was let go of", () => {
  const forAMinute = () => ({ atMs: at.clock.now(), speed: SPEED, forMs: MINUTE_MS });
  async function held(): Promise<{ readonly hold: RunHold; readonly close: () => Promise<void> }> {
    const ledger = await openLedger(at);
    const hold = await RunHold.take(executorDeps(at, ledger), "F-1", { worker: "cut-off" });
    if (!hold) throw new Error("nobody holds the run");
    return { hold, close: () => ledger.close() };
  }
  const letsGo = (hold: RunHold) => hold.append((run) => lettingGo(run, { ...forAMinute(), epoch: hold.epoch }));

  test("was kept for a minute of the machine in which nobody answered, and no longer", async () => {
    const { hold, close } = await held();
    const silentForMs = [undefined, MINUTE_MS - 1, MINUTE_MS, MINUTE_MS + 1];
    const clock = { now: () => at.clock.now(), speed: SPEED, sleep: async () => undefined };
    const reaching = { clock, cutOffForMs: async () => silentForMs.shift() };

    await expect(letsGoWhenCutOff(hold, reaching, new AbortController().signal)).rejects.toThrow(LETS_GO);
    await close();

    expect(silentForMs).toEqual([MINUTE_MS + 1]);
  });

  test("guard no act after it: who let go asks for nothing and writes nothing any more, before anybody else has taken it", async () => {
    const { hold, close } = await held();
    await hold.prove();
    await expect(letsGo(hold)).rejects.toThrow(LETS_GO);
    const { length } = await runOf(at);

    const step = { step: "fence", epoch: hold.epoch };
    const intent = () => ({
      entry: { kind: "intent" as const, atMs: at.clock.now(), ...step, attempt: 1 },
      told: { says: "Close the old side" },
    });
    await expect(hold.prove()).rejects.toThrow(LETS_GO);
    await expect(hold.intend(intent)).rejects.toThrow(LETS_GO);
    await expect(hold.append(intent)).rejects.toThrow(LETS_GO);
    await close();

    expect((await runOf(at)).length).toBe(length);
  });

  test("guard no word after it: where the ledger takes no line it lets go all the same, and another one can take the run", async () => {
    const ledger = await openLedger(at);
    const full = new TransientError(LEDGER_UNWRITABLE, "no room is left on its disk");
    const append: Ledger["append"] = async (line) => {
      if (line.kind === "cut-off") throw full;
      await ledger.append(line);
    };
    const deps = { ...executorDeps(at, ledger), ledger: { ...methodsOf(ledger), append } };
    const hold = await RunHold.take(deps, "F-1", { worker: "cut-off" });

    await expect(hold && letsGo(hold)).rejects.toMatchObject({ code: "run-let-go", cause: full });
    await ledger.close();

    expect((await drivenByAnother()).state).toBe("verified");
  });

  test("guard halts nothing: what fails once a run was let go of pauses nothing, however often it does", async () => {
    const { hold, close } = await held();
    await expect(letsGo(hold)).rejects.toThrow(LETS_GO);
    const left = await runOf(at);
    const deps = { runs: at.memory.runs, clock: at.clock, vain: vainDrives(), logger: silent };
    const error = new TransientError(LEDGER_UNWRITABLE, "no room is left on its disk");

    await expect(haltAfter({ error, epoch: 0 }, "F-1", deps)).rejects.toBe(error);
    await close();

    expect((await runOf(at)).length).toBe(left.length);
  });

  test("guard no death: the time of a step does not run out for it, however often that was, and people are called when no step gets further", async () => {
    let left = await drivenUntilLetGo({ steps: slow() });
    for (let count = 2; count <= 8; count += 1) {
      expect(needed(left, left.lastAtMs)?.occasion).toBe(count > 3 ? "cut-off" : undefined);
      isCut = false;
      left = await drivenUntilLetGo({ steps: slow() });
      expect(left.cutOff?.times).toBe(count);
    }
    expect(needed(left, left.lastAtMs)?.why).toMatch(/gets no further since .*: 8 times in a row/);

    let looks = 0;
    const last = withStep(SLOW, (step) => ({
      verify: async (...asked) => {
        looks += 1;
        return looks < 4 ? { done: false, says: "it is modifying" } : step.verify(...asked);
      },
    }));
    mend();
    const run = await drive({ ...at, cloud: at.elsewhere }, { worker: "another", isCutOff: () => false, steps: last });
    expect([run.state, run.why, run.cutOff]).toEqual(["verified", "", undefined]);
  });

  test("guard decided: a run that people paused and let go on again has nothing left of it", async () => {
    const { hold, close } = await held();
    await expect(letsGo(hold)).rejects.toThrow(LETS_GO);
    await close();
    const by = { atMs: at.clock.now(), by: "ana", door: "slack" } as const;
    await append({ kind: "paused", ...by, why: "ana wants to look" });
    const paused = await runOf(at);
    const { callsAtMs = Number.NaN } = paused.cutOff ?? {};
    expect(needed(paused, callsAtMs)).toBeUndefined();
    await append({ kind: "resumed", ...by });

    const run = await runOf(at);

    expect([run.cutOff, needed(run, callsAtMs)]).toEqual([undefined, undefined]);
  });

  test("guard time to be taken: another process has half a minute of the machine for it, however fast a rehearsal runs", async () => {
    const { hold, close } = await held();
    await expect(letsGo(hold)).rejects.toThrow(LETS_GO);
    await close();

    const { cutOff, lastAtMs } = await runOf(at);

    expect(cutOff?.callsAtMs).toBe(lastAtMs + 30_000 * SPEED);
  });
});
