import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { closedAgainMs, openedSince } from "../../../src/domain/plan-run/before-promotion.ts";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { lookAtOldSide } from "../../../src/flows/runbooks/failover/old-side.ts";
import { KEYS } from "../../../src/store/keys.ts";
import type { LedgerFile } from "../../../src/store/ledger-file.ts";
import { advanceDeps, drive, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { closeOldSide, mutationsOf, reopenOldSide, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { entryIn } from "../../harness/keys.ts";

const SPEED = 60;
/** World times: between two looks; and what it takes besides, to see and to write it down, included. */
const LOOK_EVERY_MS = 15_000;
const HEARD_WITHIN_MS = 30_000;

let at: FailoverWorld;
let ledger: LedgerFile;
/** What another process does at each sweep. */
let sweep: () => Promise<void>;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, sessionSeconds: 1 });
  await startRun(at);
  ledger = await openLedger(at, "next");
  const deps = advanceDeps(at, ledger, { worker: "next" });
  sweep = () => advanceRun("F-1", deps, new AbortController().signal);
});
afterEach(async () => {
  await ledger.close();
  await at.stop();
});

const says = async (entry: RunEntry) => {
  await eventually("entry in the journal", async () => {
    const { kind } = await at.memory.runs.append(await runOf(at), { entries: [entry], events: [] });
    return kind === "appended" || undefined;
  });
};
const who = () => ({ atMs: at.clock.now(), by: "ana", door: "slack" }) as const;
const kindsOf = async () => {
  const redis = await at.bench.connect();
  return (await redis.lrange(KEYS.journal("F-1"), 0, -1)).map((line) => entryIn(line).kind);
};
const needed = async () => whoIsNeeded(await runOf(at), at.inventory, at.clock.now());
const closings = () => mutationsOf(at).filter((call) => call.startsWith("RevokeSecurityGroupIngress"));

/** The steps, of which one waits once for `until` before it says that it is there. */
function slow(step: string, until: () => Promise<unknown>): typeof STEPS {
  const real = STEPS[step];
  if (!real) throw new Error(`there is no ${step}`);
  let waited: Promise<unknown> | undefined;
  return {
    ...STEPS,
    [step]: {
      ...real,
      verify: async (...asked) => {
        waited ??= until();
        await waited;
        return real.verify(...asked);
      },
    },
  };
}

/** Until the look that is due after another beat has changed something, at a speed at which a busy machine can be in time. */
async function atTheNextBeat<T>(found: () => Promise<T | undefined | false>): Promise<T> {
  at.whole.world.clock.setSpeed(1);
  at.whole.world.clock.jump(LOOK_EVERY_MS);
  const result = await eventually("what another look sees", async () => {
    await sweep();
    return found();
  });
  at.whole.world.clock.setSpeed(SPEED);
  return result;
}

const seenOpen = async () => {
  const opened = openedSince(await runOf(at));
  return opened?.newest.closedMs === undefined && opened?.newest;
};

/** A run whose old side is fenced, and that waits for people before its promotion. */
const WAITING = {
  paused: () =>
    drive(at, { onDone: (step) => void (step === "fence" && says({ kind: "paused", ...who(), why: "we look" })) }),
  stopped: async () => {
    const real = STEPS["scale-out"];
    if (!real) throw new Error("there is no scale-out");
    const verify = async () => {
      throw new StepFailed("no-room", "nothing starts there", { facts: { mustAsk: true } });
    };
    return drive(at, { steps: { ...STEPS, "scale-out": { ...real, verify } } });
  },
};

