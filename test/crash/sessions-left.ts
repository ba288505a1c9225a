import { expect } from "@jest/globals";
import { runOf } from "../harness/failover-runs.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { twoTakeOver } from "../harness/way-back.ts";

/**
 * Who ends sessions over a connection of its own, and dies between its call and its line, takes with it the only way in: the next
 * worker stops for people before the point of no return. Two approvers say what they did. Resolves to whether it was so.
 */
export async function peopleEndedSessions(at: FailoverWorld): Promise<boolean> {
  const { state, why, pastNoReturn } = await runOf(at);
  if (state !== "stopped" || !why.includes("programs that were connected may still write to it")) return false;
  expect(pastNoReturn).toBe(false);
  await twoTakeOver(at, "rebooted the old database");
  return true;
}
