import { Bug } from "../../domain/errors.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { approveButton } from "./rehearsal.ts";
import { quantile } from "./samples.ts";

const TIMES = 5;
const QUICK_TIMES = 1;
const PLAN_WITHIN_MS = 60_000;

/** The home region goes away, and somebody asks for a failover in the same moment: nobody has looked at it since. */
export const coldPlan: Measurement = {
  name: "cold-plan",
  speed: 1,
  injected: {},
  async measure(bench): Promise<Measured> {
    const tookMs: number[] = [];
    const wanted = bench.isQuick ? QUICK_TIMES : TIMES;
    for (let time = 0; time < wanted; time += 1) {
      const world = { ...bench, seed: bench.seed + time };
      tookMs.push(await onStage(world, { measurement: coldPlan }, (stage) => timeOf(world, stage)));
    }
    return {
      figures: { coldPlanMs: quantile(tookMs, 0.99) },
      notes: [`${tookMs.length} plans, from the command until the card: ${tookMs.join(", ")} ms.`],
    };
  },
};

async function timeOf(bench: Bench, { world, inventory }: Stage): Promise<number> {
  const [service] = inventory.services;
  const { approvers } = inventory.file.approvals;
  const asks = inventory.people.find(({ id, roles }) => roles.includes("responder") && !approvers.includes(id));
  if (!service || !asks) throw new Bug("nobody-asks", "The file has no service, or no responder who is no approver");
  const { channel } = inventory.file.alerts;
  await world.setRegion(service.home, "dark");
  const beganMs = performance.now();
  const typed = world.people
    .as(accountOf(inventory, asks.id))
    .types(`/dr failover ${service.name} because ${service.home} is dark`, { in: channel });
  await world.people.expectMessage(channel, (message) => approveButton(message) !== undefined, PLAN_WITHIN_MS);
  const tookMs = Math.round(performance.now() - beganMs);
  await typed;
  bench.say(`the card was there after ${tookMs} ms`);
  return tookMs;
}
