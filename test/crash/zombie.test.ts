import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { standingOf } from "../harness/standing.ts";
import { drawn, WALKED } from "../harness/tables.ts";
import { stateOfRun, TOO_LATE, Worker } from "./workers.ts";

const SPEED = 150;
/** Machine time: a job's lock is renewed when half of it is over, so nobody is replaced earlier than that after it stood still. */
const TAKEN_OVER_AFTER_MS = 2_500;
/** Every step that changes the world, and one that only waits: around what cannot be undone each day, elsewhere at one of them. */
const SUSPENDED_AT = [
  ...["before-call promote", "after-call promote"],
  ...drawn("suspended", [
    "before-call fence",
    "before-call scale-out",
    "before-call point-application",
    "before-call shift-traffic",
    "before-done settle-dns",
  ]),
];

let at: FailoverWorld;
let workers: Worker[];
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map(({ gone }) => gone));
  await at.stop();
});

function started(name: string): Worker {
  const worker = Worker.start(at, name);
  workers.push(worker);
  return worker;
}

describe(`an executor that comes back from the dead (J3, G6), ${WALKED}`, () => {
  test.each(SUSPENDED_AT)(
    "suspended %s while another finishes: it is refused, and the world shows nothing twice",
    async (point) => {
      await startRun(at);
      const [late, other] = [started("late"), started("other")];
      await Promise.all([late.ready(), other.ready()]);

      late.drives("F-1", [], point);
      await late.frozen();
      other.drives("F-1");
      expect(await other.lastWords()).toBe("ended verified");
      const before = mutationsOf(at);
      late.kill("SIGCONT");

      expect(await late.lastWords()).toMatch(TOO_LATE);
      expect(mutationsOf(at)).toEqual(before);
      expect(new Set(before).size).toBe(before.length);
      expect(await stateOfRun(at)).toBe("verified");
      expect((await verdictOf(at)).splitBrain).toEqual([]);
    },
  );

  test("suspended between its look and its call while another unwinds: the old side stays open (J6)", async () => {
    const before = await standingOf(at);
    await startRun(at);
    const [late, other] = [started("late"), started("other")];
    await Promise.all([late.ready(), other.ready()]);

    late.drives("F-1", [], "before-send fence");
    await late.frozen();
    const suspendedAtMs = performance.now();
    const run = await runOf(at);
    const aborted = { kind: "aborted", atMs: at.clock.now(), by: "ana", door: "slack" } as const;
    expect((await at.memory.runs.append(run, { entries: [aborted], events: [] })).kind).toBe("appended");
    other.drives("F-1");
    expect(await other.lastWords()).toBe("ended unwound");
    const calls = mutationsOf(at);
    const isLongAgo = () => performance.now() - suspendedAtMs > TAKEN_OVER_AFTER_MS || undefined;
    await eventually("takeover by the queue", isLongAgo, 2 * TAKEN_OVER_AFTER_MS);
    late.kill("SIGCONT");

    expect(await late.lastWords()).toMatch(TOO_LATE);
    expect(mutationsOf(at)).toEqual(calls);
    expect(calls.filter((call) => call.startsWith("RevokeSecurityGroupIngress"))).toEqual([]);
    expect(await standingOf(at)).toEqual(before);
  });
});
