import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { drive } from "../../../harness/drive.ts";
import { type FailoverWorld, startFailoverWorld, startRun, verdictOf } from "../../../harness/failover-world.ts";

const SPEED = 60;
/** The store of bookings that TwoKey has an account in. */
const GUESTS = "bookings-guests";

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({
    ...{
      example: "every-kind",
      service: "bookings",
      speed: SPEED,
      lagSeconds: 1,
      stopSeconds: 60,
      sessionSeconds: 3_600,
    },
  });
});
afterEach(() => at.stop());

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

describe("an old database that TwoKey has an account in", () => {
  test.each(["planned", "unplanned"] as const)(
    "guard over connection: %s, loses every other session when it is closed, and is proven to have none",
    async (mode) => {
      const report = reportsSignIn();
      const accepted = await acceptedBy(mode);
      // The other store has no such account.
      expect(accepted.find(([id]) => id === "sessions-not-proven")?.[1]).not.toContain("guests");

      const run = await drive(at);

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
    },
  );

  test("is signed in to before its group is closed, and TwoKey's own session is gone afterwards", async () => {
    await startRun(at, { mode: "unplanned" });

    await drive(at);

    const ended = at.whole.world.log.read(0, "rds.session-ended").map(({ worldMs }) => worldMs);
    const closed = at.whole.world.log
      .read(0, "aws.mutation")
      .filter(({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress")
      .map(({ worldMs }) => worldMs);
    expect(Math.min(...ended)).toBeGreaterThan(Math.min(...closed));
    expect(openOnGuests().filter(({ user }) => user === "twokey")).toEqual([]);
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

  test("is waited for like one without an account where the worker died after it had closed it, and people read why", async () => {
    await startRun(at, { mode: "unplanned" });
    reportsSignIn();
    const dies = new AbortController();
    at.whole.world.log.follow(
      ({ kind, facts }) =>
        kind === "aws.mutation" &&
        facts["operation"] === "RevokeSecurityGroupIngress" &&
        JSON.stringify(facts).includes("sg-0a1b2c3d4e5f60003") &&
        dies.abort(new Error("the worker was stopped")),
    );
    await expect(drive(at, { signal: dies.signal })).rejects.toThrow("the worker was stopped");
    // Its session goes with it: what stands for its process in this test lives on.
    for (const session of openOnGuests()) if (session.user === "twokey") at.whole.rds.engine.end(session);

    const run = await drive(at, { worker: "another" });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const { endedAtMs = 0 } = stateOf(run, "fence");
    const scheduler = at.whole.traffic.ecs.schedulers.find(({ spec }) => spec.region === at.service.home);
    expect(scheduler?.tasks.filter(({ stoppedMs = Number.POSITIVE_INFINITY }) => stoppedMs > endedAtMs)).toEqual([]);
    expect(stateOf(run, "fence").says).toContain("no other session is proven to be closed: TwoKey could not sign in");
  });
});

describe("one that TwoKey cannot sign in to", () => {
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

    const words = plan.acceptances.find(({ id }) => id === "sessions-not-proven")?.words;
    expect(words).toContain("the old database (orders) and the old database (guests)");
    expect(plan.unchecked.join("; ")).toContain("database sessions");
  });
});
