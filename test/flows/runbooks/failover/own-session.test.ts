import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { isGuarded, isWatched } from "../../../../src/domain/plan-run/fence.ts";
import { lostWrites } from "../../../../src/domain/plan-run/lost-writes.ts";
import { type RunState, stateOf } from "../../../../src/domain/plan-run/run.ts";
import { whoIsNeeded } from "../../../../src/flows/reach/run-needs.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { oldSideLine } from "../../../../src/views/old-side.ts";
import { progressCard } from "../../../../src/views/run-progress.ts";
import { type ConnectedProgram, connectProgram } from "../../../harness/connected-program.ts";
import { drive } from "../../../harness/drive.ts";
import { startRun, verdictOf } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { fewBookings } from "../../../harness/own-accounts.ts";
import { uncheckedIn } from "../../../harness/plans.ts";
import { twoTakeOver } from "../../../harness/way-back.ts";
import { diesOnceClosed } from "../../../harness/worker-death.ts";

const SPEED = 60;
/** A minute of the world without a look (OUT_OF_SIGHT_MS) is 12 s of the machine: no run takes them from its fence to its promotion. */
const SPEED_IN_SIGHT = 5;
/** The store of bookings that TwoKey has an account in. */
const GUESTS = "bookings-guests";
/** The one that it has none in. */
const ORDERS = "bookings-orders";

let at: FailoverWorld;
const begin = async (speed = SPEED) => {
  at = await startFailoverWorld({
    ...{ example: "every-kind", service: "bookings", edit: fewBookings, speed, lagSeconds: 1 },
    ...{ stopSeconds: 20, sessionSeconds: 3_600 },
  });
};
const end = () => at.stop();
/** Of a world of its own for each claim; without it, the claims read one story. */
const eachInItsOwnWorld = () => {
  beforeEach(begin);
  afterEach(end);
};

const guests = () => ({ region: at.service.home, instance: GUESTS });
const openOnGuests = () => at.whole.rds.engine.openOn(guests());
/** A program that TwoKey neither stops nor sees, such as a report. */
const reportsSignIn = () => {
  const connected = at.whole.rds.engine.connect(guests(), { address: "10.0.0.77", groups: [] }, { user: "reports" });
  if (!connected.ok) throw new Error(connected.reason);
  return connected.session;
};
const acceptedBy = async (mode: "planned" | "unplanned") => {
  const { plan } = await startRun(at, { mode });
  return plan.acceptances.map(({ id, words }) => [id, words] as const);
};

type OpenSession = ReturnType<typeof reportsSignIn>;

/** As `reportsSignIn`, over a socket of its own, as the world outside meets it. */
const programSignsIn = (instance: string) => connectProgram(at.whole, { region: at.service.home, instance }, "reports");
const held = (instance: string) => at.whole.rds.engine.rows({ region: at.service.home, instance });

/** Every session but TwoKey's own is gone, and stays so. */
async function expectCutOff(run: RunState, report: OpenSession): Promise<void> {
  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(stateOf(run, "fence")).toMatchObject({ output: { fence: "fenced" } });
  expect(stateOf(run, "fence").says).toMatch(
    /stores\.guests: fenced: .+; \d+ other sessions? (was|were) ended, and none is open/,
  );
  expect(openOnGuests()).toEqual([]);
  expect(at.whole.rds.engine.writeOver(report, { id: "late", writer: "reports" })).toMatchObject({
    ok: false,
    reason: "session-lost",
  });
  expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
}

