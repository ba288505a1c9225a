import { z } from "zod";
import type { Plan } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import type { Played } from "./played.ts";

/** A world that went through with a plan. */
export interface Case extends Played {
  readonly run: RunState;
  readonly plan: Plan;
  readonly orders: readonly Order[];
}

/** What a user, or a queue, was told is stored. */
export interface Order {
  readonly id: string;
  /** Where its database is, and where the task that took it runs. */
  readonly region: string;
  readonly servedIn: string;
  readonly atMs: number;
}

/** Orders that an open session wrote on the old side after the promotion, where the key holders had accepted that in words. */
export function acceptedOrders({ run, log, home }: Played): number {
  if (!run || !acceptsSessions(run.plan)) return 0;
  const promoted = promotedAtMs({ log }) ?? Number.POSITIVE_INFINITY;
  const isLate = (order: Order) => order.atMs > promoted && isOverOpenSession(order, { log, home });
  return ordersIn(log, run.plan.service).filter(isLate).length;
}

/** Taken by the old side from the promotion to the end of the run, over whatever session. */
export function takenBeforeTheEnd({ run, log, home }: Pick<Case, "run" | "log" | "home">): Order[] {
  const orders = ordersIn(log, run.plan.service);
  const promoted = promotedAtMs({ log }) ?? Number.POSITIVE_INFINITY;
  const ended = run.endedAtMs ?? Number.NEGATIVE_INFINITY;
  return orders.filter(({ region, atMs }) => region === home && atMs > promoted && atMs < ended);
}

const acceptsSessions = ({ acceptances }: Plan): boolean => acceptances.some(({ id }) => id === "sessions-not-proven");

export function strictOrders({ log, home }: Played, plan: Plan): Order[] {
  const orders = ordersIn(log, plan.service);
  return acceptsSessions(plan) ? orders.filter((order) => !isOverOpenSession(order, { log, home })) : orders;
}

const RulesFacts = z.object({ group: z.string(), region: z.string(), rules: z.number() });

/** The old side's own tasks are waited for, so that theirs are no such sessions. */
export function isOverOpenSession({ region, servedIn, atMs }: Order, at: Pick<Played, "log" | "home">): boolean {
  return region === at.home && servedIn !== at.home && isClosedAt(at, atMs);
}

/** Nobody new got in at that moment: every group that was ever changed on the old side let nobody in. */
export function isClosedAt({ log, home }: Pick<Played, "log" | "home">, atMs: number): boolean {
  const rules = new Map<string, number>();
  for (const { kind, worldMs, facts } of log) {
    if (kind !== "ec2.rules-enforced" || worldMs > atMs) continue;
    const now = RulesFacts.parse(facts);
    if (now.region === home) rules.set(now.group, now.rules);
  }
  return rules.size > 0 && [...rules.values()].every((count) => count === 0);
}

const OrderFacts = z.object({ id: z.string(), region: z.string(), servedIn: z.string(), application: z.string() });

function ordersIn(log: readonly LogEntry[], service: string): Order[] {
  return log.flatMap(({ kind, worldMs, facts }) => {
    if (kind !== "app.write-acknowledged") return [];
    const { id, region, servedIn, application } = OrderFacts.parse(facts);
    return application === service ? [{ id, region, servedIn, atMs: worldMs }] : [];
  });
}

export const promotedAtMs = ({ log }: Pick<Played, "log">): number | undefined =>
  log.find(({ kind }) => kind === "rds.promotion-accepted")?.worldMs;

export const span = (orders: readonly Order[]): string => {
  const [first] = orders;
  const last = orders.at(-1);
  return first && last
    ? `${orders.length} orders, ${new Date(first.atMs).toISOString()} to ${new Date(last.atMs).toISOString()}`
    : "none";
};
