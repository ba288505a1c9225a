import { afterEach, expect, test } from "@jest/globals";
import type { TrafficSpecInput } from "../../../src/simulators/application/traffic.ts";
import type { NetworkAccess } from "../../../src/simulators/aws/database-network.ts";
import { advance, HOME, inventorySpec, openTraffic } from "./harness.ts";

const SESSION_SECONDS = 600;
const JOB_SECONDS = 5;
/** What a task takes to end: its deregistration delay, and the time between SIGTERM and its end. */
const DRAIN_SECONDS = 60;

let isOpen = true;
let opened: ReturnType<typeof openTraffic>;
afterEach(() => opened.stop());

let letsIn: NetworkAccess["allows"] = () => isOpen;

function open(sessionSeconds = SESSION_SECONDS): void {
  const spec = inventorySpec();
  const applications = (spec.applications ?? []).map((application) => ({
    ...application,
    ...{ sessionSeconds, jobs: { intervalSeconds: JOB_SECONDS }, writers: { count: 0 } },
  }));
  isOpen = true;
  letsIn = () => isOpen;
  const withJobs: TrafficSpecInput = { ...spec, applications };
  opened = openTraffic(withJobs, 7, { allows: (region, groups, door) => letsIn(region, groups, door) });
}

const acknowledged = () => opened.traffic.judge.verdict("inventory").acknowledged;
const check = (session?: "kept") => {
  const outcome = opened.traffic.applications.writeCheck("inventory", HOME, { session });
  if (outcome.kind !== "reply") throw new Error("the write check does not answer");
  const { written, session: said, reason } = outcome.reply.body;
  return [written, said, reason].filter((each) => each !== undefined);
};
const stopTasks = () =>
  opened.call(
    { service: "ecs", operation: "UpdateService" },
    { cluster: "production", service: "inventory", desiredCount: 0 },
  );

test("a task goes on writing over the session that it holds when the rule that let it in is revoked", () => {
  open();
  advance(opened.world, JOB_SECONDS);
  isOpen = false;
  const before = acknowledged();
  advance(opened.world, SESSION_SECONDS - JOB_SECONDS);
  expect(before).toBe(1);
  expect(acknowledged()).toBe(before + SESSION_SECONDS / JOB_SECONDS - 1);
  advance(opened.world, SESSION_SECONDS);
  expect(acknowledged()).toBe(SESSION_SECONDS / JOB_SECONDS);
});

test("a task that drains goes on writing until it is gone", () => {
  open();
  advance(opened.world, JOB_SECONDS);
  isOpen = false;
  stopTasks();
  advance(opened.world, DRAIN_SECONDS);
  const whileDraining = acknowledged();
  expect(whileDraining).toBe(DRAIN_SECONDS / JOB_SECONDS);
  advance(opened.world, DRAIN_SECONDS);
  expect(acknowledged()).toBe(whileDraining);
});

test("a reboot ends every session, and a closed side then lets nobody back in", () => {
  open();
  advance(opened.world, JOB_SECONDS);
  isOpen = false;
  opened.call({ service: "rds", operation: "RebootDBInstance" }, { DBInstanceIdentifier: "inventory-db" });
  advance(opened.world, 600);
  expect(acknowledged()).toBe(1);
});

test("the write check tells a session that it kept from a new one", () => {
  open();
  expect(check("kept")).toEqual([true, "new"]);
  expect(check("kept")).toEqual([true, "kept"]);
  isOpen = false;
  expect(check()).toEqual([false, "connect-timeout"]);
  expect(check("kept")).toEqual([true, "kept"]);
  opened.call({ service: "rds", operation: "RebootDBInstance" }, { DBInstanceIdentifier: "inventory-db" });
  advance(opened.world, 600);
  expect(check("kept")).toEqual([false, "lost", "connect-timeout"]);
});

test("the write check says that it had no session to try", () => {
  open();
  isOpen = false;
  expect(check("kept")).toEqual([false, "none", "connect-timeout"]);
});

test("the network is told who connects: each task by its address, the write check by the place where it runs", () => {
  open();
  letsIn = (_region, _groups, { from }) => from?.address === "10.0.255.10";
  advance(opened.world, JOB_SECONDS);
  expect(acknowledged()).toBe(0);
  expect(check()).toEqual([true]);
  letsIn = (_region, _groups, { from }) => from?.address !== "10.0.255.10";
  advance(opened.world, JOB_SECONDS);
  expect(acknowledged()).toBe(1);
  expect(check()).toEqual([false, "connect-timeout"]);
});
