import { describe, expect, test } from "@jest/globals";
import { lostWrites } from "../../../src/domain/plan-run/lost-writes.ts";
import { lostBeforeMs } from "../../../src/domain/plan-run/old-side-watch.ts";
import type { Mode, Plan, PlannedStep } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const SECOND = 1_000;
const REGION = "eu-west-1";
const FENCED_AT = AT + 10 * SECOND;
const PROMOTED_AT = AT + 20 * SECOND;
/** How far the stores had followed. */
const STOCK = AT + 5 * SECOND;
const PRICES = AT + 2 * SECOND;

const SHUT = { shutAtMs: FENCED_AT };
const ENDED = { fence: "fenced", ended: { "stores.stock": "none is open", "stores.prices": "none is open" } };

interface Made {
  readonly id?: string;
  readonly mode?: Mode;
  readonly fence?: object;
  /** World time of the promotions' intents. */
  readonly promotedAtMs?: number;
  readonly positions?: Readonly<Record<string, number | null>>;
  /** Stores that this run promotes. */
  readonly promotes?: readonly string[];
  readonly plan?: Partial<Plan>;
}

/** The steps of the example, whose store is `stock`, and the same for a second one. */
function stepsFor(steps: readonly PlannedStep[], promotes: readonly string[]): PlannedStep[] {
  const ofStock = steps.filter(({ id }) => ["record-position", "promote"].includes(id));
  const ofPrices = ofStock.map((step) => ({ ...step, id: `${step.id}-prices`, resource: "stores.prices" }));
  const others = steps.filter((step) => !ofStock.includes(step));
  return [...others, ...ofStock, ...ofPrices].filter(
    ({ resource, id }) => !/promote|record-position/.test(id) || promotes.includes(resource ?? ""),
  );
}

/** A verified run of two stores. */
function moved({
  id = "F-1",
  mode = "unplanned",
  fence = ENDED,
  promotedAtMs = PROMOTED_AT,
  positions = { "stores.stock": STOCK, "stores.prices": PRICES },
  promotes = ["stores.stock", "stores.prices"],
  plan = {},
}: Made = {}): RunState {
  const waiting = proposed(example("inventory"), { mode });
  const steps = stepsFor(waiting.plan.steps, promotes);
  const timeOf = (step: PlannedStep) => (step.role === "commits" ? promotedAtMs : FENCED_AT);
  const outputOf = ({ id: step, resource = "" }: PlannedStep) => {
    if (step === "fence") return { ...fence };
    return step.startsWith("record-position") ? { lastCommitMs: positions[resource] ?? null } : {};
  };
  const entries = steps.flatMap((step): RunEntry[] => [
    { kind: "intent", atMs: timeOf(step), step: step.id, epoch: 1, attempt: 1 },
    { kind: "done", atMs: timeOf(step), step: step.id, epoch: 1, says: "ok", output: outputOf(step) },
  ]);
  const begun: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
  ];
  const end: RunEntry = { kind: "finished", atMs: PROMOTED_AT + 60 * SECOND, state: "verified" };
  const whole = { ...waiting, plan: { ...waiting.plan, id, steps, ...plan } };
  return [...begun, ...entries, end].reduce(transition, whole);
}

const rest = (before: RunState, made: Made = {}): RunState =>
  moved({
    ...{ id: "F-2", promotes: [] },
    ...made,
    plan: { restOf: { run: before.plan.id, intents: 9 }, pastNoReturn: true, ...made.plan },
  });
const opened = (run: RunState, seenClosedMs: number): RunState => ({
  ...run,
  watch: { ...run.watch, lostAtMs: seenClosedMs + SECOND, seenClosedMs },
});
const at = (atMs: number) => ({ atMs, epoch: 1, step: "fence" });
const afterTime = (fromMs: number) => ({ kind: "after", region: REGION, fromMs });

