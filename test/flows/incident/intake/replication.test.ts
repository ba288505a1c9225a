import { afterEach, describe, expect, test } from "@jest/globals";
import type { AlertRule } from "../../../../src/domain/incident/alert.ts";
import type { Observation } from "../../../../src/domain/service/observation.ts";
import {
  changedBy,
  createReplicationCheck,
  type ReplicationCheck,
} from "../../../../src/flows/incident/intake/replication.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { storesIn } from "../../../../src/flows/resources/site.ts";
import { darkPlan, runStates } from "../../../cards/run-states.ts";
import { eventually } from "../../../harness/eventually.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { MINUTE } from "../../../harness/fakes/index.ts";
import { standbyOf } from "../../../harness/site.ts";
import { type Bridge, bridge, pass } from "../bridge.ts";

/** Orders and jobs are no part of it, and hours of them are jumped over. */
const QUIET = { example: "inventory", speed: 1, orderSeconds: 60, jobSeconds: 60 } as const;

let at: FailoverWorld;
let desk: Bridge;
let check: ReplicationCheck;
let last: Observation | undefined;

async function begin(engine?: "mysql", rules: readonly AlertRule[] = []): Promise<void> {
  at = await startFailoverWorld({ ...QUIET, ...(engine ? { engine } : {}) });
  const { alerts } = at.inventory.file;
  const file = { ...at.inventory.file, alerts: { ...alerts, rules: [...rules, ...alerts.rules] } };
  desk = bridge({ ...at.inventory, file });
  last = undefined;
  check = newCheck();
}
const newCheck = () =>
  createReplicationCheck({
    alerts: desk.alerts,
    enqueue: async (signal) => void (await desk.intake.take(signal)),
    nowMs: () => at.clock.now(),
  });
afterEach(() => at.stop());

/** So many minutes go by, and then the service is looked at, twice. */
async function minutes(count: number, changing: readonly string[] = []): Promise<void> {
  for (const ms of [count * MINUTE, 1_000]) {
    at.whole.world.clock.jump(ms);
    desk.clock.move(at.clock.now() - desk.clock.now());
    last = await observe(at.service, at.cloud, { lastLook: last });
    await check(at.service, last, new Set(changing));
  }
}

async function link(seconds: number | "broken" | "silent"): Promise<void> {
  const region = standbyOf(at.service);
  const [store] = storesIn(at.service, region);
  await at.client.post("/rds/lag", { region, instance: store?.database.instance, seconds });
}

const told = () =>
  desk.alerts.all().map(({ state, severity, service, signals }) => [state, severity, service, signals]);

