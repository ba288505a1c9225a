import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import type { StoredStep } from "../../../../src/ports/stored-step.ts";
import { drive } from "../../../harness/drive.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { accountInOrders, fewBookings, patientGuests } from "../../../harness/own-accounts.ts";
import { uncheckedIn } from "../../../harness/plans.ts";
import { standbyOf } from "../../../harness/site.ts";
import { standingOf } from "../../../harness/standing.ts";
import { twoTakeOver } from "../../../harness/way-back.ts";
import { diesOnceClosed } from "../../../harness/worker-death.ts";

const SPEED = 120;
const BOOKINGS = { example: "every-kind", service: "bookings", speed: SPEED, lagSeconds: 1 } as const;
/** Of the store of bookings that TwoKey has an account in. */
const POSITION = "record-position-guests";

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ ...BOOKINGS, edit: fewBookings });
});
afterEach(() => at.stop());

const replica = () => ({ region: standbyOf(at.service), instance: "bookings-guests-replica" });
const markers = () => at.whole.world.log.read(0, "rds.marker");
const closedAtMs = () =>
  at.whole.world.log
    .read(0, "aws.mutation")
    .filter(
      ({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress" && JSON.stringify(facts).includes("0003"),
    )
    .map(({ worldMs }) => worldMs);
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));

describe("a planned move of a store that TwoKey has an account in", () => {
  test("guard marker row: is proven by a row that it wrote over its own session when all others were out, and that the standby shows", async () => {
    const { plan } = await startRun(at, { mode: "planned" });
    // CloudWatch is not asked for this store.
    const metric = { namespace: "AWS/RDS", metric: "ReplicaLag", of: replica().instance, isFrozen: true };
    await at.client.post("/cloudwatch/metric", { region: replica().region, ...metric });

    const run = await drive(at);

    expect(plan.steps.find(({ id }) => id === POSITION)?.title).toContain("(proof: a marker row)");
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, POSITION).says).toContain("it has the marker row that was written at");
    // One that stands although closing cuts TwoKey's own session, and the one that counts.
    expect(markers()).toHaveLength(2);
    expect(markers()[0]?.worldMs).toBeLessThan(Math.min(...closedAtMs()));
    expect(markers()[1]?.worldMs).toBeGreaterThan(Math.max(...closedAtMs()));
    const number = Number(String(markers()[1]?.facts["row"]).split(", ")[2]);
    expect(stateOf(run, "fence").output).toMatchObject({ markers: { "stores.guests": { number } } });
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("guard sign in first: where the password was changed after the keys nothing is stopped, and the run goes on when it is mended", async () => {
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    await at.client.post("/postgres/account", { mayEnter: false });

    const stopped = await drive(at);

    expect([stopped.state, stopped.pastNoReturn]).toEqual(["stopped", false]);
    expect(stopped.why).toContain("password authentication failed");
    expect(stopped.why).toContain("nothing was stopped");
    const { rules, tasks } = await standingOf(at);
    expect({ rules, tasks }).toEqual({ rules: before.rules, tasks: before.tasks });
    await at.client.post("/postgres/account", { mayEnter: true });
    const retried = { kind: "retried", atMs: at.clock.now(), by: "ana", door: "slack", step: "fence" } as const;
    await at.memory.runs.append(stopped, { entries: [retried], events: [] });
    expect(await drive(at)).toMatchObject({ state: "verified", why: "" });
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("guard marker unseen: stops and asks people where the row never arrives, and nothing is promoted", async () => {
    await startRun(at, { mode: "planned" });
    // After the second look at the facts: RDS itself notices half a minute later, which may be before that look.
    const goesSilent = (step: string) => step === "fence" && at.whole.rds.engine.setReplication(replica(), "silent");

    const run = await drive(at, { onIntent: goesSilent });

    expect([run.state, run.pastNoReturn, run.why]).toEqual([
      "stopped",
      false,
      expect.stringContaining("does not show the marker row"),
    ]);
    expect(promotions()).toEqual([]);
  });

  test("guard marker missing: stops where the worker died right after it had closed, says so, and goes on by samples when people take over", async () => {
    await startRun(at, { mode: "planned" });
    await diesOnceClosed(at, { instance: "bookings-guests", securityGroup: "sg-0a1b2c3d4e5f60003" });

    const left = await drive(at, { worker: "another" });
    expect(left.why).toContain("programs that were connected may still write to it");
    await twoTakeOver(at, "ended every other session in psql");

    const stopped = await drive(at, { worker: "another" });

    expect([stopped.state, stopped.pastNoReturn, promotions()]).toEqual(["stopped", false, []]);
    expect(stopped.why).toContain("No marker row is known that bookings-guests-replica");
    await twoTakeOver(at, "the replica's console says that it is up to date");
    const run = await drive(at, { worker: "another" });
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, POSITION).says).toContain("commits until");
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0 });
  });

  /** The worker dies when its fence has asked for something of this kind, and the next one comes ten minutes later. */
  async function resumedLate(isWanted: (data: unknown) => boolean) {
    const { "fence-primary": fence } = STEPS;
    if (!fence) throw new Error("there is no fence");
    const dies = new AbortController();
    const verify: StoredStep["verify"] = (input, data, context) => {
      if (isWanted(data)) dies.abort(new Error("the worker was stopped"));
      return fence.verify(input, data, context);
    };
    const steps = { ...STEPS, "fence-primary": { ...fence, verify } };
    await expect(drive(at, { signal: dies.signal, steps })).rejects.toThrow("the worker was stopped");
    expect(stateOf(await runOf(at), "fence").state).toBe("asked");
    at.whole.world.clock.jump(10 * 60_000);
    await at.setSpeed(SPEED);
    return drive(at, { worker: "another" });
  }
  const has = (key: string) => (data: unknown) => typeof data === "object" && data !== null && key in data;

  test("guard earlier row: is not believed where nobody looked for a while after it, and samples prove the rest", async () => {
    await startRun(at, { mode: "planned" });

    const run = await resumedLate(has("markers"));

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, POSITION).says).toMatch(/the old side may have been open after .+, so commits until/);
  });

  test("is written by the next worker where the first one died while tasks still drained, and counts", async () => {
    await startRun(at, { mode: "planned" });

    const run = await resumedLate(has("later"));

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, POSITION).says).toContain("it has the marker row that was written at");
  });

  test("another row is written where the worker died after the first one, and only that one counts", async () => {
    await startRun(at, { mode: "planned" });
    const dies = new AbortController();
    at.whole.world.log.follow(({ kind }) => kind === "rds.marker" && dies.abort(new Error("the worker was stopped")));
    await expect(drive(at, { signal: dies.signal })).rejects.toThrow("the worker was stopped");

    const run = await drive(at, { worker: "another" });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(markers().length).toBeGreaterThan(2);
    const epochs = markers().map(({ facts }) => Number(String(facts["row"]).split(", ")[1]));
    expect(epochs.at(-1)).toBeGreaterThan(epochs[0] ?? 0);
    expect(stateOf(run, "fence").output).toMatchObject({ markers: { "stores.guests": { epoch: epochs.at(-1) } } });
  });
});

