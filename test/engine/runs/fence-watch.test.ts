import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../src/domain/errors.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import type { OldSide } from "../../../src/ports/old-side.ts";
import type { LedgerEntry } from "../../../src/ports/runs.ts";
import type { StoredStep } from "../../../src/ports/step.ts";
import { example } from "../../harness/example.ts";
import { silent } from "../../harness/failover-world.ts";
import { fakeCloud } from "../../harness/fakes.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const BACK: OldSide = { kind: "back", captured: { rules: ["one"], desired: 4, scaling: null }, isClosed: false };
const at = { atMs: AT };

/** A run past the promotion's intent whose old side was dark: nobody knows whether it still writes. */
function promoting(...more: RunEntry[]): RunState {
  const entries: RunEntry[] = [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
    { kind: "done", ...at, step: "fence", epoch: 1, says: "cannot know", output: { fence: "cannot-know" } },
    { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
  ];
  return [...entries, ...more].reduce(transition, proposed(inventory, { observed: homeIsDark(service) }));
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
  readonly refused?: string;
  readonly proven?: boolean;
}

/** One turn over a run that is kept in memory, by a worker whose calls and records are written down. */
async function watched(run: RunState, { looked = BACK, atMs = AT + 1_000, ...wish }: Wish = {}) {
  const written: RunEntry[] = [];
  const ledger: LedgerEntry[] = [];
  let now = run;
  let fenced = 0;
  let ended = false;
  const unused = async () => {
    throw new Error("the watch does not ask for this");
  };
  const fence: StoredStep = {
    name: "fence-primary",
    role: "protects",
    wayBack: "undo",
    permissions: [],
    run: async () => {
      fenced += 1;
      if (wish.refused !== undefined) throw new TransientError("x", wish.refused);
      return { requestIds: ["r-1"], data: { closed: ["tcp"] } };
    },
    verify: async () =>
      (wish.proven ?? true) ? { done: true, says: "fenced", output: {} } : { done: false, says: "still writes" },
    undo: unused,
    happened: async () => "no",
  };
  const clock = { now: () => atMs, speed: 1, sleep: async () => undefined };
  const cloud = fakeCloud({ clock });
  await watchOldSide(
    run,
    {
      ...{ clock, logger: silent, steps: { "fence-primary": fence }, worker: "w2" },
      cloud: { ...cloud, guardedBy: () => cloud },
      oldSide: async () => looked,
      ledger: {
        append: async (entry) => void ledger.push(entry),
        disagreement: async () => undefined,
        highestEpoch: () => 0,
      },
      runs: {
        ...{ create: unused, openIds: unused, ofIncident: unused, coolDownUntil: unused },
        holderOf: async () => wish.holder,
        read: async (id) => (id === wish.holder ? wish.other : now),
        append: async (before, { entries, over }) => {
          if (before.length !== now.length) return { kind: "conflict" };
          now = entries.reduce(transition, before);
          written.push(...entries);
          ended ||= over === true;
          return { kind: "appended", run: now };
        },
      },
    },
    new AbortController().signal,
  );
  return {
    written,
    kinds: written.map(({ kind }) => kind),
    ledger: ledger.map(({ kind }) => kind),
    fenced,
    ended,
    run: now,
  };
}

describe("the watch over an old side that was dark", () => {
  test("fences it when it answers again, as every act: with a hold of its own, in journal and ledger", async () => {
    const turn = await watched(VERIFIED);

    expect(turn.kinds).toEqual(["claimed", "watch-intent", "watch-asked", "fenced-later"]);
    expect(turn.ledger).toEqual(["watch-intent", "watch-asked", "fenced-later"]);
    expect(turn).toMatchObject({ fenced: 1, ended: true });
    expect(turn.run).toMatchObject({ epoch: 2, watch: { state: "fenced", tries: 1 } });
    expect(turn.run.captured).toEqual(BACK.kind === "back" && BACK.captured);
  });

  test("does so while the run is stopped after the point of no return, and keeps the run open for people", async () => {
    expect(await watched(STOPPED)).toMatchObject({ fenced: 1, ended: false, run: { state: "stopped" } });
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
      return { ...run, pastNoReturn, plan: { ...run.plan, id: "F-2", from: service.standby, to: from } };
    };

    expect((await watched(VERIFIED, { holder: "F-2", other: other(false) })).kinds).toEqual([]);
    expect(await watched(VERIFIED, { holder: "F-2", other: other(true) })).toMatchObject({
      ...{ kinds: ["claimed", "watch-ended"], fenced: 0, ended: true },
    });
  });

  test("ends with the signed plan's authority", async () => {
    const turn = await watched(VERIFIED, { atMs: VERIFIED.plan.authorisesUntilMs });

    expect([turn.kinds, turn.fenced]).toEqual([["claimed", "watch-ended"], 0]);
  });

  test("fences nothing once people have chosen the way back (J7)", async () => {
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "unwind", step: "promote" },
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
    expect(await watched(refused.run, { atMs: AT + 30_000 })).toMatchObject({ written: [], fenced: 0 });
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
    const intent: RunEntry = { kind: "watch-intent", ...at, step: "fence", epoch: 1, captured: { rules: [] } };
    const turn = await watched(transition(VERIFIED, intent));

    expect(turn).toMatchObject({ fenced: 1, run: { watch: { state: "fenced", tries: 2 }, captured: { rules: [] } } });
  });
});