describe("an old side of an unplanned move that somebody opens between its fence and its promotion", () => {
  test("guard kept in sight: is seen beside the steps, calls people, and is fenced again before the promotion", async () => {
    let neededThen: Awaited<ReturnType<typeof needed>>;
    const opens = async () => {
      await reopenOldSide(at);
      await eventually("line of the opening", seenOpen);
      neededThen = await needed();
    };

    const run = await drive(at, { steps: slow("scale-out", opens) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(neededThen).toMatchObject({ occasion: "old-side" });
    expect(neededThen?.why).toMatch(
      /eu-west-1 was fenced and was seen open before the promotion \(.*\)\. It was last seen closed at .*, and what it takes until it is closed may not be in eu-central-1\. TwoKey fences it again first$/,
    );
    const kinds = await kindsOf();
    expect(kinds.indexOf("seen-open")).toBeLessThan(kinds.indexOf("fence-again"));
    expect(stateOf(run, "fence")).toMatchObject({ attempt: 2, output: { fence: "fenced" } });
    expect(await verdictOf(at)).toMatchObject({ splitBrain: [] });
  });

  test("is fenced again before the promotion although somebody has closed it", async () => {
    const opens = async () => {
      await reopenOldSide(at);
      await eventually("line of the opening", seenOpen);
      await closeOldSide(at);
      await eventually("line of the closing", async () => closedAgainMs(await runOf(at)));
    };

    const run = await drive(at, { steps: slow("scale-out", opens) });

    expect([run.state, run.why, stateOf(run, "fence").attempt]).toEqual(["verified", "", 2]);
  });

  test.each(["paused", "stopped"] as const)(
    "guard watched while people decide: of a run that is %s is seen within 30 s, and people are told that nothing fences it",
    async (state) => {
      const waiting = await WAITING[state]();
      expect([waiting.state, waiting.pastNoReturn, stateOf(waiting, "fence").state]).toEqual([state, false, "done"]);
      const lookedAtMs = at.clock.now();
      await sweep();
      const before = closings();
      await reopenOldSide(at);
      const openedAtMs = at.clock.now();

      const opened = await atTheNextBeat(seenOpen);

      const run = await runOf(at);
      expect([run.state, closings()]).toEqual([state, before]);
      expect(run.lastAtMs - openedAtMs).toBeLessThanOrEqual(HEARD_WITHIN_MS);
      // What it acknowledged since then may be lost.
      expect(opened.fromMs).toBeGreaterThanOrEqual(lookedAtMs);
      expect(opened.fromMs).toBeLessThanOrEqual(openedAtMs);
      const { why = "", people = [] } = (await needed()) ?? {};
      expect(why).toMatch(/eu-west-1 was fenced and was seen open before the promotion/);
      expect(why).toMatch(/what it takes until it is closed may not be in eu-central-1/);
      expect(why).toMatch(/Nothing fences it again while the run waits/);
      expect(people.map(({ id }) => id)).toEqual(expect.arrayContaining(["ana", "ben"]));
    },
  );

  test("guard closed by people: calls nobody any more once it is seen closed again, and is fenced again when the run goes on", async () => {
    await WAITING.paused();
    await reopenOldSide(at);
    await atTheNextBeat(seenOpen);

    await closeOldSide(at);
    await atTheNextBeat(async () => closedAgainMs(await runOf(at)));
    expect(await needed()).toBeUndefined();

    await reopenOldSide(at);
    await atTheNextBeat(seenOpen);
    expect(await needed()).toMatchObject({ occasion: "old-side" });

    await says({ kind: "resumed", ...who() });
    const run = await drive(at, { worker: "another" });
    expect([run.state, run.why, stateOf(run, "fence").attempt]).toEqual(["verified", "", 2]);
  });

  test("is opened by the undo of a run that people abort, and nobody is called for that", async () => {
    await WAITING.paused();
    await says({ kind: "aborted", ...who() });
    const unwound = await drive(at, { worker: "another" });
    expect(unwound.state).toBe("unwound");
    const side = await lookAtOldSide(unwound, at.cloud, { signal: new AbortController().signal });
    expect(side).toMatchObject({ kind: "back", open: expect.arrayContaining(["stores.stock"]) });
    at.whole.world.clock.jump(LOOK_EVERY_MS);
    await sweep();

    expect(await kindsOf()).not.toContain("seen-open");
  });
});
