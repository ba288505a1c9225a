import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { type Inventory, inventoryFrom } from "../../../src/domain/service/inventory.ts";
import { type KeyDeps, turnKey } from "../../../src/engine/approvals/keys.ts";
import { closeIfMovedOn } from "../../../src/engine/runs/advance-run.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { refuseIneligible, type Standing } from "../../../src/integrations/slack/standing.ts";
import type { StillMay, Who } from "../../../src/ports/asker.ts";
import type { LedgerEntry } from "../../../src/ports/runs.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { createRuns } from "../../../src/store/runs.ts";
import type { ScriptedRedis } from "../../../src/store/scripts.ts";
import { example } from "../../harness/example.ts";
import { clockAt, quietLedger, who } from "../../harness/fakes/index.ts";
import { entryIn, JOURNAL } from "../../harness/keys.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { planFor, serviceIn } from "../../harness/plans.ts";
import { StoreBench } from "../../harness/store.ts";

const inventory = example("inventory");
const ACCEPTED = ["data-loss", "sessions-not-proven", "healthy-primary"];
/** Elena asks; Chloe is no approver; nobody knows the last one; two accounts are Dmitri's. */
const REQUESTER = "elena";
const USERS = ["U01ANA", "U01BEN", "U01DMITRI", "U02DMITRI", "U01ELENA", "U01CHLOE", "U09NOBODY"];
const ELIGIBLE: Readonly<Record<string, string>> = {
  U01ANA: "ana",
  U01BEN: "ben",
  U01DMITRI: "dmitri",
  U02DMITRI: "dmitri",
};

let bench: StoreBench;
let redis: ScriptedRedis;
let woken: string[];

beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  woken = [];
});
afterEach(() => bench.close());

interface Wish {
  readonly redis?: ScriptedRedis;
  readonly inventory?: Inventory;
}

/** What Slack says of accounts and groups. */
const SLACK: Standing = {
  member: async () => ({ disqualifiedBy: [] }),
  groupMembers: async () => {
    throw new Error("nobody asked for a group");
  },
  group: () => undefined,
};
const nothing = async () => undefined;

function deps(wish: Wish = {}): KeyDeps {
  return {
    runs: createRuns(wish.redis ?? redis, () => AT + 60_000, JOURNAL),
    ledger: quietLedger(),
    clock: clockAt(() => AT + 60_000),
    wake: {
      ...{ runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing, card: nothing },
      run: async (id) => void woken.push(id),
    },
    inventory: () => wish.inventory ?? inventory,
    stillMay: async () => ({ kind: "yes" }),
  };
}

async function proposedIn(file: Inventory = inventory): Promise<RunState> {
  const plan = planFor(file, { requester: REQUESTER });
  await createRuns(redis, () => AT, JOURNAL).create(plan, planDigest(plan), []);
  return journal("F-1");
}

async function journal(id: string): Promise<RunState> {
  const run = await createRuns(redis, () => AT, JOURNAL).read(id);
  if (!run) throw new Error(`${id} is not there`);
  return run;
}

/** As the door hands it over, for a click with this account. */
function click(run: RunState, account: string, { digest = run.digest, file = inventory.file, slack = {} }: Click = {}) {
  const person = slackAccounts(() => file).personOf(account) ?? "nobody";
  const confirm = () => refuseIneligible(account, { ...SLACK, ...slack });
  return { who: who(person, confirm), digest, accepted: ACCEPTED };
}

interface Click {
  readonly digest?: string;
  readonly file?: Inventory["file"];
  readonly slack?: Partial<Standing>;
}

async function entriesOf(id: string): Promise<RunEntry[]> {
  return (await redis.lrange(KEYS.journal(id), 0, -1)).map(entryIn);
}

