import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun, verdictOf } from "../harness/failover-world.ts";
import { stateOfRun, Worker } from "./workers.ts";

const SPEED = 150;
/** Every step that changes the world, and one that only waits. */
const FROZEN_AT = [
  "before-call fence",
  "before-call scale-out",
  "before-call promote",
  "after-call promote",
  "before-call point-application",
  "before-call shift-traffic",
  "before-done settle-dns",
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

describe("an executor that comes back from the dead (J3, G6)", () => {
  test.each(FROZEN_AT)(
    "frozen %s while another finishes: it is refused, and the world shows nothing twice",
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

      expect(await late.lastWords()).toMatch(/^refused Fenced run-taken-over/);
      expect(mutationsOf(at)).toEqual(before);
      expect(new Set(before).size).toBe(before.length);
      expect(await stateOfRun(at)).toBe("verified");
      expect((await verdictOf(at)).splitBrain).toEqual([]);
    },
  );
});