describe("an old database that TwoKey has an account in, when it is closed by an unplanned move", () => {
  let report: OpenSession;
  let isLateIn: boolean;
  let accepted: Awaited<ReturnType<typeof acceptedBy>>;
  let run: RunState;
  beforeAll(async () => {
    await begin();
    report = reportsSignIn();
    let closedMs = Number.POSITIVE_INFINITY;
    at.whole.world.log.follow(({ kind, facts, worldMs }) => {
      if (kind === "aws.mutation" && JSON.stringify(facts).includes("sg-0a1b2c3d4e5f60003")) closedMs = worldMs;
    });
    // The network had let it in before.
    const late = at.whole.rds.engine.connect(guests(), undefined, {
      ...{ user: "late", isSignedIn: () => at.whole.world.clock.now() >= closedMs + 3_000 },
    });
    isLateIn = late.ok;
    accepted = await acceptedBy("unplanned");
    run = await drive(at);
  });
  afterAll(end);

  test("guard over connection: unplanned, loses every other session when it is closed, and is proven to have none", async () => {
    // The other store has no such account.
    expect(accepted.find(([id]) => id === "sessions-not-proven")?.[1]).not.toContain("guests");
    await expectCutOff(run, report);
  });

  test("guard signing in: loses also a session whose client was signing in while it was closed", () => {
    expect([isLateIn, run.state, run.why]).toEqual([true, "verified", ""]);
    expect(openOnGuests()).toEqual([]);
    expect(stateOf(run, "fence")).toMatchObject({ output: { fence: "fenced" } });
  });

  test("is signed in to before its group is closed, and TwoKey's own session is gone afterwards", () => {
    const ended = at.whole.world.log.read(0, "rds.session-ended").map(({ worldMs }) => worldMs);
    const closed = at.whole.world.log
      .read(0, "aws.mutation")
      .filter(({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress")
      .map(({ worldMs }) => worldMs);
    expect(Math.min(...ended)).toBeGreaterThan(Math.min(...closed));
    expect(openOnGuests().filter(({ user }) => user === "twokey")).toEqual([]);
  });
});

describe("an old database that TwoKey has an account in", () => {
  eachInItsOwnWorld();

  test("guard over connection: planned, loses every other session when it is closed, and is proven to have none", async () => {
    const report = reportsSignIn();
    const accepted = await acceptedBy("planned");
    // The other store has no such account.
    expect(accepted.find(([id]) => id === "sessions-not-proven")?.[1]).not.toContain("guests");

    const run = await drive(at);

    await expectCutOff(run, report);
  });

  test("guard let go: is proven all the same where another part of the fence failed first, for this process is in already", async () => {
    reportsSignIn();
    await startRun(at, { mode: "unplanned" });
    // The other store's group is closed after a further try only.
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "RevokeSecurityGroupIngress", parameter: "sg-0a1b2c3d4e5f60001", times: 4 },
      effect: { kind: "error", status: 503, code: "Unavailable" },
    });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").says).toContain("and none is open");
    expect(openOnGuests()).toEqual([]);
  });
});

describe("a program that holds a socket to an old database, and writes over it", () => {
  let program: ConnectedProgram;
  beforeEach(() => begin(SPEED_IN_SIGHT));
  afterEach(async () => {
    await program.close();
    await end();
  });

  test("guard over connection: loses its socket to the fence where TwoKey has an account in it", async () => {
    program = await programSignsIn(GUESTS);
    expect(await program.write("before")).toBe("written");
    await startRun(at, { mode: "unplanned" });

    const run = await drive(at);

    await program.ended;
    expect(await program.write("after")).not.toBe("written");
    expect([...held(GUESTS)]).toEqual(expect.arrayContaining(["before"]));
    expect([...held(GUESTS)]).not.toContain("after");
    expect([run.state, stateOf(run, "fence").output]).toEqual([
      "verified",
      expect.objectContaining({ fence: "fenced" }),
    ]);
  });

  test("writes on after the fence where it has none: so that is signed in words, and no end of what is lost is told", async () => {
    program = await programSignsIn(ORDERS);
    const { plan } = await startRun(at, { mode: "unplanned" });

    const run = await drive(at);

    expect(plan.acceptances.find(({ id }) => id === "sessions-not-proven")?.words).toContain("orders");
    expect(run.state).toBe("verified");
    expect(await program.write("after")).toBe("written");
    expect(lostWrites(run)).toMatchObject({ kind: "after", shutAtMs: expect.any(Number) });
  });
});