describe("what is known of lost writes after a move that could lose some", () => {
  test("lies between the store that had followed least far and when everybody was out", () => {
    expect(lostWrites(moved())).toEqual({ kind: "between", region: REGION, fromMs: PRICES, toMs: FENCED_AT });
  });

  test("is nothing where every store had followed until after that", () => {
    const positions = { "stores.stock": FENCED_AT + 2, "stores.prices": FENCED_AT + 1 };

    expect(lostWrites(moved({ positions }))).toEqual({
      ...{ kind: "nothing", closedAtMs: FENCED_AT, followedMs: FENCED_AT + 1 },
    });
  });

  test.each<[string, Made, object]>([
    [
      "the sessions of one store were not seen to end",
      { fence: { ...ENDED, ended: { "stores.stock": "none" } } },
      SHUT,
    ],
    ["two people said that nobody is in", { fence: { ...ENDED, fence: "closed" } }, SHUT],
    ["others may have come in while nobody looked", { fence: { ...ENDED, unseen: { fromMs: AT, untilMs: AT } } }, SHUT],
    [
      "something that lets people in was left open",
      { plan: { acceptances: [{ id: "left-open", words: "left" }] } },
      {},
    ],
    ["the old side gave no answer", { fence: { fence: "cannot-know" } }, {}],
    ["nobody has fenced it", { fence: {} }, {}],
    [
      "more than a minute passed between the last look and the promotion",
      { promotedAtMs: FENCED_AT + 61 * SECOND },
      {},
    ],
  ])("guard open end: has no end where %s", (_why, made, shut) => {
    expect(lostWrites(moved(made))).toEqual({ ...afterTime(PRICES), ...shut });
  });

  test("guard open end: has an end where it was promoted a minute after the last look, and not later", () => {
    expect(lostWrites(moved({ promotedAtMs: FENCED_AT + 60 * SECOND }))).toMatchObject({ toMs: FENCED_AT });
  });

  test("guard fenced later: ends when the watch has fenced the side that returned, not when its fence was given up", () => {
    const given = moved({ fence: { fence: "cannot-know" } });
    const laterMs = PROMOTED_AT + 3_600 * SECOND;
    const tried: RunEntry[] = [
      { kind: "watch-intent", ...at(laterMs) },
      { kind: "fenced-later", ...at(laterMs), says: "fenced", ended: ENDED.ended },
    ];

    expect(lostWrites(tried.reduce(transition, given))).toEqual({
      ...{ kind: "between", region: REGION, fromMs: PRICES, toMs: laterMs },
    });
  });

  test("guard opened later: has no end where the old side was seen open afterwards, or could not be seen at the end", () => {
    expect(lostWrites(opened(moved(), PROMOTED_AT))).toEqual(afterTime(PRICES));
    expect(lostWrites({ ...moved(), unseenAtEnd: { seenClosedMs: PROMOTED_AT } })).toEqual(afterTime(PRICES));
    const blind: RunEntry = {
      ...{ kind: "watch-blind", ...at(PROMOTED_AT + 61 * SECOND), why: "no session", seenClosedMs: PROMOTED_AT },
    };
    const sees: RunEntry = { kind: "watch-sees", ...at(PROMOTED_AT + 90 * SECOND) };
    expect(lostWrites([blind, sees].reduce(transition, moved()))).toEqual(afterTime(PRICES));
  });

  test("guard taken over late: has no end where its executor was gone for a while after the promotion", () => {
    const claimed = (seconds: number): RunEntry => ({
      ...{ kind: "claimed", atMs: PROMOTED_AT + seconds * SECOND, epoch: 2, worker: "w2" },
    });
    const driven = { ...moved(), state: "running" as const, lastAtMs: PROMOTED_AT };

    expect(lostWrites(transition(driven, claimed(60)))).toMatchObject({ kind: "between" });
    expect(lostWrites(transition(driven, claimed(61)))).toEqual(afterTime(PRICES));
    // While it waits for people nobody has to drive it.
    expect(lostWrites(transition({ ...driven, state: "paused" }, claimed(61)))).toMatchObject({ kind: "between" });
  });

  test("guard cut off late: nor where its executor had reached nobody for a while when it let go of the run", () => {
    const driven = { ...moved(), state: "running" as const, epoch: 1, lastAtMs: PROMOTED_AT };
    const letGo = (sinceMs: number): RunEntry[] => {
      const atMs = PROMOTED_AT + 120 * SECOND;
      return [
        { kind: "cut-off", atMs, epoch: 1, sinceMs, callsAtMs: atMs },
        { kind: "claimed", atMs: atMs + SECOND, epoch: 3, worker: "w2" },
      ];
    };

    expect(lostWrites(letGo(PROMOTED_AT + 62 * SECOND).reduce(transition, driven))).toMatchObject({ kind: "between" });
    expect(lostWrites(letGo(PROMOTED_AT + 60 * SECOND).reduce(transition, driven))).toEqual(afterTime(PRICES));
  });

  test("guard cut off and paused: nor where people paused the run and let it go on before another process took it", () => {
    const driven = { ...moved(), state: "running" as const, epoch: 1, lastAtMs: PROMOTED_AT };
    const times = (sinceMs: number): RunEntry[] => {
      const atMs = PROMOTED_AT + 120 * SECOND;
      const by = { by: "ana", door: "slack" } as const;
      return [
        { kind: "cut-off", atMs, epoch: 1, sinceMs, callsAtMs: atMs + 30 * SECOND },
        { kind: "paused", atMs, ...by, why: "ana looks" },
        { kind: "resumed", atMs, ...by },
        { kind: "claimed", atMs: atMs + SECOND, epoch: 3, worker: "w2" },
      ];
    };

    expect(lostWrites(times(PROMOTED_AT + 62 * SECOND).reduce(transition, driven))).toMatchObject({ kind: "between" });
    const run = times(PROMOTED_AT + 60 * SECOND).reduce(transition, driven);
    expect([lostWrites(run), run.takeovers]).toEqual([afterTime(PRICES), driven.takeovers]);
  });

  test("guard cut off and superseded: nor where another plan goes on with what no process took any more", () => {
    const driven = { ...moved(), state: "running" as const, epoch: 1, lastAtMs: PROMOTED_AT };
    const [sinceMs, atMs] = [PROMOTED_AT + 60 * SECOND, PROMOTED_AT + 900 * SECOND];
    const entries: RunEntry[] = [
      { kind: "cut-off", atMs: sinceMs + SECOND, epoch: 1, sinceMs, callsAtMs: atMs },
      { kind: "paused", atMs: sinceMs + SECOND, by: "ana", door: "slack", why: "ana looks" },
    ];
    const left = entries.reduce(transition, driven);

    for (const end of [
      { kind: "superseded", atMs, plan: "F-2" },
      { kind: "abandoned", atMs, why: "the store was lost" },
    ] as const)
      expect(transition(left, end).watch.unseenSinceMs).toBe(sinceMs);
  });

  test("guard another blip: a process that was answered for long and then cut off for a moment had looked until then", () => {
    const driven = { ...moved(), state: "running" as const, epoch: 1, lastAtMs: PROMOTED_AT };
    const blip = (atMs: number, epoch: number): RunEntry[] => [
      { kind: "cut-off", atMs, epoch, sinceMs: atMs - 2 * SECOND, callsAtMs: atMs + 30 * SECOND },
      { kind: "claimed", atMs: atMs + SECOND, epoch: epoch + 2, worker: "w2" },
    ];
    const first = PROMOTED_AT + 10 * SECOND;
    const later = first + 900 * SECOND;

    const run = [...blip(first, 1), ...blip(later, 3)].reduce(transition, driven);

    expect(lostWrites(run)).toMatchObject({ kind: "between" });
    expect(run.cutOff).toMatchObject({ times: 1, stillMs: later - 2 * SECOND, sinceMs: later - 2 * SECOND });
  });

  test("is what the key holders agreed to where a store was not measured, and else not known", () => {
    const positions = { "stores.stock": STOCK, "stores.prices": null };
    const agreed = { kind: "after", atMs: AT - 60 * SECOND, measuredAtMs: AT } as const;

    expect(lostWrites(moved({ positions, fence: {}, plan: { dataLoss: agreed } }))).toEqual(
      afterTime(AT - 60 * SECOND),
    );
    expect(lostWrites(moved({ positions, plan: { dataLoss: { kind: "unknown", why: "no replica" } } }))).toEqual({
      kind: "unknown",
    });
  });
});

