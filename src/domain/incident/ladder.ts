import { z } from "zod";
import type { EscalationSnapshot, SeverityPolicy } from "./escalation.ts";
import { PageTarget } from "./page.ts";
import { quietUntil } from "./quiet-hours.ts";
import { Severity } from "./severity.ts";

/**
 * A *ladder* is the matrix of one severity, counted from when that severity was set; a *rung* is everybody who is due at
 * the same moment of it. Raising the severity starts a further ladder in the same incident at the pager, so people see
 * one incident, not one per level.
 */
export const Rung = z.strictObject({
  level: z.number().int(),
  afterMs: z.number(),
  unlessAcked: z.boolean(),
  /** It waits for the end of the quiet hours of its people. */
  isHeld: z.boolean().default(false),
  /** Somebody asked for it before its time: the ladder that pages it instead. */
  takenBy: z.number().int().optional(),
  targets: z.array(PageTarget),
});
export type Rung = z.infer<typeof Rung>;

export const Ladder = z.strictObject({
  number: z.number().int(),
  /** `matrix`: the policy of a severity; `asked`: somebody, or a missed deadline, asked for people. */
  kind: z.enum(["matrix", "asked"]),
  severity: Severity,
  why: z.string(),
  startedAtMs: z.number(),
  /** The severity was lowered: nobody is paged again for it once somebody has acknowledged. */
  lowered: z.boolean(),
  rungs: z.array(Rung),
  everyMs: z.number(),
  rounds: z.number().int(),
  ackDeadlineMs: z.number().optional(),
});
export type Ladder = z.infer<typeof Ladder>;

/** The ladder that asks now what this one asked: a matrix that began later has taken the place of the one before it. */
export function inPlaceOf(ladders: readonly Ladder[], number: number): number {
  const isMatrix = ({ kind }: Ladder) => kind === "matrix";
  const own = ladders.find((each) => each.number === number);
  return own && isMatrix(own) ? (ladders.findLast(isMatrix)?.number ?? number) : number;
}

export interface LadderStart {
  readonly number: number;
  readonly severity: Severity;
  readonly startedAtMs: number;
  readonly why: string;
  readonly lowered: boolean;
  /** Turns `round_robin` audiences on from incident to incident. */
  readonly turn: number;
}

export interface WaitingPage {
  readonly severity: Severity;
  readonly target: Pick<PageTarget, "kind" | "id">;
  readonly atMs: number;
}

/**
 * How long a page to this target waits for the end of quiet hours, ms; 0: not at all. A policy has none: whoever is on
 * call there is on duty.
 */
export function quietForMs(
  { severities, quietHours }: EscalationSnapshot,
  { severity, target, atMs }: WaitingPage,
): number {
  const quiet = target.kind === "person" ? quietHours[target.id] : undefined;
  if (quiet === undefined || severity === "sev1" || severities[severity]?.quiet_hours === "ignore") return 0;
  return (quietUntil(quiet, atMs) ?? atMs) - atMs;
}

/**
 * Steps that are due at the same moment become one rung; a person or policy is in it once, each channel once. Whose
 * quiet hours it is then gets a rung at their end.
 */
export function planLadder(escalation: EscalationSnapshot, start: LadderStart): Ladder {
  const { turn, ...named } = start;
  const policy = escalation.severities[start.severity];
  if (policy === undefined) throw new RangeError(`The matrix has no severity ${start.severity}`);
  const rungs = new Map<string, Rung>();
  for (const step of policy.steps) {
    for (const target of targetsOf(step, escalation, turn)) {
      const quietMs = quietForMs(escalation, {
        severity: start.severity,
        target,
        atMs: start.startedAtMs + step.after,
      });
      addTarget(rungs, step, { quietMs, target });
    }
  }
  return {
    ...named,
    kind: "matrix",
    rungs: [...rungs.values()].filter((rung) => rung.targets.length > 0).toSorted((a, b) => a.afterMs - b.afterMs),
    everyMs: policy.repeat.every,
    rounds: policy.repeat.max,
    ...(policy.ack_deadline === undefined ? {} : { ackDeadlineMs: policy.ack_deadline }),
  };
}

function addTarget(
  rungs: Map<string, Rung>,
  step: SeverityPolicy["steps"][number],
  { quietMs, target }: { readonly quietMs: number; readonly target: PageTarget },
) {
  const afterMs = step.after + quietMs;
  const key = `${afterMs}:${step.unless ?? "always"}`;
  const rung = rungs.get(key) ?? {
    level: step.level,
    afterMs,
    unlessAcked: step.unless === "acked",
    isHeld: true,
    targets: [],
  };
  const alreadyThere = [...rungs.entries()].flatMap(([other, { afterMs: otherMs, targets }]) =>
    other !== key && otherMs === afterMs ? targets : [],
  );
  const targets = addTargets(rung.targets, alreadyThere, [target]);
  rungs.set(key, { ...rung, isHeld: rung.isHeld && quietMs > 0, targets });
}

function targetsOf(step: SeverityPolicy["steps"][number], escalation: EscalationSnapshot, turn: number): PageTarget[] {
  const audience = escalation.audiences[step.audience];
  if (audience === undefined || step.mode === "channel_only") return [];
  if (audience.kind === "pager")
    return [{ kind: "policy", pager: audience.pager, id: audience.policy, channels: [...step.channels] }];
  const people =
    step.mode === "round_robin" ? audience.people.slice(turn % audience.people.length).slice(0, 1) : audience.people;
  return people.map((id) => ({ kind: "person", id, channels: [...step.channels] }));
}

function addTargets(mine: readonly PageTarget[], others: readonly PageTarget[], added: readonly PageTarget[]) {
  const all = new Map(mine.map((target) => [`${target.kind}:${target.id}`, target]));
  for (const target of added) {
    const key = `${target.kind}:${target.id}`;
    const taken = others.find((other) => `${other.kind}:${other.id}` === key)?.channels ?? [];
    const channels = new Set([...(all.get(key)?.channels ?? []), ...target.channels].filter((c) => !taken.includes(c)));
    if (channels.size > 0) all.set(key, { ...target, channels: [...channels] });
  }
  return [...all.values()];
}

/** A ladder for people who are asked for outside the matrix: at once, or after `waitsMs`. */
export function askedLadder(
  start: Omit<LadderStart, "lowered" | "turn">,
  targets: readonly PageTarget[],
  waitsMs: (target: PageTarget) => number,
): Ladder {
  const times = [...new Set(targets.map(waitsMs))].toSorted((a, b) => a - b);
  return {
    ...start,
    kind: "asked",
    lowered: false,
    rungs: times.map((afterMs) => ({
      level: 1,
      afterMs,
      unlessAcked: false,
      isHeld: afterMs > 0,
      targets: targets.filter((target) => waitsMs(target) === afterMs),
    })),
    everyMs: 0,
    rounds: 0,
  };
}