describe("right before the start, who holds a key is asked about once more (K4)", () => {
  const asks = (answers: Readonly<Record<string, StillMay>>) => {
    const asked: string[] = [];
    const stillMay = async (person: string): Promise<StillMay> => {
      asked.push(person);
      return answers[person] ?? { kind: "yes" };
    };
    return { asked, stillMay };
  };

  test("guard holders: the key of an account that was closed since does not count, and nothing starts on it", async () => {
    const run = await proposedIn();
    await turnKey("F-1", click(run, "U01ANA"), deps());
    const { asked, stillMay } = asks({ ana: { kind: "no", why: "Slack says of their account: deactivated" } });

    const turned = await turnKey("F-1", click(run, "U01BEN"), { ...deps(), stillMay });

    expect([turned.started, asked]).toEqual([false, ["ana"]]);
    expect(turned.lapsed).toEqual(["The key of ana does not count any more: Slack says of their account: deactivated"]);
    expect((await entriesOf("F-1")).map(({ kind }) => kind)).toEqual(["key-turned", "key-lapsed", "key-turned"]);
    expect((await journal("F-1")).keys.map(({ by }) => by)).toEqual(["ben"]);
    expect(await turnKey("F-1", click(run, "U01DMITRI"), deps())).toMatchObject({ started: true });
  });

  test("where Slack says nothing, what it said at their click counts, and the start says how old that is (G15)", async () => {
    const run = await proposedIn();
    await turnKey("F-1", click(run, "U01ANA"), deps());
    const { stillMay } = asks({ ana: { kind: "unknown", why: "Slack does not answer" } });
    const events: string[] = [];
    const runs = createRuns(redis, () => AT + 60_000, JOURNAL);
    const append: typeof runs.append = (before, change) => {
      events.push(...change.events.map(({ says }) => says));
      return runs.append(before, change);
    };

    const later = clockAt(() => AT + 5 * 60_000);
    const turned = await turnKey("F-1", click(run, "U01BEN"), {
      ...{ ...deps(), clock: later, stillMay, runs: { ...runs, append } },
    });

    expect(turned.started).toBe(true);
    expect(events.at(-1)).toContain("whether ana may still turn keys is not known (Slack does not answer); 4 min ago");
  });

  test("a first key starts nothing, and nobody is asked about", async () => {
    const run = await proposedIn();
    const { asked, stillMay } = asks({});
    await turnKey("F-1", click(run, "U01ANA"), { ...deps(), stillMay });

    expect(asked).toEqual([]);
  });
});

describe("a key stands in the ledger before it counts (K5)", () => {
  test("guard ledger first: where the ledger takes nothing the key does not count, and its holder is told so", async () => {
    const run = await proposedIn();
    const full = quietLedger({ append: () => Promise.reject(new Error("no space left")) });

    await expect(turnKey("F-1", click(run, "U01ANA"), { ...deps(), ledger: full })).rejects.toMatchObject({
      ...{ code: "key-not-kept", message: expect.stringContaining("Your key does not count") },
    });

    expect(await entriesOf("F-1")).toEqual([]);
  });

  /** Ben's click, in whose moment somebody else is faster; and the lines of the ledger. */
  async function overtaken(run: RunState, fasterOne: () => Promise<unknown>) {
    const lines: LedgerEntry[] = [];
    const runs = createRuns(redis, () => AT + 60_000, JOURNAL);
    let isFirst = true;
    const append: typeof runs.append = async (before, change) => {
      if (isFirst) {
        isFirst = false;
        await fasterOne();
      }
      return runs.append(before, change);
    };
    const ledger = quietLedger({ append: async (line) => void lines.push(line) });
    const turned = await turnKey("F-1", click(run, "U01BEN"), { ...deps(), ledger, runs: { ...runs, append } });
    return { turned, kinds: lines.map(({ kind }) => kind) };
  }

  test("of a key that came too late the ledger says that it is void", async () => {
    const run = await proposedIn();
    await turnKey("F-1", click(run, "U01ANA"), deps());
    const refused = { kind: "refused", atMs: AT, by: "dmitri", door: "slack" } as const;
    const refuses = async () =>
      deps().runs.append(await journal("F-1"), { entries: [refused], events: [], over: true });

    const { turned, kinds } = await overtaken(run, refuses);

    expect(turned.answer).toMatchObject({ kind: "refused", code: "closed" });
    expect(kinds).toEqual(["key-turned", "key-void"]);
  });

  test("of a key that another one overtook the ledger says once that it was turned", async () => {
    const run = await proposedIn();

    const { turned, kinds } = await overtaken(run, () => turnKey("F-1", click(run, "U01ANA"), deps()));

    expect(turned.started).toBe(true);
    expect((await journal("F-1")).keys.map(({ by }) => by)).toEqual(["ana", "ben"]);
    expect(kinds).toEqual(["key-turned"]);
  });
});