describe("what is known of lost writes after a move in several runs", () => {
  test("counts each store from the run that promoted it", () => {
    const first = moved({ promotes: ["stores.stock"] });
    const positions = { "stores.prices": FENCED_AT - SECOND };
    const second = rest(first, { promotes: ["stores.prices"], positions });

    expect(lostWrites(second, [first])).toEqual({ kind: "between", region: REGION, fromMs: STOCK, toMs: FENCED_AT });
  });

  test("guard earliest store: says no less than the plan does of stores that were promoted before the runs that are known", () => {
    const agreed = { kind: "after", atMs: PRICES, measuredAtMs: PRICES } as const;
    const positions = { "stores.prices": FENCED_AT - SECOND };
    const made = { promotes: ["stores.prices"], positions };
    const withPlan = (plan: Partial<Plan>) => lostWrites(moved({ ...made, plan: { ...plan, pastNoReturn: true } }));

    expect(withPlan({ dataLoss: agreed })).toMatchObject({ fromMs: PRICES });
    expect(withPlan({ dataLoss: { kind: "unknown", why: "the database was promoted before" } })).toEqual({
      kind: "unknown",
    });
  });

  test("says what the plan does where of the store that was promoted since nothing was measured", () => {
    const agreed = { kind: "after", atMs: PRICES, measuredAtMs: PRICES } as const;
    const made = { promotes: ["stores.prices"], positions: { "stores.prices": null } };

    expect(lostWrites(moved({ ...made, plan: { dataLoss: agreed, pastNoReturn: true } }))).toEqual({
      ...{ kind: "between", region: REGION, fromMs: PRICES, toMs: FENCED_AT },
    });
  });

  test("is not known where an earlier run that promoted cannot be read", () => {
    const made = { promotes: ["stores.prices"], positions: { "stores.prices": STOCK } };

    expect(lostWrites(rest(moved(), made))).toEqual({ kind: "unknown" });
    expect(lostWrites(rest(moved({ mode: "planned" }), { ...made, mode: "planned" }))).toEqual({ kind: "unknown" });
  });

  test("guard newest fence: believes no end of sessions that an earlier fence has seen", () => {
    const first = moved({ promotes: ["stores.stock"] });
    const made = { promotes: ["stores.prices"], fence: { fence: "fenced" } };

    expect(lostWrites(rest(first, made), [first])).toEqual({ ...afterTime(PRICES), ...SHUT });
  });

  test("guard between runs: promises nothing of a time between two of them in which nobody looked", () => {
    const first = { ...moved({ mode: "planned", promotes: ["stores.stock"] }), lastAtMs: FENCED_AT - 61 * SECOND };
    const second = rest(first, { mode: "planned", promotes: ["stores.prices"] });

    expect(lostWrites(second, [first])).toEqual(afterTime(FENCED_AT - 61 * SECOND));
    expect(lostWrites(second, [{ ...first, lastAtMs: FENCED_AT - 60 * SECOND }])).toEqual({ kind: "nothing" });
  });

  test("guard every run: forgets no opening that an earlier one has seen", () => {
    const first = opened(moved({ mode: "planned", promotes: ["stores.stock"] }), PROMOTED_AT);
    const middle = rest(first, { mode: "planned" });
    const last = rest(middle, { id: "F-3", mode: "planned", promotes: ["stores.prices"] });

    expect(lostWrites(last, [first, middle])).toEqual(afterTime(STOCK < PRICES ? STOCK : PRICES));
  });
});

