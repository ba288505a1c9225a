import { setTimeout as nap } from "node:timers/promises";

const NAP_MS = 50;

/** Machine time, in naps: a process that is held up itself takes nobody for late. Without `signal` it keeps no process alive. */
export async function napped(machineMs: number, signal?: AbortSignal): Promise<void> {
  const how = signal ? { signal } : { ref: false };
  for (let sleptMs = 0; sleptMs < machineMs; sleptMs += NAP_MS) await nap(NAP_MS, undefined, how);
}