describe("A replication that has stopped", () => {
  test.each([
    ["PostgreSQL, which says −1", undefined, "broken" as const],
    ["MySQL, which says −1", "mysql" as const, "broken" as const],
    ["PostgreSQL, which says nothing any more", undefined, "silent" as const],
    ["MySQL, which says nothing any more", "mysql" as const, "silent" as const],
  ])(
    "guard stopped replication: of %s pages people by itself, once, in an incident of its service, and is over when it runs",
    async (_engine, engine, how) => {
      await begin(engine);
      await minutes(3);
      expect(told()).toEqual([]);
      await link(how);
      await minutes(9);

      expect(told()).toEqual([["alarm", "sev2", "inventory", 1]]);
      const [incident] = desk.incidents.all();
      expect([incident?.services, incident?.severity]).toEqual([["inventory"], "sev2"]);
      expect(incident?.title).toBe("inventory: replication of stores.stock to eu-central-1");
      await pass(desk, incident?.id ?? "", 1);
      // The matrix of the example writes to them at once.
      const written = desk.chat.messages.filter(({ text }) => text.includes("replication of stores.stock"));
      expect(written.map(({ channel }) => channel)).toContain("ana");

      await link(1);
      await minutes(6);
      expect(told()).toEqual([["ok", "sev2", "inventory", 2]]);
      expect(desk.alerts.all()[0]?.reason).toMatch(/^It runs again, \d/);
      expect(desk.incidents.all()).toHaveLength(1);

      // The next stop is told again.
      await link(how);
      await minutes(9);
      expect(told()).toEqual([["alarm", "sev2", "inventory", 3]]);
      expect(desk.incidents.all()).toHaveLength(1);
    },
    60_000,
  );

  test("of two processes that see it people are told by one, and a process that begins later tells it no second time", async () => {
    await begin();
    await minutes(2);
    await link("broken");
    const other = newCheck();
    const first = check;
    check = async (...seen) => void (await Promise.all([first(...seen), other(...seen)]));
    await minutes(9);
    check = newCheck();
    await minutes(7);
    expect(told()).toEqual([["alarm", "sev2", "inventory", 1]]);
  }, 60_000);

  test("guard moving replication: during a run, and while its region gives no answer, nobody is told of it", async () => {
    await begin();
    await minutes(2);
    await link("broken");
    await minutes(9, [standbyOf(at.service)]);
    expect(told()).toEqual([]);
    at.whole.world.regions.set(standbyOf(at.service), "refusing");
    await minutes(3);
    expect(told()).toEqual([]);
    at.whole.world.regions.set(standbyOf(at.service), "up");
    // An endpoint that was silent is asked again after a while of machine time.
    await eventually("a word of it", async () => {
      await minutes(7);
      return told()[0];
    });
  }, 60_000);

  test("guard another side: is told while a run changes other regions of the service", async () => {
    await begin();
    await minutes(2);
    await link("broken");
    await minutes(9, ["ap-south-1"]);
    expect(told()).toEqual([["alarm", "sev2", "inventory", 1]]);
  }, 60_000);

  test("is silenced by runs that move the service, in their two regions, and by none that only adds or has not begun", () => {
    const moving = runStates()["running"];
    if (!moving) throw new Error("no run is under way");
    const { service, from, to } = moving.plan;
    const adding = {
      ...moving,
      plan: { ...moving.plan, steps: moving.plan.steps.map((step) => ({ ...step, role: "adds" as const })) },
    };
    const regionsOf = (run: typeof moving, name = service) => [...changedBy([run], name)];

    expect(regionsOf(moving).toSorted()).toEqual([from, to].toSorted());
    expect([regionsOf(adding), regionsOf(darkPlan()), regionsOf(moving, "another")]).toEqual([[], [], []]);
  });

  test("is no stop while CloudWatch alone says nothing of it: nobody is told that it stopped, nor that a stop is over", async () => {
    await begin();
    await minutes(2);
    const cloudWatch = (mode: "control-plane-down" | "up") =>
      at.whole.world.regions.setPlane({ region: standbyOf(at.service), service: "monitoring" }, mode);
    cloudWatch("control-plane-down");
    await minutes(9);
    const [copy] = Object.values(last?.resources ?? {}).flatMap((seen) => seen.in[standbyOf(at.service)]?.behind ?? []);
    expect(copy?.lag).toMatchObject({ known: false });
    expect(told()).toEqual([]);

    cloudWatch("up");
    await link("broken");
    await minutes(9);
    expect(told()).toEqual([["alarm", "sev2", "inventory", 1]]);
    cloudWatch("control-plane-down");
    await link(1);
    await minutes(9);
    expect(told()).toEqual([["alarm", "sev2", "inventory", 1]]);
  }, 60_000);

  test("has the severity that a rule for it says, and no rule for alarms of CloudWatch silences it", async () => {
    const quiet = { severity: "sev4", opens_incident: false } as const;
    const own = { severity: "sev1", opens_incident: true, service: "inventory" } as const;
    await begin(undefined, [
      { name: "everything", match: { alarm: "*" }, ...quiet },
      { name: "stopped", match: { namespace: "TwoKey", metric: "Replication" }, ...own },
    ]);
    await minutes(2);
    await link("broken");
    await minutes(9);
    expect(told()).toEqual([["alarm", "sev1", "inventory", 1]]);
  }, 60_000);
});
