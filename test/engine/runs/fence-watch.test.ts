import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../src/domain/errors.ts";
import type { FenceProof } from "../../../src/domain/plan-run/fence.ts";
import type { Freeze } from "../../../src/domain/plan-run/freeze.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import type { OldSide } from "../../../src/ports/old-side.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { started } from "../../harness/keys.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";
import { standbyOf } from "../../harness/site.ts";
import { watchTurn } from "../../harness/watch-turn.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const BACK = {
  ...{
    kind: "back",
    captured: { store: { rules: ["one"] }, compute: { desired: 4, scaling: null } },
    ...{ open: ["store", "compute"], closed: [], silent: [], refused: [], unseen: {} },
  },
} satisfies OldSide;
const at = { atMs: AT };

const begun = (plan: RunState["plan"]): RunEntry[] => [
  ...started(plan, AT),
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
  { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
];

/** A run past the promotion's intent whose old side was dark: nobody knows whether it still writes. */
function promoting(...more: RunEntry[]): RunState {
  const run = proposed(inventory, { observed: homeIsDark(service) });
  const entries: RunEntry[] = [
    ...begun(run.plan),
    { kind: "done", ...at, step: "fence", epoch: 1, says: "cannot know", output: { fence: "cannot-know" } },
    { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
  ];
  return [...entries, ...more].reduce(transition, run);
}

const failed: RunEntry = {
  ...{ kind: "failed", ...at, step: "promote", epoch: 1, code: "x", why: "it broke", mustAsk: false },
};
const VERIFIED = promoting({ kind: "finished", ...at, state: "verified" });
const STOPPED = promoting(failed);

interface Wish {
  readonly looked?: OldSide;
  readonly atMs?: number;
  readonly holder?: string;
  readonly other?: RunState;
  readonly others?: readonly RunState[];
  readonly since?: RunState;
  readonly whileLooking?: () => void;
  readonly refused?: string;
  readonly proven?: boolean;
  readonly shown?: FenceProof;
  readonly freeze?: Freeze;
}

/** One turn, by a worker whose calls and records are written down. */
async function watched(run: RunState, { looked = BACK, atMs = AT + 1_000, ...wish }: Wish = {}) {
  let fenced = 0;
  const asked: unknown[] = [];
  const verified: unknown[] = [];
  const later: unknown[] = [];
  const fence: StoredStep = {
    name: "fence-primary",
    role: "protects",
    ...{ wayBack: "undo", callsALook: 1 },
    permissions: () => [],
    run: async (input) => {
      asked.push(input);
      fenced += 1;
      if (wish.refused !== undefined) throw new TransientError("x", wish.refused);
      return { requestIds: ["r-1"], data: { closed: ["tcp"] } };
    },
    verify: async (input) => {
      verified.push(input);
      return (wish.proven ?? true)
        ? { done: true, says: "fenced", output: { fence: wish.shown ?? "fenced" } }
        : { done: false, says: "still writes" };
    },
    dataByHand: () => ({}),
    undo: async () => {
      throw new Error("the watch does not ask for this");
    },
    happened: async () => "no",
    backByHand: () => [],
  };
  const turn = await watchTurn(run, {
    cloud: fakeCloud({ clock: { now: () => atMs } }),
    ...{ steps: { "fence-primary": fence }, holder: wish.holder, other: wish.other, others: wish.others },
    oldSide: async (_run, looking) => {
      later.push((looking.later ?? []).map(({ plan }) => plan.id));
      wish.whileLooking?.();
      return looked;
    },
    ...{ freeze: wish.freeze, since: wish.since },
  });
  const kindsOf = (all: readonly { readonly kind: string }[]) => all.map(({ kind }) => kind);
  return { ...turn, kinds: kindsOf(turn.written), ledger: kindsOf(turn.ledger), fenced, asked, verified, later };
}

describe("the watch over an old side that was dark", () => {
  test("fences it when it answers again, as every act: with a hold of its own, in journal and ledger", async () => {
    const turn = await watched(VERIFIED);

    expect(turn.kinds).toEqual(["claimed", "watch-intent", "watch-asked", "fenced-later"]);
    expect(turn.ledger).toEqual(["watch-intent", "watch-asked", "fenced-later"]);
    // It is looked at until the end date: somebody may open it again.
    expect(turn).toMatchObject({ fenced: 1, ended: false });
    expect(turn.run).toMatchObject({ epoch: 2, watch: { state: "fenced", tries: 1 } });
    expect(turn.run.captured).toEqual(BACK.captured);
  });

  test("guard closed at once: of a planned move as well, for its writers are not waited for any more", async () => {
    const lost: RunEntry[] = [
      { kind: "done", ...at, step: "fence", epoch: 1, says: "fenced", output: { fence: "fenced" } },
      { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
      { kind: "fence-lost", ...at, step: "fence", epoch: 1, seenClosedMs: AT, why: "it stands open" },
    ];
    const planned = proposed(inventory, { mode: "planned" });
    const run = [...begun(planned.plan), ...lost].reduce(transition, planned);
    expect(planned.plan.steps[0]?.input).toMatchObject({ mode: "planned" });

    expect(await watched(run)).toMatchObject({
      fenced: 1,
      asked: [{ mode: "unplanned", unseenAccepted: [], unprovenAccepted: [] }],
    });
  });

  test("guard watched sessions: is told what was seen of the sessions of stores that are closed still", async () => {
    const ended = { "stores.stock": "2 other sessions were ended, and none is open", "stores.orders": "none was open" };
    const lost: RunEntry[] = [
      { kind: "done", ...at, step: "fence", epoch: 1, says: "fenced", output: { fence: "fenced", ended } },
      { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
      {
        kind: "fence-lost",
        ...at,
        step: "fence",
        epoch: 1,
        seenClosedMs: AT,
        why: "it stands open",
        closed: Object.keys(ended),
      },
    ];
    const healthy = proposed(inventory, { mode: "planned" });
    const run = [...begun(healthy.plan), ...lost].reduce(transition, healthy);
    const kept = { ended: { "stores.stock": ended["stores.stock"] } };

    const turn = await watched(run, { looked: { ...BACK, closed: ["stores.stock"] } });

    expect(turn).toMatchObject({ asked: [kept], verified: [kept] });
    expect(turn.written).toContainEqual(expect.objectContaining({ kind: "watch-intent", closed: ["stores.stock"] }));
  });

  test("guard watched silence: what people accepted at the keys is neither accepted nor left open when the side is back", async () => {
    expect(VERIFIED.plan.steps[0]?.input).toMatchObject({
      unseenAccepted: expect.arrayContaining([expect.any(String)]),
    });

    const nothingAccepted = { unseenAccepted: [], unprovenAccepted: [] };
    expect(await watched(VERIFIED)).toMatchObject({ asked: [nothingAccepted], verified: [nothingAccepted] });
  });

  test("guard proven only: is not ended by a look that is done and has proven nothing", async () => {
    const turn = await watched(VERIFIED, { shown: "not-proven" });

    expect(turn.kinds).toEqual(["claimed", "watch-intent", "watch-asked"]);
    expect(turn.run.watch.state).toBe("asked");
  });

  test("does so while the run is stopped after the point of no return, and keeps the run open for people", async () => {
    expect(await watched(STOPPED)).toMatchObject({ fenced: 1, ended: false, run: { state: "stopped" } });
    // It holds its service until people have decided.
    expect(await watched(STOPPED, { holder: "F-1" })).toMatchObject({ fenced: 1, ended: false });
  });

  test("leaves a region alone that is still dark, and writes nothing for it", async () => {
    expect(await watched(VERIFIED, { looked: { kind: "silent" } })).toMatchObject({ written: [], fenced: 0 });
  });

  test("leaves it alone once people have moved the service back", async () => {
    const turn = await watched(VERIFIED, { looked: { kind: "moved-back", why: "the new side is a replica" } });

    expect([turn.kinds, turn.fenced, turn.ended]).toEqual([["claimed", "watch-ended"], 0, true]);
  });

  test("leaves it alone while another run holds the service", async () => {
    expect(await watched(VERIFIED, { holder: "F-2" })).toMatchObject({ written: [], fenced: 0 });
  });

  test("ends for good once another run makes it the writer again, whoever holds the service after that", async () => {
    const from = service.home;
    const other = (pastNoReturn: boolean) => {
      const run = promoting();
      const plan = { ...run.plan, id: "F-2", from: standbyOf(service), to: from };
      return { ...run, startedAtMs: AT + 1, pastNoReturn, plan };
    };

    const begun = await watched(VERIFIED, { holder: "F-2", other: other(false) });
    expect([begun.kinds, begun.fenced]).toEqual([["claimed", "moved-on"], 0]);
    const later = { holder: "F-2", other: other(false), atMs: AT + 60_000 };
    expect(await watched(begun.run, later)).toMatchObject({ written: [], fenced: 0 });
    expect(await watched(VERIFIED, { holder: "F-2", other: other(true) })).toMatchObject({
      ...{ kinds: ["claimed", "watch-ended"], fenced: 0, ended: true },
    });
  });

  describe("whose service a later run of ours moves on to a third region", () => {
    const standby = standbyOf(service);
    const MOVED_BACK: OldSide = { kind: "moved-back", why: "the new side is closed itself" };
    /** Another run of the service, which began after this one. */
    const laterRun = (plan: Partial<RunState["plan"]>, change: Partial<RunState> = {}): RunState => {
      const run = promoting();
      return { ...run, startedAtMs: AT + 1, ...change, plan: { ...run.plan, id: "F-2", ...plan } };
    };
    const ON = laterRun({ from: standby, to: "eu-west-2" });
    const NAMED = transition(VERIFIED, { kind: "moved-on", ...at, step: "fence", epoch: 1, run: "F-2" });

    test("guard later move named: writes that run into its journal once, and is not ended by what it did", async () => {
      const turn = await watched(VERIFIED, { others: [ON], looked: MOVED_BACK });
      expect([turn.kinds, turn.ledger, turn.ended]).toEqual([["claimed", "moved-on"], ["moved-on"], false]);
      expect(turn.run.watch).toMatchObject({ state: "waiting", laterMoves: ["F-2"] });

      // That run may have left every list by now; the look is told of it all the same.
      expect(await watched(turn.run, { others: [ON] })).toMatchObject({ fenced: 1, later: [["F-2"]] });
    });

    test("writes it once where another process has named it since this one read the run", async () => {
      const turn = await watched(VERIFIED, { others: [ON], since: NAMED });

      expect([turn.kinds, turn.ledger]).toEqual([["claimed"], []]);
      expect(turn.run.watch.laterMoves).toEqual(["F-2"]);
    });

    test("is not ended by a side that was left either, while a run that its journal names cannot be found", async () => {
      expect(await watched(NAMED, { looked: MOVED_BACK })).toMatchObject({ ended: false, written: [] });
    });

    test("guard later move begun: is not ended by a side that was left while it looked, by a run of ours that had just begun", async () => {
      const others: RunState[] = [];
      const whileLooking = () => void others.push(ON);

      expect(await watched(VERIFIED, { others, whileLooking, looked: MOVED_BACK })).toMatchObject({ written: [] });
      expect(await watched(VERIFIED, { looked: MOVED_BACK })).toMatchObject({ ended: true });
    });

    test("guard other side: goes on while that run holds the service, and while one that moves nothing does", async () => {
      expect(await watched(NAMED, { holder: "F-2", other: ON })).toMatchObject({ fenced: 1 });
      const inside = laterRun({ from: standby, to: standby });
      expect(await watched(VERIFIED, { holder: "F-2", other: inside })).toMatchObject({ fenced: 1 });
      // A snapshot is copied to the side that was left.
      const steps = ON.plan.steps.slice(0, 1).map((step) => ({ ...step, role: "adds" as const }));
      const snapshot = laterRun({ from: standby, to: service.home, steps });
      expect(await watched(VERIFIED, { holder: "F-2", other: snapshot })).toMatchObject({ fenced: 1 });
      // One that was left half done at that very side has a plan of its own for it.
      const again = laterRun({ from: service.home, to: "eu-west-2" });
      const named = { holder: "F-2", other: again };
      expect(await watched(NAMED, named)).toMatchObject({ fenced: 0, written: [] });
    });

    test("ends when a run of ours makes it the writer, also where that run has let go of the service before anybody looked", async () => {
      const home = laterRun({ from: standby, to: service.home }, { state: "verified" });

      const turn = await watched(VERIFIED, { others: [home] });
      expect([turn.kinds, turn.fenced]).toEqual([["claimed", "watch-ended"], 0]);
      expect(turn.run.watch.says).toBe("run F-2 makes eu-west-1 the writer");
    });
  });

  test("says once that a freeze keeps it open, writes nothing more meanwhile, and closes it when that is lifted", async () => {
    const freeze = { id: "Z-1", by: "chloe", atMs: AT, why: "wait", lifts: [] };

    const first = await watched(VERIFIED, { freeze });
    expect([first.kinds, first.fenced]).toEqual([["claimed", "watch-failed"], 0]);
    expect(first.run.watch.says).toContain("chloe stopped every change");
    const later = { freeze, atMs: AT + 10 * 60_000 };
    expect(await watched(first.run, later)).toMatchObject({ written: [], fenced: 0 });
    expect(await watched(first.run, { atMs: AT + 10 * 60_000 })).toMatchObject({ fenced: 1 });
  });

  test("waits longer and longer where the keys do not carry it, so that the journal stays short", async () => {
    const [key, ...keys] = VERIFIED.keys;
    if (!key) throw new Error("a run has keys");
    let run: RunState = { ...VERIFIED, keys: [{ ...key, digest: "of another plan" }, ...keys] };
    let written = 0;
    for (let minute = 1; minute <= 60; minute += 1) {
      const turn = await watched(run, { atMs: AT + minute * 60_000 });
      expect(turn.fenced).toBe(0);
      written += turn.written.length;
      run = turn.run;
    }

    expect(written).toBeLessThanOrEqual(16);
  });

  test("ends with the signed plan's authority", async () => {
    const turn = await watched(VERIFIED, { atMs: VERIFIED.plan.authorisesUntilMs });

    expect([turn.kinds, turn.fenced]).toEqual([["claimed", "watch-ended"], 0]);
  });

  test("fences nothing once people have chosen the way back (J7)", async () => {
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "unwind", step: "promote", position: STOPPED.intents },
    });
    const unwinding = [vote("ana"), vote("ben")].reduce(transition, STOPPED);
    const ended = transition(unwinding, { kind: "finished", ...at, state: "unwound" });

    for (const run of [unwinding, ended]) expect(await watched(run)).toMatchObject({ written: [], fenced: 0 });
  });

  test("fences nothing before the point of no return", async () => {
    const paused = [
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "paused", ...at, door: "slack", why: "wait" },
    ] satisfies RunEntry[];
    const run = paused.reduce<RunState>(transition, proposed(inventory, { observed: homeIsDark(service) }));

    expect(await watched(run)).toMatchObject({ written: [], fenced: 0 });
  });

  test("tells people when it is refused, and tries again only after a while", async () => {
    const refused = await watched(VERIFIED, { refused: "AccessDenied" });
    expect(refused.run.watch).toMatchObject({ state: "failed", says: "AccessDenied" });
    // Nor is anything looked at meanwhile.
    expect(await watched(refused.run, { atMs: AT + 30_000 })).toMatchObject({ written: [], fenced: 0, later: [] });
    expect(await watched(refused.run, { atMs: AT + 62_000 })).toMatchObject({ fenced: 1 });
  });

  test("asks once and then only looks until a write fails there", async () => {
    const asked = await watched(VERIFIED, { proven: false });
    expect(asked.kinds).toEqual(["claimed", "watch-intent", "watch-asked"]);
    expect(await watched(asked.run, { proven: false, atMs: AT + 3_000 })).toMatchObject({ written: [], fenced: 0 });
    const proven = await watched(asked.run, { atMs: AT + 3_000 });
    expect([proven.kinds, proven.fenced]).toEqual([["claimed", "fenced-later"], 0]);
  });

  test("begins again at once what a crash cut off", async () => {
    const intent: RunEntry = {
      kind: "watch-intent",
      ...at,
      step: "fence",
      epoch: 1,
      captured: { store: { rules: [] } },
    };
    const turn = await watched(transition(VERIFIED, intent));

    expect(turn).toMatchObject({
      fenced: 1,
      // What came meanwhile is closed as well, and so given back as well.
      run: { watch: { state: "fenced", tries: 2 }, captured: { store: { rules: ["one"] } } },
    });
  });

  describe("that comes back in parts", () => {
    const HALF = { ...BACK, captured: { one: { rules: ["a"] } }, silent: ["other"] } satisfies OldSide;
    const CLOSED = { ...HALF, captured: { one: { rules: [] } }, open: [], closed: ["one"] } satisfies OldSide;

    test("fences what answers and says what does not, which is no failure that calls people", async () => {
      const turn = await watched(VERIFIED, { looked: HALF });

      expect([turn.kinds, turn.fenced]).toEqual([["claimed", "watch-intent", "watch-asked"], 1]);
      expect(turn.run.watch).toMatchObject({ state: "asked", leftAlone: ["other"], says: "" });
      expect(turn.ended).toBe(false);
    });

    test("writes nothing while all that answers is closed and the rest is silent", async () => {
      const half = await watched(VERIFIED, { looked: HALF });

      expect(await watched(VERIFIED, { looked: CLOSED })).toMatchObject({ written: [], fenced: 0 });
      expect(await watched(half.run, { looked: CLOSED })).toMatchObject({ written: [], fenced: 0 });
      expect(await watched(half.run, { looked: HALF })).toMatchObject({ written: [], fenced: 0 });
    });

    test("fences the rest the moment it answers, and gives each part back what it had first", async () => {
      const half = await watched(VERIFIED, { looked: HALF });
      const looked = { ...BACK, captured: { one: { rules: [] }, other: { rules: ["b"] } } };
      const whole = await watched(half.run, { looked, atMs: AT + 2_000 });

      expect([whole.kinds, whole.fenced]).toEqual([["claimed", "watch-intent", "watch-asked", "fenced-later"], 1]);
      expect(whole.run).toMatchObject({
        ...{ watch: { state: "fenced" }, captured: { one: { rules: ["a"] }, other: { rules: ["b"] } } },
      });
    });

    test("tries at once what was silent when another part was refused, and no more often than that", async () => {
      const half = await watched(VERIFIED, { looked: HALF, refused: "AccessDenied" });
      const whole = await watched(half.run, { looked: BACK, refused: "AccessDenied", atMs: AT + 2_000 });

      expect(half.run.watch.state).toBe("failed");
      expect(await watched(half.run, { looked: HALF, atMs: AT + 2_000 })).toMatchObject({ written: [], fenced: 0 });
      expect(whole.fenced).toBe(1);
      expect(await watched(whole.run, { atMs: AT + 3_000 })).toMatchObject({ written: [], fenced: 0 });
    });
  });
});
