import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../src/domain/errors.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { vainDrives } from "../../../src/engine/runs/halt.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { createInVain } from "../../../src/jobs/in-vain.ts";
import { LEDGER_UNWRITABLE, type Ledger, type LedgerEntry } from "../../../src/ports/runs.ts";
import { advanceDeps, openLedger } from "../../harness/drive.ts";
import { mutationsOf, runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { silent } from "../../harness/fakes/index.ts";
import { quoted } from "../../harness/quoted.ts";
import { standbyOf } from "../../harness/site.ts";

const SPEED = 60;
/** Looks that the sweep makes in half a minute. */
const LOOKS = 15;
const UNWRITABLE = "The ledger cannot be written: no room is left on its disk";

let at: FailoverWorld;
let disk: Awaited<ReturnType<typeof openLedger>>;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  await startRun(at);
  disk = await openLedger(at);
});
afterEach(async () => {
  await disk.close();
  await at.stop();
});

/** The ledger, but for the lines that find no room on its disk. */
const refusing = (refuses: (line: LedgerEntry) => boolean): Ledger => ({
  append: async (line) => {
    const cause = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    if (refuses(line)) throw new TransientError(LEDGER_UNWRITABLE, UNWRITABLE, { cause });
    await disk.append(line);
  },
  disagreement: () => disk.disagreement(),
  highestEpoch: () => disk.highestEpoch(),
  head: () => disk.head(),
});

const needed = async () => whoIsNeeded(await runOf(at), at.inventory, at.clock.now());
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));
async function resume(): Promise<void> {
  const entry = { kind: "resumed", atMs: at.clock.now(), by: "ana", door: "slack" } as const;
  await at.memory.runs.append(await runOf(at), { entries: [entry], events: [] });
}

