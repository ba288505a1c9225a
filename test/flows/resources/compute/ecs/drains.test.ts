import { describe, expect, test } from "@jest/globals";
import { drainRefusals, drainsMs, drainUnchecked } from "../../../../../src/flows/resources/compute/ecs/drains.ts";
import { compute } from "../../../../../src/flows/resources/compute/ecs/parts.ts";
import type { Ecs } from "../../../../../src/flows/resources/compute/ecs/settings.ts";
import type { ComputeFacts, ComputeGround } from "../../../../../src/ports/compute.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { known } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";

const SERVICE = serviceIn(example("inventory"));
const FROM = SERVICE.home;
const HOUR: ComputeGround = { drain: { deregistrationSeconds: 3_600, stopSeconds: 30 } };

/** The old side on which as many tasks run. */
async function side(tasks: Pick<ComputeFacts, "desired" | "running" | "pending">, ground: ComputeGround = HOUR) {
  const resource = SERVICE.compute["api"] as Ecs;
  const now = await fakeCloud(ordinaryDay(SERVICE)).compute.describe(FROM, compute(resource, FROM));
  if (!now.known) throw new Error("a quiet day is known");
  const seen = { in: { [FROM]: known({ ...now.value, ...tasks }) }, ground: { [FROM]: known(ground) } };
  return { resource, seen };
}

const IDLE = { desired: 0, running: 0, pending: 0 };
const MOVE = { from: FROM, mode: "planned" } as const;

describe("the time that tasks of the old side may drain", () => {
  test("refuses no planned move where no task runs, and nobody waits for it or has to know it", async () => {
    expect(drainRefusals(await side(IDLE), MOVE)).toEqual([]);
    expect(drainsMs(await side(IDLE), FROM)).toBe(0);
    expect(drainUnchecked(await side(IDLE, { unseenDrain: "AccessDenied" }), MOVE)).toEqual([]);
  });

  test.each([
    { ...IDLE, running: 1 },
    { ...IDLE, pending: 1 },
    { ...IDLE, desired: 1 },
  ])("counts while there are $running tasks, $pending that start and $desired wanted", async (tasks) => {
    expect(drainRefusals(await side(tasks), MOVE)).toHaveLength(1);
    expect(drainsMs(await side(tasks), FROM)).toBe(3_630_000);
    expect(drainUnchecked(await side(tasks, { unseenDrain: "AccessDenied" }), MOVE)).toHaveLength(1);
  });
});
