import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { type AcceptStoreDeps, acceptStore } from "../../src/commands/accept-store.ts";
import { ack } from "../../src/commands/ack.ts";
import { approve } from "../../src/commands/approve.ts";
import { declare } from "../../src/commands/declare.ts";
import { escalate } from "../../src/commands/escalate.ts";
import { type FreezeDeps, freeze, unfreeze } from "../../src/commands/freeze.ts";
import type { IncidentCommandDeps } from "../../src/commands/incident-deps.ts";
import { type CommandDeps, VERBS } from "../../src/commands/index.ts";
import type { Answer, Ask } from "../../src/commands/intent.ts";
import { plan } from "../../src/commands/plan.ts";
import { replan } from "../../src/commands/replan.ts";
import { resolve } from "../../src/commands/resolve.ts";
import { createIntents } from "../../src/commands/route.ts";
import { decideOnRun } from "../../src/commands/run-decisions.ts";
import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import { severity } from "../../src/commands/severity.ts";
import { update } from "../../src/commands/update.ts";
import { type WaitCommandDeps, wait } from "../../src/commands/wait.ts";
import { UserError } from "../../src/domain/errors.ts";
import { isOpen } from "../../src/domain/incident/incident.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { recoveryDigest } from "../../src/domain/plan-run/recovery.ts";
import type { KeyDeps } from "../../src/engine/approvals/keys.ts";
import { CORRELATION_ID } from "../../src/flows/incident/intake/correlate.ts";
import { RUNBOOKS, runbookOf } from "../../src/flows/runbooks/index.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { FAIL_FAST } from "../../src/store/connection.ts";
import { eventsOf } from "../../src/store/events.ts";
import { leave } from "../../src/store/leave.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { withPlainErrors, withPlainLoss } from "../../src/store/plain-errors.ts";
import { type ScriptedRedis, withScripts } from "../../src/store/scripts.ts";
import { bridge } from "../flows/incident/bridge.ts";
import { BreakableRedis, type Loses } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { clockAt, fakeCloud, ordinaryDay, quietLedger, silent, who } from "../harness/fakes/index.ts";
import { JOURNAL, LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const INCIDENT = "I-7KQ2MX";
const nothing = async () => undefined;
const wake = {
  ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
  card: nothing,
};

/** A Redis, and what stands in it. */
interface At {
  readonly server: BreakableRedis;
  readonly redis: ScriptedRedis;
  readonly stores: Stores;
  readonly lines: LedgerEntry[];
  /** One that the store has lost. */
  ledger: LedgerFile | undefined;
  /** What stands on the buttons of the card by which people sign for it. */
  signs: string;
}

/** On an empty server. */
async function opened(server: BreakableRedis): Promise<At> {
  const redis = withScripts(new Redis(server.url, { ...FAIL_FAST, lazyConnect: true }));
  redis.on("error", () => undefined);
  await redis.connect();
  await redis.flushall();
  return {
    server,
    redis,
    stores: createStores(withPlainErrors(redis), () => AT, JOURNAL),
    lines: [],
    ledger: undefined,
    signs: "",
  };
}

async function left({ redis, ledger }: At): Promise<void> {
  await ledger?.close();
  leave(redis);
}

let server: BreakableRedis;
let directory: string;
let at: At;
beforeAll(async () => {
  server = await BreakableRedis.start();
  directory = await mkdtemp(join(tmpdir(), "twokey-answers-"));
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  at = await opened(server);
});
afterEach(() => left(at));

/** One act of each family, by somebody for whom everything else is right. */
interface Family {
  readonly given: (at: At) => Promise<unknown>;
  readonly act: (at: At) => Promise<Answer>;
  /** Words of the write that it is. */
  readonly write: string;
  readonly isDone: (at: At) => Promise<boolean>;
  readonly done: RegExp;
  readonly notDone: RegExp;
  readonly notKnown: RegExp;
  /** Its script begins with a command that frees memory, so that a full Redis takes all of it. */
  readonly fitsIntoFull?: true;
}

const clock = clockAt(() => AT);

const day = ordinaryDay(serviceIn(inventory));
const cloud = fakeCloud({
  ...day,
  snapshots: { find: async () => ({ known: false, cause: "absent", why: "there is none", atMs: AT }) },
  probe: { ...day.probe, writeCheck: async () => ({ kind: "written" }) },
});

function runDeps({ stores, lines }: At): RunCommandDeps & KeyDeps {
  return {
    ...{ runs: stores.runs, cards: stores.cards, clock, wake, inventory: () => inventory },
    ledger: quietLedger({ append: async (line) => void lines.push(line) }),
    stillMay: async () => ({ kind: "yes" }),
    cloud,
    times: { of: async () => [] },
    ...{ incidentOf: nothing, lastLook: nothing, rememberChannel: nothing, channelOf: nothing },
    newId: () => "F-NEW",
  };
}

const freezeDeps = (at: At): FreezeDeps => ({ ...runDeps(at), freezes: at.stores.freezes });

const waitDeps = (at: At): WaitCommandDeps => ({
  ...{ ...runDeps(at), incidents: at.stores.incidents, waits: at.stores.waits },
  ...{ tendWait: nothing, logger: silent },
});

const plans =
  (runbook: string, args: readonly string[], over: Partial<Ask> = {}) =>
  (at: At) =>
    plan(runbookOf({ runbook, id: "" }), ask(runbook, args, over), runDeps(at));

function incidentDeps({ stores }: At): IncidentCommandDeps {
  return {
    ...{ ...bridge(inventory), incidents: stores.incidents, correlation: stores.correlation, clock, wake },
    runInProgress: nothing,
    measured: async () => ({}),
    againstClosing: async () => ({ alarms: [], unknownIn: [], down: [], plans: [] }),
    newId: () => INCIDENT,
  };
}

const ask = (verb: string, args: readonly string[], over: Partial<Ask> = {}): Ask => ({
  ...{ verb, args, text: args.join(" "), who: who("ana", nothing) },
  ...over,
});

const planned = async ({ stores }: At) => {
  const plan = planFor(inventory, { requester: "elena" });
  await stores.runs.create(plan, planDigest(plan), []);
};
const turn = (at: At, person: string) => {
  const plan = planFor(inventory, { requester: "elena" });
  const fields = Object.fromEntries(plan.acceptances.map(({ id }) => [id, "yes"]));
  const value = `${plan.id}:${planDigest(plan)}`;
  return approve(ask("approve", [], { who: who(person, nothing), value, fields }), runDeps(at));
};
const by = (person: string) => ({ who: who(person, nothing) });
const frozen = (at: At) => freeze(ask("freeze", ["the", "wrong", "one", "moves"]), freezeDeps(at));
const liftedBy = (person: string) => (at: At) => unfreeze(ask("unfreeze", [], by(person)), freezeDeps(at));
const inForce = async ({ stores }: At) => (await stores.freezes.inForce())[0];
const isKept = async ({ stores }: At) => (await stores.runs.read("F-NEW")) !== undefined;
const keys = async ({ stores }: At) => (await stores.runs.read("F-1"))?.keys.length;
const declared = (at: At) => declare(ask("declare", ["sev1", "inventory", "is", "down"]), incidentDeps(at));
const incident = async ({ stores }: At) => (await stores.incidents.get(INCIDENT))?.value;

function lossDeps(at: At): AcceptStoreDeps {
  const { redis, stores, ledger } = at;
  if (!ledger) throw new Error("nothing was lost");
  return {
    ...{ ...runDeps(at), recoveries: stores.recoveries, lostStore: withPlainLoss(ledger), newId: () => "R-1" },
    eventsOfRun: (run) => eventsOf(withPlainErrors(redis), "run", run),
  };
}

let ledgers = 0;
/** Of a Redis that came back empty. */
async function lost(at: At): Promise<void> {
  ledgers += 1;
  at.ledger = await LedgerFile.open(at.redis, {
    ...{ directory, process: `bot-${ledgers}`, key: LEDGER_KEY, whose: WHOSE },
  });
  await at.ledger.append({ atMs: AT, run: "F-1", service: "inventory", epoch: 1, kind: "intent", says: "promotes" });
  await at.redis.flushdb();
}
const accepts = (at: At) => acceptStore(ask("accept-store", [], by("elena")), lossDeps(at));
const recovery = async ({ stores }: At) => (await stores.recoveries.read()).value;
const lostAndAsked = async (at: At) => {
  await lost(at);
  await accepts(at);
  const asked = await recovery(at);
  at.signs = `R-1:${asked && recoveryDigest(asked)}`;
};
const signs = (person: string) => (at: At) =>
  acceptStore(ask("accept-store", [], { ...by(person), value: at.signs }), lossDeps(at));
const lostAndSigned = async (at: At) => {
  await lostAndAsked(at);
  await signs("ben")(at);
};

const FAMILIES: Readonly<Record<string, Family>> = {
  "a first key": {
    given: planned,
    act: (at) => turn(at, "ana"),
    write: '"key-turned"',
    isDone: async (at) => (await keys(at)) === 1,
    done: /^Your key is turned/,
    notDone: /^Your key does not count: .*Press the button again in a moment\.$/,
    notKnown: /^Nobody can say yet whether your key counts: .*The plan card shows it in a moment\.$/,
  },
  "a last key": {
    given: async (at) => {
      await planned(at);
      await turn(at, "ben");
    },
    act: (at) => turn(at, "ana"),
    write: '"key-turned"',
    isDone: async ({ stores }) => (await stores.runs.read("F-1"))?.state === "running",
    done: /^Your key was the last one\. It starts now/,
    notDone: /^Your key does not count: /,
    notKnown: /^Nobody can say yet whether your key counts: /,
  },
  "a decision on a run": {
    given: planned,
    act: (at) => decideOnRun("reject", ask("reject", ["F-1"]), runDeps(at)),
    write: '"refused"',
    isDone: async ({ stores }) => (await stores.runs.read("F-1"))?.state === "closed",
    done: /said reject: run F-1 is/,
    notDone: /^Your “reject” does not count: .*Say it again in a moment\.$/,
    fitsIntoFull: true,
    notKnown: /^Nobody can say yet whether your “reject” counts: .*The card of F-1 shows it in a moment\.$/,
  },
  "a declared incident": {
    given: nothing,
    act: declared,
    write: '"declaredBy"',
    isDone: async (at) => (await incident(at)) !== undefined,
    done: /^SEV1 declared: /,
    notDone: /^Nothing was declared, and nobody is called: .*call people by telephone\.$/,
    notKnown: /^Nobody can say yet whether it was declared: .*If it was, its channel opens in a moment\./,
  },
  "a freeze": {
    given: nothing,
    act: frozen,
    write: '"frozen"',
    isDone: async (at) => (await inForce(at)) !== undefined,
    done: /has frozen TwoKey|^TwoKey is frozen already/,
    notDone: /^Your “freeze” does not count, and stops nothing: .*To stop TwoKey now, stop each of its processes\.$/,
    notKnown: /^Nobody can say yet whether TwoKey is frozen: .*To stop TwoKey now, stop each of its processes\.$/,
  },
  "a first word to lift a freeze": {
    given: frozen,
    act: liftedBy("ana"),
    write: '"lift-asked"',
    isDone: async (at) => (await inForce(at))?.lifts.length === 1,
    done: /wants the freeze lifted: 1 of 2\. Another approver has 15 minutes/,
    notDone: /^Your “unfreeze” does not count: .*Say it again in a moment\.$/,
    notKnown: /^Nobody can say yet whether your “unfreeze” counts: .*\/dr status shows whether TwoKey is frozen\.$/,
  },
  "a last word to lift a freeze": {
    given: async (at) => {
      await frozen(at);
      await liftedBy("ben")(at);
    },
    act: liftedBy("ana"),
    write: '"lifted"',
    isDone: async (at) => (await inForce(at)) === undefined,
    done: /was the second to say so: TwoKey is not frozen any more|^TwoKey is not frozen/,
    notDone: /^Your “unfreeze” does not count: /,
    notKnown:
      /^Your “unfreeze” counts\. Nobody can say yet whether the freeze is lifted: .*\/dr status shows whether TwoKey is frozen\.$/,
  },
  "a decision to wait": {
    given: planned,
    act: (at) => wait(ask("wait", ["inventory", "20m", "because", "it", "comes", "back"]), waitDeps(at)),
    write: "comes back",
    isDone: async ({ stores }) => (await stores.waits.get("inventory")) !== undefined,
    done: /wait/i,
    notDone: /^Your decision to wait does not count: /,
    notKnown: /^Nobody can say yet whether your decision to wait counts: /,
  },
  "a plan": {
    given: nothing,
    act: plans("failover", ["inventory"]),
    write: '"run.proposed"',
    isDone: isKept,
    done: /^Plan F-NEW is made\./,
    notDone: /^No plan was made: .*Nothing was changed\. Ask again in a moment\.$/,
    notKnown: /^Nobody can say yet whether the plan is kept: .*\/dr status shows it in a moment\.$/,
  },
  "a plan of a form": {
    given: nothing,
    act: plans("failover", [], {
      fields: { service: "inventory", mode: "unplanned", reason: "r" },
      value: "channel:C01OPS",
    }),
    write: '"run.proposed"',
    isDone: isKept,
    done: /^Plan F-NEW is made\./,
    notDone: /^No plan was made: /,
    notKnown: /^Nobody can say yet whether the plan is kept: /,
  },
  "a snapshot": {
    given: nothing,
    act: plans("snapshot", ["inventory"]),
    write: '"started"',
    isDone: async ({ stores }) => (await stores.runs.read("F-NEW"))?.startedAtMs !== undefined,
    done: /^Plan F-NEW is started\./,
    notDone: /^Nothing was started: .*Ask again when that is mended\.$/,
    notKnown: /^Nobody can say yet whether it was started: /,
  },
  "an acknowledgement": {
    given: declared,
    act: (at) => ack(ask("ack", [INCIDENT]), incidentDeps(at)),
    write: '"ack',
    isDone: async (at) => ((await incident(at))?.acks.length ?? 0) > 0,
    done: /^You acknowledged /,
    notDone: /^Your acknowledgement does not count, and paging goes on: /,
    notKnown: /^Nobody can say yet whether your acknowledgement counts: /,
  },
  "a changed severity": {
    given: declared,
    act: (at) => severity(ask("severity", [INCIDENT, "sev2"]), incidentDeps(at)),
    write: "lowered from sev1",
    isDone: async (at) => (await incident(at))?.severity === "sev2",
    done: /^Now SEV2\.$/,
    notDone: /^The severity is as before: .*Nothing was changed\. Change it again in a moment\.$/,
    notKnown: /^Nobody can say yet whether the severity is changed: .*The incident's card shows it in a moment\.$/,
  },
  "an escalation": {
    given: declared,
    act: (at) => escalate(ask("escalate", [INCIDENT, "ben"]), incidentDeps(at)),
    write: "asked for ben",
    isDone: async (at) => ((await incident(at))?.ladders.length ?? 0) > 1,
    done: /^ben is asked for\./,
    notDone: /^Nobody more is paged: .*call people by telephone: \/dr oncall shows you their numbers\.$/,
    notKnown: /^Nobody can say yet whether more people are paged: .*The incident's card shows it in a moment\.$/,
  },
  "a status update": {
    given: declared,
    act: (at) => update(ask("update", [INCIDENT, "we look at it"]), incidentDeps(at)),
    write: "we look at it",
    isDone: async (at) => JSON.stringify(await incident(at)).includes("we look at it"),
    done: /^Your update is going out now\.$/,
    notDone: /^Your update was not saved: .*Write it again in a moment\.$/,
    notKnown: /^Nobody can say yet whether your update was saved: .*The incident's channel shows it in a moment\.$/,
  },
  "a resolution": {
    given: declared,
    act: (at) => resolve(ask("resolve", [INCIDENT, "d", "i", "f", "l"]), incidentDeps(at)),
    write: '"resolved"',
    isDone: async (at) => {
      const now = await incident(at);
      return now !== undefined && !isOpen(now);
    },
    done: /^Resolved: /,
    notDone: /^The incident is not resolved: .*Resolve it again in a moment\.$/,
    notKnown: /^Nobody can say yet whether the incident is resolved: /,
  },
  "a question whether to go on with a lost store": {
    given: lost,
    act: accepts,
    write: '"store.recovery-asked"',
    isDone: async (at) => (await recovery(at)) !== undefined,
    done: /^Redis came back empty .* 2 approvers other than you must sign it\.$/,
    notDone:
      /^Nobody is asked to sign for this store: .*Nothing was changed\. Ask again in a moment: \/dr accept-store\.$/,
    notKnown:
      /^Nobody can say yet whether the approvers are asked to sign for this store: .*Ask again in a moment: \/dr accept-store\.$/,
  },
  "a first signature for a lost store": {
    given: lostAndAsked,
    act: signs("ana"),
    write: '"store.recovery-signed"',
    isDone: async (at) => (await recovery(at))?.signatures.length === 1,
    done: /^You have signed\. /,
    notDone: /^Your signature does not count: .*Nothing was changed\. Press the button again in a moment\.$/,
    notKnown:
      /^Nobody can say yet whether your signature counts: .*Press the button again in a moment: the answer says it\.$/,
  },
  "a last signature for a lost store": {
    given: lostAndSigned,
    act: signs("ana"),
    write: '"store.accepted"',
    isDone: async (at) => (await recovery(at))?.state === "accepted",
    done: /^Your signature was the last one: this store counts again\./,
    notDone: /^Your signature does not count: /,
    notKnown: /^Nobody can say yet whether your signature counts: /,
  },
};

/** What somebody is told; `after` mends what was broken for it. */
async function told(act: () => Promise<Answer>, after: () => Promise<void> | void = () => undefined): Promise<string> {
  try {
    const answer = await act();
    return "card" in answer ? answer.card.text : answer.kind;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  } finally {
    await after();
  }
}

const backAgain = ({ redis }: At) => eventually("the connection", () => (redis.status === "ready" ? true : undefined));

/** What nobody can say is looked for during seconds: all families at the same time, each on a server of its own. */
async function withoutAnswer({ given, act, write, isDone }: Family) {
  const own = await BreakableRedis.start();
  const there = await opened(own);
  try {
    await given(there);
    own.loses("the answer and all after it", write);
    const said = await told(
      () => act(there),
      () => own.reachable(),
    );
    await backAgain(there);
    return { said, isItDone: await isDone(there), kinds: there.lines.map(({ kind }) => kind) };
  } finally {
    await left(there);
    await own.stop();
  }
}

let playing: Promise<Map<string, Awaited<ReturnType<typeof withoutAnswer>>>> | undefined;
async function unanswered(name: string) {
  playing ??= Promise.all(
    Object.entries(FAMILIES).map(async ([each, family]) => [each, await withoutAnswer(family)] as const),
  ).then((all) => new Map(all));
  const played = (await playing).get(name);
  if (!played) throw new Error(`nobody played ${name}`);
  return played;
}

describe.each(Object.entries(FAMILIES))(
  "%s",
  (name, { given, act, write, isDone, done, notDone, notKnown, fitsIntoFull }) => {
    test.each<Loses>(["the answer", "the command"])(
      "whose connection broke so that %s got lost is looked for, and counts as it stands",
      async (what) => {
        await given(at);
        server.loses(what, write);

        expect(await told(() => act(at))).toMatch(done);
        expect(await isDone(at)).toBe(true);
      },
      20_000,
    );

    test("of which nobody can say anything is said to be so, and it counts as it stands afterwards", async () => {
      const { said, isItDone, kinds } = await unanswered(name);

      expect(said).toMatch(notKnown);
      expect(isItDone).toBe(true);
      expect(kinds).not.toContain("key-void");
    }, 60_000);

    test("in a full Redis is said to count where it does, and not to count where it does not", async () => {
      await given(at);
      await server.fill();

      const said = await told(
        () => act(at),
        () => server.makeRoom(),
      );

      expect(said).toMatch(fitsIntoFull ? done : notDone);
      expect(await isDone(at)).toBe(fitsIntoFull === true);
      if (fitsIntoFull) return;
      expect(said).toContain("TwoKey's memory (Redis) is full and takes no writes");
      if (name.includes("key")) expect(at.lines.map(({ kind }) => kind).slice(-2)).toEqual(["key-turned", "key-void"]);
      expect((await at.stores.correlation.get(CORRELATION_ID))?.value.open.length ?? 0).toBe(
        given === declared ? 1 : 0,
      );
      if (name.includes("lift"))
        expect(at.lines.map(({ kind }) => kind).slice(-2)).toEqual(["lift-asked", "lift-void"]);
      expect(await told(() => act(at))).toMatch(done);
    }, 20_000);

    test("while Redis is away is said not to count, and does not", async () => {
      await given(at);
      await server.kill();

      const said = await told(
        () => act(at),
        () => server.comeBack("same"),
      );

      expect(said).toMatch(notDone);
      expect(said).toMatch(/TwoKey's memory \(Redis\) gave no answer|TwoKey cannot reach its memory \(Redis\)/);
      await backAgain(at);
      expect(await isDone(at)).toBe(false);
    }, 40_000);
  },
);

test("a declaration of which only the row in the index was taken is said not to count, and leaves no row", async () => {
  const deps = incidentDeps(at);
  const full: Stores["incidents"]["change"] = async (...change) => {
    await server.fill();
    try {
      return await at.stores.incidents.change(...change);
    } finally {
      await server.makeRoom();
    }
  };
  const incidents = { ...at.stores.incidents, change: full };
  const said = await told(() => declare(ask("declare", ["sev1", "inventory", "is", "down"]), { ...deps, incidents }));

  expect(said).toMatch(/^Nothing was declared/);
  expect((await at.stores.correlation.get(CORRELATION_ID))?.value.open).toEqual([]);
}, 20_000);

/** Every card that is owed is with its people. */
async function cardsSent({ stores }: At): Promise<void> {
  for (const id of await stores.cards.openIds())
    await stores.cards.change(id, (card) => card && { value: { ...card, sent: card.wanted }, events: [] });
}

test.each([
  ["a question whether to go on with a lost store", /^What you ask is kept\. Not every approver is shown it: /],
  [
    "a first signature for a lost store",
    /^You have signed\. One more person must sign\. The cards do not show it yet: /,
  ],
  [
    "a last signature for a lost store",
    /^Your signature was the last one: this store counts again\. .* The cards do not show it yet: /,
  ],
])(
  "%s of which only the cards were not taken is said to count",
  async (name, says) => {
    const { given, act, isDone } = FAMILIES[name] ?? {};
    await given?.(at);
    await cardsSent(at);
    const write: Stores["recoveries"]["write"] = async (...change) => {
      const written = await at.stores.recoveries.write(...change);
      await server.fill();
      return written;
    };
    const there = { ...at, stores: { ...at.stores, recoveries: { ...at.stores.recoveries, write } } };

    const said = await told(
      async () => act?.(there) ?? { kind: "nothing" },
      () => server.makeRoom(),
    );

    expect(said).toMatch(says);
    expect(said).toContain("TwoKey's memory (Redis) is full and takes no writes");
    expect(await isDone?.(at)).toBe(true);
  },
  20_000,
);

/** What a look before the act finds is no act either. */
test.each([
  ["the form of a plan", plans("failover", []), /^No plan was made: /],
  ["the rest of a run", (at: At) => replan(ask("replan", []), runDeps(at)), /^No plan was made: /],
  ["the form of a freeze", (at: At) => freeze(ask("freeze", []), freezeDeps(at)), /^Your “freeze” does not count, /],
])(
  "%s, while Redis is away, says that nothing was done",
  async (_what, act, notDone) => {
    await planned(at);
    await server.kill();

    expect(
      await told(
        () => act(at),
        () => server.comeBack("same"),
      ),
    ).toMatch(notDone);
  },
  40_000,
);

/** These only read. */
const NO_ACTS = ["status", "by-hand", "timeline", "oncall", "help"];
const SAID: Readonly<Record<string, { readonly args?: readonly string[]; readonly value?: string }>> = {
  approve: { value: "F-1:digest" },
  declare: { args: ["sev1", "inventory", "is", "down"] },
  ...Object.fromEntries(RUNBOOKS.map(({ name }) => [name, { args: ["inventory"] }])),
};

test("every verb that acts says, while Redis is away, that nothing was done by it", async () => {
  const run = { ...freezeDeps(at), ...runDeps(at) };
  await lost(at);
  const deps = {
    ...{ run, incident: incidentDeps(at), waiting: waitDeps(at), recovery: lossDeps(at) },
  } as unknown as CommandDeps;
  const intents = createIntents(deps, () => inventory);
  const acting = Object.keys(VERBS).filter((verb) => !NO_ACTS.includes(verb));
  await server.kill();

  const said: Record<string, string> = {};
  for (const verb of acting) {
    const { args = ["20m", "because", "why"], value } = SAID[verb] ?? {};
    said[verb] = await told(() => intents(ask(verb, args, value === undefined ? {} : { value })));
  }
  await server.comeBack("same");

  expect(acting.length).toBeGreaterThan(20);
  expect(Object.entries(said).filter(([, answer]) => !answer.includes("Nothing was changed."))).toEqual([]);
}, 60_000);