describe("what is known of lost writes after a move that promises to lose none", () => {
  const planned = (made: Made = {}) => moved({ mode: "planned", ...made });

  test("is nothing where every session was seen to end, and nothing of the stopped writers else", () => {
    expect(lostWrites(planned())).toEqual({ kind: "nothing" });
    expect(lostWrites(planned({ fence: { fence: "fenced" } }))).toEqual({ ...afterTime(PRICES), ofOthers: true });
  });

  test("guard two openings: counts from when the old side was last seen closed before the first one", () => {
    const firstMs = PROMOTED_AT + 60 * SECOND;
    const late = PROMOTED_AT + 3_600 * SECOND;
    const opening = (seenClosedMs: number): readonly RunEntry[] => {
      const then = at(seenClosedMs + SECOND);
      return [
        { kind: "fence-lost", ...then, why: "it stands open", seenClosedMs },
        { kind: "watch-intent", ...then },
        { kind: "fenced-later", ...then, says: "fenced", ended: ENDED.ended },
      ];
    };
    const twice = [...opening(firstMs), ...opening(firstMs + 30 * SECOND)];

    const run = twice.reduce(transition, planned({ positions: { "stores.stock": late, "stores.prices": late } }));
    expect(lostWrites(run)).toEqual(afterTime(firstMs));
    expect(lostBeforeMs(run.watch)).toBe(firstMs);
  });

  test("is not known without a position or a fence", () => {
    expect(lostWrites(planned({ positions: {} }))).toEqual({ kind: "unknown" });
    expect(lostWrites(planned({ fence: {} }))).toEqual({ kind: "unknown" });
  });
});
