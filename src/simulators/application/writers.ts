import { z } from "zod";
import type { DatabaseRef } from "../aws/service.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Timer } from "../world/clock.ts";
import type { World } from "../world/world.ts";
import type { Outcome } from "./applications.ts";
import type { Judge } from "./judge.ts";
import type { ApplicationSpec } from "./spec.ts";
import type { Entry } from "./traffic.ts";

export interface WritersDeps {
  readonly judge: Judge;
  /** The users' resolver: public zones, with a cache. */
  readonly resolver: Resolver;
  readonly entryAt: (this: void, address: string) => Entry | undefined;
}

/**
 * The users: each posts an order an interval by the public name and notes what it was told. In process, but by the rules
 * of the sockets: same resolver rules, same load balancers, same silence.
 */
export function startWriters(world: World, spec: ApplicationSpec, deps: WritersDeps): { stop(): void } {
  const users = Array.from({ length: spec.writers.count }, (_, index) => startUser({ world, spec, deps }, index + 1));
  return {
    stop: () => {
      for (const user of users) user.cancel();
    },
  };
}

interface Users {
  readonly world: World;
  readonly spec: ApplicationSpec;
  readonly deps: WritersDeps;
}

function startUser({ world, spec, deps }: Users, user: number): Timer {
  const { intervalSeconds, attempts } = spec.writers;
  let orders = 0;
  let isStopped = false;
  let timer: Timer;
  // Counted from each end: a jump of the clock is time in which users were not asked.
  const wait = (next: () => void) => {
    if (!isStopped) timer = world.clock.after(intervalSeconds * 1_000, next);
  };
  const send = (id: string, left: number) => {
    post({ world, spec, deps }, id, (isAcknowledged) => {
      if (isAcknowledged || left === 1) wait(order);
      else wait(() => send(id, left - 1));
    });
  };
  const order = () => {
    orders += 1;
    send(`${spec.name}-user${user}-${orders}`, attempts);
  };
  const phase = (user / (spec.writers.count + 1)) * intervalSeconds * 1_000;
  timer = world.clock.after(phase, order);
  return {
    cancel: () => {
      isStopped = true;
      timer.cancel();
    },
  };
}

/** One try of one order; `done` hears whether the user was told it is stored. */
function post(
  { world, spec, deps: { judge, resolver, entryAt } }: Users,
  id: string,
  done: (isAcknowledged: boolean) => void,
): void {
  const refuse = (reason: string, region: string | null) => {
    judge.refused(spec.name, { id, reason, region });
    done(false);
  };
  const found = resolver.resolve(spec.publicName);
  const address = found.records.find((record) => record.type === "A")?.value;
  const entry = address === undefined ? undefined : entryAt(address);
  if (!entry) {
    refuse(address === undefined ? "no-such-host" : "connect-timeout", null);
    return;
  }
  const outcome = entry.answer({ method: "POST", path: "/orders", body: { id } });
  const timeoutMs = spec.writers.timeoutSeconds * 1_000;
  world.clock.after(patienceOf(outcome, timeoutMs, world.clock.speed), () => {
    const stored = storedIn(outcome);
    // An answer that comes after the user's patience does not count, though the order may be stored.
    const isLate = outcome.kind === "reply" && outcome.delayMs * world.clock.speed > timeoutMs;
    if (stored && !isLate) {
      judge.acknowledged(spec.name, { id, ref: stored, servedIn: entry.region });
      done(true);
    } else refuse(isLate ? "timeout" : reasonOf(outcome), entry.region);
  });
}

/** World milliseconds until the user knows. */
function patienceOf(outcome: Outcome, timeoutMs: number, speed: number): number {
  if (outcome.kind === "silence") return timeoutMs;
  return outcome.kind === "cut" ? 0 : Math.min(timeoutMs, outcome.delayMs * speed);
}

function storedIn(outcome: Outcome): DatabaseRef | undefined {
  if (outcome.kind !== "reply" || outcome.reply.status !== 201) return undefined;
  const { databaseRegion, instance } = outcome.reply.body;
  return { region: String(databaseRegion), instance: String(instance) };
}

function reasonOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "silence":
      return "timeout";
    case "cut":
      return "connection-reset";
    case "reply":
      return z.string().catch(`status ${outcome.reply.status}`).parse(outcome.reply.body["reason"]);
  }
}