describe("a planned move of stores that TwoKey has an account in, and of no other one", () => {
  test("guard last writer: what a program wrote that TwoKey does not know, while it was shut out, is on the standby", async () => {
    await at.stop();
    at = await startFailoverWorld({ ...BOOKINGS, edit: (text) => fewBookings(accountInOrders(patientGuests(text))) });
    await startRun(at, { mode: "planned" });
    const { engine } = at.whole.rds;
    const guests = { region: at.service.home, instance: "bookings-guests" };
    const report = engine.connect(guests, { address: "10.0.0.77", groups: [] }, { user: "reports" });
    if (!report.ok) throw new Error(report.reason);
    engine.setReplication(replica(), 240);
    // Between two looks at who is in.
    at.whole.world.log.follow(({ kind, facts }) => {
      if (kind === "aws.mutation" && facts["operation"] === "RevokeSecurityGroupIngress")
        engine.writeOver(report.session, { id: "late", writer: "reports" });
    });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect([engine.rows(guests).has("late"), engine.rows(replica()).has("late")]).toEqual([true, true]);
  });
});

test("where TwoKey cannot sign in to the standby three samples prove it, and the plan says which proof it will be", async () => {
  const group = { region: standbyOf(at.service), securityGroup: "sg-0a1b2c3d4e5f60004" };
  const rules = await at.others.firewall.rules(group.region, group.securityGroup);
  if (!rules.known) throw new Error(rules.why);
  // Only the tasks are let in from now on.
  await at.others.firewall.close({ ...group, rules: rules.value });
  const tasksOnly = rules.value.map((rule) => ({ ...rule, source: { kind: "ipv4" as const, cidr: "10.99.0.0/16" } }));
  await at.others.firewall.open({ ...group, rules: tasksOnly });

  const { plan } = await startRun(at, { mode: "planned" });
  // Who proves that the new database takes writes is let in again.
  await at.others.firewall.open({ ...group, rules: rules.value });
  const run = await drive(at);

  expect(plan.steps.find(({ id }) => id === POSITION)?.title).not.toContain("marker");
  expect(uncheckedIn(plan)).toContain("no marker row proves the last commit");
  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(await verdictOf(at)).toMatchObject({ lostWrites: 0 });
});