describe("a run that TwoKey itself cannot take further", () => {
  test("guard unwritable ledger: makes no further call, calls people, and goes on when somebody says so", async () => {
    let isFull = true;
    const ledger = refusing((line) => isFull && line.step === "promote");
    const look = () => advanceRun("F-1", advanceDeps(at, ledger), new AbortController().signal);

    await look();
    const halted = await runOf(at);
    for (let looks = 0; looks < LOOKS; looks += 1) await look();

    expect([halted.state, halted.halted, promotions()]).toEqual(["paused", true, []]);
    expect((await runOf(at)).length).toBe(halted.length);
    expect(await needed()).toMatchObject({
      occasion: "stopped",
      why: expect.stringMatching(
        new RegExp(`is paused: ${UNWRITABLE}\\. Nothing more is asked for\\. .*/dr resume F-1$`),
      ),
    });
    expect((await needed())?.people.map(({ id }) => id)).toEqual(expect.arrayContaining(["chloe", "ana"]));

    isFull = false;
    await look();
    expect((await runOf(at)).state).toBe("paused");
    await resume();
    await look();
    expect([(await runOf(at)).state, promotions().length, await needed()]).toEqual(["verified", 1, undefined]);
  });

  test("guard asked once: what was asked for and finds no room in the ledger is not asked for again, although its next line would fit", async () => {
    let refused = 0;
    const ledger = refusing((line) => {
      const isRefused = refused === 0 && line.step === "promote" && line.kind === "asked";
      if (isRefused) refused += 1;
      return isRefused;
    });

    await advanceRun("F-1", advanceDeps(at, ledger), new AbortController().signal);

    const { state, halted, steps } = await runOf(at);
    expect([refused, state, halted, steps["promote"]?.attempt, promotions().length]).toEqual([1, "paused", true, 1, 1]);
    await resume();
    await advanceRun("F-1", advanceDeps(at, ledger), new AbortController().signal);
    expect([(await runOf(at)).state, promotions().length]).toEqual(["verified", 1]);
  });

  test("guard undone all the same: an undo whose line finds no room in the ledger is told as done, is made once, and ends the way back", async () => {
    const denied = { kind: "error", status: 400, code: "AccessDenied" } as const;
    const region = standbyOf(at.service);
    at.whole.world.faults.plan({ vendor: "aws", operation: "RegisterScalableTarget", region, effect: denied });
    let isFull = false;
    const ledger = refusing((line) => {
      isFull ||= line.kind === "undone";
      return isFull;
    });
    const look = () => advanceRun("F-1", advanceDeps(at, ledger), new AbortController().signal);

    await expect(look()).rejects.toMatchObject({ code: LEDGER_UNWRITABLE });
    expect((await runOf(at)).steps["fence"]).toMatchObject({ state: "undone" });
    const opened = mutationsOf(at).filter((call) => call.startsWith("AuthorizeSecurityGroupIngress"));
    await look();

    const run = await runOf(at);
    expect([isFull, run.state, run.steps["fence"]?.state]).toEqual([true, "unwound", "undone"]);
    expect(mutationsOf(at).filter((call) => call.startsWith("AuthorizeSecurityGroupIngress"))).toEqual(opened);
    expect((await needed())?.occasion).toBe("unwound");
  });

  test("guard tried in vain: waits for people after five tries that got no further, and fills no journal", async () => {
    const { "promote-replica": _gone, ...steps } = STEPS;
    const deps = advanceDeps(at, disk, { steps });
    const look = () => advanceRun("F-1", deps, new AbortController().signal).catch((error: unknown) => error);

    for (let looks = 0; looks < LOOKS; looks += 1) await look();

    const run = await runOf(at);
    expect([run.state, promotions()]).toEqual(["paused", []]);
    expect(run.epoch).toBeLessThanOrEqual(6);
    expect(await needed()).toMatchObject({
      ...{
        occasion: "stopped",
        why: expect.stringContaining("This version of TwoKey has no step called promote-replica"),
      },
    });
  });

  test("guard tried in vain: on the way back five tries that got no further leave the run stuck, and people are called", async () => {
    const denied = { kind: "error", status: 400, code: "AccessDenied" } as const;
    const region = standbyOf(at.service);
    at.whole.world.faults.plan({ vendor: "aws", operation: "RegisterScalableTarget", region, effect: denied });
    const { runs } = at.memory;
    const append: typeof runs.append = (run, change) =>
      change.entries.some(({ kind }) => kind === "undone")
        ? Promise.reject(new TypeError("says is undefined"))
        : runs.append(run, change);
    const deps = { ...advanceDeps(at, disk), runs: { ...runs, append } };
    const look = () => advanceRun("F-1", deps, new AbortController().signal).catch((error: unknown) => error);

    const states: string[] = [];
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await look();
      states.push((await runOf(at)).state);
    }

    expect(states.slice(0, 6)).toEqual([...Array.from({ length: 4 }, () => "unwinding"), "stuck", "stuck"]);
    expect((await runOf(at)).epoch).toBeLessThanOrEqual(6);
    expect(await needed()).toMatchObject({
      ...{
        occasion: "stuck",
        why: expect.stringMatching(quoted("TwoKey failed … times in a row here and got no further: …")),
      },
    });
  });

  test("guard no hold: a run whose hold cannot be taken is said and called for, as anything that fails again and again", async () => {
    const told: string[] = [];
    const inVain = createInVain({
      ...{ clock: at.clock, logger: silent, roomOf: async () => "C-room" },
      announce: async (says, rooms = []) => void told.push(...["alerts", ...rooms].map((where) => `${where}: ${says}`)),
    });
    const { runs } = at.memory;
    const append: typeof runs.append = (run, change) =>
      change.entries.some(({ kind }) => kind === "claimed")
        ? Promise.reject(new TypeError("epoch is not a number"))
        : runs.append(run, change);
    const deps = { ...advanceDeps(at, disk), runs: { ...runs, append } };
    const driving = { what: "driving run F-1", run: "F-1", wakes: true };

    for (let tries = 0; tries < 5; tries += 1)
      await inVain.attempt(driving, () => advanceRun("F-1", deps, new AbortController().signal));

    const said = expect.stringContaining("driving run F-1. epoch is not a number.");
    expect([told, inVain.broken()]).toEqual([[said, said], [expect.objectContaining(driving)]]);
    expect((await runOf(at)).epoch).toBe(0);
  });

  test("counts by where the run stands: only a step that got further begins the count again", async () => {
    const run = await runOf(at);
    const [first, ...rest] = run.plan.steps;
    if (!first) throw new Error("the plan has no step");
    const further = transition(transition(run, { kind: "claimed", atMs: at.clock.now(), epoch: 1, worker: "w1" }), {
      kind: "intent",
      atMs: at.clock.now(),
      step: first.id,
      epoch: 1,
      attempt: 1,
    });
    const vain = vainDrives();

    expect(rest.length).toBeGreaterThan(0);
    expect([run, run, run, run, further, further].map((each) => vain.failed(each))).toEqual([1, 2, 3, 4, 1, 2]);
  });
});
