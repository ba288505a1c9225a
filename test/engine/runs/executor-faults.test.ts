import { afterEach, describe, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { StoredStep } from "../../../src/ports/step.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { CALLS, type Call, effectsOf, effectsOfDone, fault } from "../../harness/calls.ts";
import { drive } from "../../harness/drive.ts";
import {
  type FailoverWorld,
  mutationsOf,
  type RunWish,
  runOf,
  startFailoverWorld,
  startRun,
  verdictOf,
} from "../../harness/failover-world.ts";
import { siteOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";
import { drawn, WALKED } from "../../harness/tables.ts";

const SPEED = 200;
/** Unanswered calls cost machine time: slower, so that they do not cost a step its deadline. */
const SPEED_WITH_SILENCE = 60;
/** Machine time that a silent call costs then: half a minute of the world. */
const SILENCE_MS = 500;
/** Each call is made several times, and what a busy machine adds to each counts at the world's speed. */
const SPEED_WITH_REPEATS = 80;

let at: FailoverWorld;
afterEach(() => at.stop());

const PAST_NO_RETURN = new Set(["promote", "point-application", "shift-traffic"]);

const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;
interface Passing {
  readonly what: string;
  readonly effect: FaultInput["effect"];
  readonly times: number;
  readonly speed: number;
}
const PASSING: readonly Passing[] = [
  { what: "the answer is lost after the effect", effect: { kind: "drop-after" }, times: 1, speed: SPEED_WITH_REPEATS },
  {
    what: "the connection is cut before the effect",
    effect: { kind: "drop-before" },
    times: 1,
    speed: SPEED_WITH_REPEATS,
  },
  {
    what: "it is throttled, three times",
    effect: { kind: "error", status: 400, code: "ThrottlingException" },
    times: 3,
    speed: SPEED_WITH_REPEATS,
  },
  { what: "it hangs and nothing happened", effect: { kind: "hang" }, times: 1, speed: SPEED_WITH_SILENCE },
  { what: "it hangs and it happened", effect: { kind: "hang-after" }, times: 1, speed: SPEED_WITH_SILENCE },
];

/** For good where nothing was changed before it; once where the way back needs the same call. */
const timesDenied = ([step, operation]: Call): number | undefined =>
  step === "fence" && operation === "UpdateService" ? 1 : undefined;

/** Regami's standby attracts users when it is scaled out, so that comes after the promotion there. */
const isPast = (run: RunState, step: string): boolean =>
  PAST_NO_RETURN.has(step) || run.plan.steps.some(({ id, after }) => id === step && after.includes("check-writable"));

type Mode = RunWish["mode"] & string;
const MODES: readonly Mode[] = ["unplanned", "planned"];
const EXAMPLES = ["inventory", "regami"] as const;

/** Every call of every step, denied in one mode or the other. */
const DENIALS = EXAMPLES.flatMap((example) =>
  CALLS[example].flatMap((call) => {
    const [step, operation, side] = call;
    const ways = drawn(`denied ${example} ${call.join(" ")}`, MODES);
    return ways.map((mode) => ({ example, mode, call, step, operation, side }));
  }),
);

/** Silence costs machine time, and how a call waits for it does not depend on the mode. */
const modesOf = ({ speed }: Passing): readonly Mode[] => (speed === SPEED_WITH_SILENCE ? ["unplanned"] : MODES);

/** Every trouble that passes, with every call of the example at once. */
const TROUBLES = EXAMPLES.flatMap((example) =>
  PASSING.flatMap((passing) =>
    drawn(`${example}: ${passing.what}`, modesOf(passing)).map((mode) => ({ example, mode, ...passing })),
  ),
);

const REPEATS = EXAMPLES.flatMap((example) => drawn(`repeated ${example}`, MODES).map((mode) => ({ example, mode })));

function nothingTwice(): void {
  const mutations = mutationsOf(at);
  expect(mutations.filter((call, index) => mutations.indexOf(call) !== index)).toEqual([]);
  expect(mutations.filter((call) => call.startsWith("PromoteReadReplica"))).toHaveLength(1);
}

describe(`every step, ${WALKED}`, () => {
  test.each(DENIALS)(
    "$step of $example, $mode, is denied $operation at $side: unwound before the point of no return, stopped after it",
    async ({ example, mode, call, step }) => {
      at = await startFailoverWorld({ example, speed: SPEED });
      const before = await standingOf(at);
      const started = await startRun(at, { mode });

      const run = await drive(at, {
        onIntent: (id) => {
          if (id === step) at.whole.world.faults.plan(fault(at, call, { effect: DENIED, times: timesDenied(call) }));
        },
      });

      if (isPast(started, step)) {
        expect(run).toMatchObject({ state: "stopped", pastNoReturn: true });
        expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");
        expect(stateOf(run, step).state).toBe("failed");
        expect(effectsOf(at)).toEqual(effectsOfDone(at, example, run));
        return;
      }
      expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
      at.whole.world.faults.clear();
      expect(await standingOf(at)).toEqual(before);
      expect(mutationsOf(at).filter((each) => each.startsWith("PromoteReadReplica"))).toEqual([]);
      expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
    },
  );

  test.each(TROUBLES)(
    "of $example, $mode, with every call: $what: the run is verified and nothing happened twice",
    async ({ example, mode, effect, times, speed }) => {
      at = await startFailoverWorld({
        ...{ example, speed },
        ...(speed === SPEED_WITH_SILENCE ? { answerWithinMs: SILENCE_MS } : {}),
      });
      await startRun(at, { mode });

      const run = await drive(at, {
        onIntent: (id) => {
          for (const call of CALLS[example]) {
            if (call[0] === id) at.whole.world.faults.plan(fault(at, call, { effect, times }));
          }
        },
      });

      expect([run.state, run.why]).toEqual(["verified", ""]);
      nothingTwice();
      expect(effectsOf(at)).toEqual(effectsOfDone(at, example, run));
      expect((await verdictOf(at)).splitBrain).toEqual([]);
    },
  );

  test.each(REPEATS)("of $example, $mode, run twice is harmless", async ({ example, mode }) => {
    at = await startFailoverWorld({ example, speed: SPEED });
    await startRun(at, { mode });
    const twice = (step: StoredStep): StoredStep => {
      let mayHaveAsked = false;
      const run: StoredStep["run"] = async (input, context) => {
        await step.run(input, { ...context, mayHaveAsked });
        mayHaveAsked = true;
        return step.run(input, { ...context, mayHaveAsked });
      };
      return { ...step, run };
    };

    const run = await drive(at, {
      steps: Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, twice(step)])),
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    nothingTwice();
    expect((await runOf(at)).pastNoReturn).toBe(true);
  });
});

describe("a planned failover", () => {
  test("loses nothing although the newest sample of the lag is older than the fence", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 0 });
    const { standby } = at.service;
    await startRun(at, { mode: "planned" });
    // CloudWatch goes on showing the zero of a minute ago.
    await at.client.post("/rds/lag", {
      region: standby,
      instance: siteOf(at.service, standby).database.instance,
      seconds: 45,
    });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const verdict = await verdictOf(at);
    expect(verdict.acknowledged).toBeGreaterThan(0);
    expect([verdict.lostWrites, verdict.splitBrain]).toEqual([0, []]);
  });

  test("that never gets there unwinds, and the old side serves again", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    const { standby } = at.service;
    await at.client.post("/rds/lag", {
      region: standby,
      instance: siteOf(at.service, standby).database.instance,
      seconds: "broken",
    });

    const run = await drive(at);

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    expect(await standingOf(at)).toEqual(before);
  });
});