describe("two keys under a storm of clicks (G1, G2; K1–K3)", () => {
  const Click = fc.record({
    user: fc.constantFrom(...USERS),
    connection: fc.nat(3),
    stale: fc.boolean(),
    turns: fc.nat(6),
  });

  test("20 concurrent clicks by 7 users start a run at most once, and never with fewer than two distinct eligible people", async () => {
    const seed = Date.now() & 0x7fffffff;
    process.stdout.write(`keys: seed ${seed}\n`);
    const connections = await Promise.all([0, 1, 2, 3].map(() => bench.connect()));
    await fc.assert(
      fc.asyncProperty(fc.array(Click, { minLength: 20, maxLength: 20 }), async (clicks) => {
        await redis.flushdb();
        woken = [];
        const run = await proposedIn();
        const answers = await Promise.all(
          clicks.map(async ({ user, connection, stale, turns }) => {
            const member = async (id: string) => {
              for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
              return SLACK.member(id);
            };
            const at = connections[connection];
            const digest = stale ? "another digest" : run.digest;
            return turnKey("F-1", click(run, user, { digest, slack: { member } }), deps(at ? { redis: at } : {}));
          }),
        );

        const able = new Set(clicks.flatMap(({ user, stale }) => (stale ? [] : (ELIGIBLE[user] ?? []))));
        const entries = await entriesOf("F-1");
        const holders = entries.flatMap((entry) => (entry.kind === "key-turned" ? [entry.by] : []));
        const starts = entries.filter((entry) => entry.kind === "started");
        expect(new Set(holders).size).toBe(holders.length);
        expect(holders.every((by) => able.has(by))).toBe(true);
        expect(starts).toHaveLength(able.size >= 2 ? 1 : 0);
        for (const start of starts) expect(new Set(start.keys).size).toBeGreaterThanOrEqual(2);
        expect(answers.filter(({ started }) => started)).toHaveLength(starts.length);
        expect(woken).toHaveLength(starts.length);
      }),
      { seed, numRuns: 25, endOnFailure: true },
    );
  });

  test("keys are consumed once: after the start nobody turns another", async () => {
    const run = await proposedIn();
    await turnKey("F-1", click(run, "U01ANA"), deps());
    await turnKey("F-1", click(run, "U01BEN"), deps());

    const late = await turnKey("F-1", click(run, "U01DMITRI"), deps());

    expect(late.answer).toMatchObject({ kind: "refused", code: "closed" });
    expect((await journal("F-1")).keys.map(({ by }) => by)).toEqual(["ana", "ben"]);
  });

  test("a plan into whose journal somebody pushed a line takes no key, and neither starts nor is written to", async () => {
    const run = await proposedIn();
    await turnKey("F-1", click(run, "U01ANA"), deps());
    await redis.rpush(KEYS.journal("F-1"), JSON.stringify({ kind: "key-turned", atMs: AT, by: "ben", door: "slack" }));
    const lines: LedgerEntry[] = [];
    const ledger = quietLedger({ append: async (line) => void lines.push(line) });

    const { answer, started } = await turnKey("F-1", click(run, "U01DMITRI"), { ...deps(), ledger });

    expect([answer, started]).toMatchObject([{ kind: "refused", code: "journal-not-ours" }, false]);
    expect(lines).toEqual([]);
    expect(await redis.llen(KEYS.journal("F-1"))).toBe(2);
    expect((await journal("F-1")).keys.map(({ by }) => by)).toEqual(["ana"]);
  });

  test("guard digest: a card that shows another plan turns nothing", async () => {
    const run = await proposedIn();

    const { answer } = await turnKey("F-1", click(run, "U01ANA", { digest: "the digest of yesterday's plan" }), deps());

    expect(answer).toMatchObject({ kind: "refused", code: "digest" });
    expect(await entriesOf("F-1")).toEqual([]);
  });
});