describe("an old database that TwoKey has an account in, whose worker died after it had closed it", () => {
  /** The run as the next worker leaves it: it is not in, and nobody new is let in. */
  async function goneOnBy(another: string): Promise<RunState> {
    reportsSignIn();
    await startRun(at, { mode: "unplanned" });
    await diesOnceClosed(at, { instance: GUESTS, securityGroup: "sg-0a1b2c3d4e5f60003" });
    return drive(at, { worker: another });
  }

  describe("and people take over", () => {
    let stopped: RunState;
    let promotions: readonly unknown[];
    let stoppedAtMs: number;
    let run: RunState;
    beforeAll(async () => {
      await begin();
      stopped = await goneOnBy("another");
      stoppedAtMs = at.clock.now();
      promotions = at.whole.world.log
        .read(0, "aws.mutation")
        .filter(({ facts }) => facts["operation"] === "PromoteReadReplica");
      // What they say: they rebooted it.
      for (const session of openOnGuests()) at.whole.rds.engine.end(session);
      await twoTakeOver(at, "rebooted it: RDS says restarted");
      run = await drive(at, { worker: "another" });
    });
    afterAll(end);

    test("guard unsigned sessions: is not fenced for the next one: the run stops for people before the point of no return, and says what they can do", () => {
      expect([stopped.state, stopped.pastNoReturn, promotions]).toEqual(["stopped", false, []]);
      expect(stopped.why).toMatch(
        /stores\.guests is closed, and programs that were connected may still write to it: TwoKey could not sign in/,
      );
      expect(whoIsNeeded(stopped, at.inventory, stoppedAtMs)?.occasion).toBe("stopped");
      const card = cardText(progressCard(stopped, at.inventory, { nowMs: stoppedAtMs }));
      for (const way of [
        "Retry: Look again. Where a process of TwoKey signed in",
        "aws rds reboot-db-instance",
        "/dr take-over F-1",
        "/dr by-hand F-1",
        "Plan the remaining steps: Accept in words that sessions are left.",
        "Abort: Give eu-west-1 back.",
      ])
        expect(card).toContain(way);
    });

    test("goes on when two approvers say what they did about those sessions: it is called closed, not fenced, and looked after like a fenced one", () => {
      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(stateOf(run, "fence").output).toEqual({ fence: "closed" });
      expect([isGuarded(run), isWatched(run)]).toEqual([true, false]);
      const { endedAtMs = 0 } = stateOf(run, "fence");
      const scheduler = at.whole.traffic.ecs.schedulers.find(({ spec }) => spec.region === at.service.home);
      expect(scheduler?.tasks.filter(({ stoppedMs = Number.POSITIVE_INFINITY }) => stoppedMs > endedAtMs)).toEqual([]);
      expect(oldSideLine(run, at.clock.now())).toEqual(expect.anything());
    });
  });

  describe("and people plan the rest", () => {
    eachInItsOwnWorld();

    test("goes on with a plan for the rest, where two keys accept in words that other sessions are not proven to be closed", async () => {
      const continues = await goneOnBy("another");

      const { plan } = await startRun(at, { mode: "unplanned", id: "F-2", continues });
      const run = await drive(at, { worker: "another", run: "F-2" });

      expect(plan.acceptances.find(({ id }) => id === "sessions-not-proven")?.words).toContain("guests");
      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(stateOf(run, "fence").output).toEqual({ fence: "fenced" });
    });
  });
});

describe("one whose sessions TwoKey's account may see and not end", () => {
  eachInItsOwnWorld();

  test("guard right to end: is accepted in words before the keys, and the plan says what the account lacks", async () => {
    await at.client.post("/postgres/account", { mayEnd: false });

    const { plan } = await startRun(at, { mode: "unplanned" });

    expect(plan.acceptances.find(({ id }) => id === "sessions-not-proven")?.words).toContain("guests");
    expect(uncheckedIn(plan)).toContain("twokey may not end the sessions of others: grant it pg_signal_backend");
  });
});

describe("one whose sessions TwoKey's account may not end any more after the keys", () => {
  let stopped: RunState;
  let run: RunState;
  beforeAll(async () => {
    await begin();
    reportsSignIn();
    await startRun(at, { mode: "unplanned" });
    await at.client.post("/postgres/account", { mayEnd: false });
    stopped = await drive(at);
    await at.client.post("/postgres/account", { mayEnd: true });
    const retry = { kind: "retried", atMs: at.clock.now(), by: "chloe", door: "slack", step: "fence" } as const;
    await at.memory.runs.append(stopped, { entries: [retry], events: [] });
    run = await drive(at);
  });
  afterAll(end);

  test("stops the run for people where it loses that right after the keys, and names who is left", () => {
    expect([stopped.state, stopped.pastNoReturn]).toEqual(["stopped", false]);
    expect(stopped.why).toMatch(
      /TwoKey may not end the sessions of application \(\d+\), reports from 10\.0\.0\.77 \(the user may not do that there \(it said “.*permission denied/,
    );
  });

  test("is proven when people give it that right and retry: the process that is in looks again", () => {
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").output).toMatchObject({ fence: "fenced" });
  });
});

describe("one that TwoKey cannot sign in to", () => {
  eachInItsOwnWorld();

  test("is accepted in words like one without an account, and the plan says what could not be seen", async () => {
    const { others, service } = at;
    const group = { region: service.home, securityGroup: "sg-0a1b2c3d4e5f60003" };
    const rules = await others.firewall.rules(group.region, group.securityGroup);
    if (!rules.known) throw new Error(rules.why);
    // Only the tasks are let in from now on.
    await others.firewall.close({ ...group, rules: rules.value });
    await others.firewall.open({
      ...group,
      rules: rules.value.map((rule) => ({ ...rule, source: { kind: "ipv4", cidr: "10.99.0.0/16" } })),
    });

    const { plan } = await startRun(at, { mode: "unplanned" });

    const { words, advice } = plan.acceptances.find(({ id }) => id === "sessions-not-proven") ?? {};
    expect(words).toContain("the old database (orders) and the old database (guests)");
    // What the file says of guests already is no advice.
    expect(advice).toBe(
      "A later plan ends them with “end_sessions: connection” or “end_sessions: reboot” for the old database (orders) and “end_sessions: reboot” for the old database (guests) in twokey.yaml.",
    );
    expect(uncheckedIn(plan)).toContain("database sessions");
  });
});