describe("who may turn is asked fresh, and any doubt is a no (K1)", () => {
  test("with Slack silent nobody's key is turned", async () => {
    const run = await proposedIn();
    const silent = async () => {
      throw new Error("Slack does not answer");
    };

    await expect(turnKey("F-1", click(run, "U01ANA", { slack: { member: silent } }), deps())).rejects.toMatchObject({
      code: "approver-unknown",
      message: "Slack could not confirm who you are just now, so nothing was changed. Try again.",
    });
    expect(await entriesOf("F-1")).toEqual([]);
  });

  test("a guest's account turns no key, even if the file names it as an approver's", async () => {
    const run = await proposedIn();
    const member = async () => ({ disqualifiedBy: ["it is a guest"] });

    await expect(turnKey("F-1", click(run, "U01ANA", { slack: { member } }), deps())).rejects.toMatchObject({
      code: "approver-ineligible",
    });
    expect(await entriesOf("F-1")).toEqual([]);
  });

  test("guard proof: a door that cannot prove who asks lets nobody turn a key", async () => {
    const run = await proposedIn();
    const claimed: Who = { kind: "person", person: "ana", proof: { door: "terminal", strength: "claimed" } };
    const again: Who = { ...claimed, proof: { door: "terminal", strength: "confirmed" } };

    for (const asker of [claimed, again])
      await expect(
        turnKey("F-1", { who: asker, digest: run.digest, accepted: ACCEPTED }, deps()),
      ).rejects.toMatchObject({ code: "door-cannot-prove" });
    expect(await entriesOf("F-1")).toEqual([]);
  });

  test("the ledger keeps who turned it, through which door, and how that was proven (G12)", async () => {
    const run = await proposedIn();
    const lines: LedgerEntry[] = [];
    const ledger = quietLedger({ append: async (line) => void lines.push(line) });

    await turnKey("F-1", click(run, "U02DMITRI"), { ...deps(), ledger });

    expect(lines).toMatchObject([{ kind: "key-turned", by: "dmitri", door: "slack", strength: "confirmed" }]);
    const agreed = run.plan.acceptances.map(({ words }) => `“${words}”`).join(", ");
    expect(agreed).not.toBe("");
    expect(lines[0]?.says).toContain(`; agreed to in words: ${agreed}`);
    expect(JSON.stringify(lines)).not.toMatch(/U0[12]/);
  });

  const narrowed = inventoryFrom({
    ...inventory.file,
    approvals: { ...inventory.file.approvals, groups: [{ door: "slack", id: "S01DR", at: [] }] },
  });

  test("a group narrows the approvers, and never widens them", async () => {
    const run = await proposedIn(narrowed);
    const slack = { group: () => "S01DR", groupMembers: async () => ["U01ANA", "U01CHLOE"] };
    const inGroup = deps({ inventory: narrowed });

    expect((await turnKey("F-1", click(run, "U01ANA", { slack }), inGroup)).answer.kind).toBe("turned");
    await expect(turnKey("F-1", click(run, "U01BEN", { slack }), inGroup)).rejects.toMatchObject({
      code: "approver-not-in-group",
    });
    expect((await turnKey("F-1", click(run, "U01CHLOE", { slack }), inGroup)).answer).toMatchObject({
      code: "not-approver",
    });
    expect((await journal("F-1")).state).toBe("waiting-for-keys");
  });

  test("a group that cannot be read lets nobody turn", async () => {
    const run = await proposedIn(narrowed);
    const groupMembers = async () => {
      throw new Error("usergroups.users.list failed");
    };

    const slack = { group: () => "S01DR", groupMembers };
    await expect(turnKey("F-1", click(run, "U01ANA", { slack }), deps({ inventory: narrowed }))).rejects.toMatchObject({
      code: "approver-group-unknown",
      message: "Slack could not confirm the approvers' group just now, so nothing was changed. Try again.",
    });
    expect(await entriesOf("F-1")).toEqual([]);
  });
});

describe("the last key takes the service in the same step (K3)", () => {
  test("two plans for one service: the second one's last key starts nothing, and leaves no key behind", async () => {
    const first = await proposedIn();
    const plan = planFor(inventory, { requester: REQUESTER, id: "F-2" });
    // The first one was put aside while the second was made, and can be read again.
    await redis.del(KEYS.waitingPlan(plan.service));
    await createRuns(redis, () => AT, JOURNAL).create(plan, planDigest(plan), []);
    const second = await journal("F-2");
    await turnKey("F-2", click(second, "U01ANA"), deps());
    await turnKey("F-1", click(first, "U01ANA"), deps());
    await turnKey("F-1", click(first, "U01BEN"), deps());

    await expect(turnKey("F-2", click(second, "U01BEN"), deps())).rejects.toMatchObject({ code: "service-claimed" });

    expect(await journal("F-2")).toMatchObject({ state: "waiting-for-keys", length: 1 });
  });
});

describe("a plan for the rest of a run that stopped (K3)", () => {
  const at = { atMs: AT + 1_000, epoch: 1 };
  const STOPPED: readonly RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, worker: "w1" },
    { kind: "intent", ...at, step: "fence", attempt: 1 },
    { kind: "failed", ...at, step: "fence", code: "not-fenced", why: "it was denied", mustAsk: true },
  ];

  /** F-1 stopped and holding the service; F-2 planned for its rest, with Ana's key turned. */
  async function stoppedAndPlanned(): Promise<{ stopped: RunState; rest: RunState }> {
    const runs = createRuns(redis, () => AT, JOURNAL);
    const claim = { action: "hold" as const, service: serviceIn(inventory).name };
    await runs.append(await proposedIn(), { entries: STOPPED, events: [], claim });
    const stopped = await journal("F-1");
    const plan = planFor(inventory, { requester: REQUESTER, id: "F-2", continues: stopped });
    await runs.create(plan, planDigest(plan), []);
    const rest = await journal("F-2");
    expect((await turnKey("F-2", click(rest, "U01ANA"), deps())).answer.kind).toBe("turned");
    expect(await journal("F-1")).toMatchObject({ state: "stopped" });
    return { stopped, rest };
  }

  test("its last key ends the run before it and takes the service over, in one step", async () => {
    const { rest } = await stoppedAndPlanned();

    expect((await turnKey("F-2", click(rest, "U01BEN"), deps())).started).toBe(true);

    const runs = createRuns(redis, () => AT, JOURNAL);
    expect(await journal("F-1")).toMatchObject({ state: "superseded", why: "goes on as F-2" });
    expect(await journal("F-2")).toMatchObject({ state: "running" });
    expect(await runs.holderOf(rest.plan.service)).toBe("F-2");
    expect(await runs.openIds()).toEqual(["F-2"]);
    expect(new Set(woken)).toEqual(new Set(["F-1", "F-2"]));
  });

  test("when somebody retries the stopped run first, the plan for its rest starts nothing", async () => {
    const { stopped, rest } = await stoppedAndPlanned();
    const retried: RunEntry = { kind: "retried", atMs: AT, by: "farid", door: "slack", step: "fence" };
    await createRuns(redis, () => AT, JOURNAL).append(stopped, { entries: [retried], events: [] });

    const { answer, started } = await turnKey("F-2", click(rest, "U01BEN"), deps());

    expect([answer, started]).toMatchObject([{ kind: "refused", code: "rest-moved-on" }, false]);
    expect(await journal("F-1")).toMatchObject({ state: "running" });
  });

  test("is closed once that run has moved on, so that nobody is called for keys it would not take", async () => {
    const { stopped, rest } = await stoppedAndPlanned();
    const runs = createRuns(redis, () => AT, JOURNAL);
    const clock = clockAt(() => AT);

    await closeIfMovedOn(rest, { runs, clock });
    expect(await journal("F-2")).toMatchObject({ state: "waiting-for-keys" });

    const retried: RunEntry = { kind: "retried", atMs: AT, by: "farid", door: "slack", step: "fence" };
    await runs.append(stopped, { entries: [retried], events: [] });
    await closeIfMovedOn(await journal("F-2"), { runs, clock });

    expect(await journal("F-2")).toMatchObject({ state: "closed" });
    expect((await journal("F-2")).why).toContain("F-1 has moved on");
    expect(await runs.openIds()).toEqual(["F-1"]);
  });

  test("whatever races with its last key, either the old run goes on or the new one runs, never both", async () => {
    for (let round = 0; round < 20; round += 1) {
      await redis.flushdb();
      const { stopped, rest } = await stoppedAndPlanned();
      const retried: RunEntry = { kind: "retried", atMs: AT, by: "farid", door: "slack", step: "fence" };
      const other = createRuns(await bench.connect(), () => AT, JOURNAL);

      await Promise.all([
        turnKey("F-2", click(rest, "U01BEN"), deps()).catch(() => undefined),
        other.append(stopped, { entries: [retried], events: [] }).catch(() => undefined),
      ]);

      const states = [(await journal("F-1")).state, (await journal("F-2")).state];
      const holder = await other.holderOf(rest.plan.service);
      expect([
        [["running", "waiting-for-keys"], "F-1"],
        [["superseded", "running"], "F-2"],
      ]).toContainEqual([states, holder]);
    }
  });
});

describe("what must be accepted in words", () => {
  test("guard acceptances: with us-east-1 dark no key of regami turns without agreeing to change DNS by hand", async () => {
    const regami = example("regami");
    const plan = planFor(regami, { requester: "nobody", observed: homeIsDark(serviceIn(regami)) });
    await createRuns(redis, () => AT, JOURNAL).create(plan, planDigest(plan), []);
    const run = await journal("F-1");
    const [approver = ""] = regami.file.approvals.approvers;
    const all = plan.acceptances.map(({ id }) => id);
    const turn = (accepted: readonly string[]) =>
      turnKey("F-1", { who: who(approver), digest: run.digest, accepted }, deps({ inventory: regami }));

    expect(plan.acceptances).toContainEqual(
      expect.objectContaining({
        id: "dns-by-hand",
        words: "I accept that people change DNS by hand, and that TwoKey only promotes and scales",
      }),
    );
    expect((await turn(all.filter((id) => id !== "dns-by-hand"))).answer).toMatchObject({ code: "acceptance-missing" });
    expect((await turn(all)).answer.kind).toBe("turned");
  });
});
