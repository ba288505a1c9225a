import type { ZodType } from "zod";
import type { Clock } from "./clock.ts";
import type { Clusters } from "./clusters.ts";
import type { Compute } from "./compute.ts";
import type { Databases } from "./databases.ts";
import type { Discovery } from "./discovery.ts";
import type { Firewall } from "./firewall.ts";
import type { Guard } from "./guard.ts";
import type { Probe } from "./probe.ts";
import type { Snapshots } from "./snapshots.ts";
import type { TrafficControl } from "./traffic.ts";

/** The protected world as steps and observers see it: ports, and nothing of Slack, Redis or the pager. */
export interface Cloud {
  readonly databases: Databases;
  readonly clusters: Clusters;
  readonly snapshots: Snapshots;
  readonly firewall: Firewall;
  readonly compute: Compute;
  readonly traffic: TrafficControl;
  readonly discovery: Discovery;
  readonly probe: Probe;
  readonly clock: Clock;
}

/** What the engine has: steps see it only through the guard of the hold that performs them. */
export interface GuardedCloud extends Cloud {
  /** The same world; each mutating call leaves only on this guard's proof. */
  guardedBy(guard: Guard): Cloud;
}

export interface StepContext {
  readonly cloud: Cloud;
  /** Aborted when the executor is shut down or fenced; waiting ends at once. */
  readonly signal: AbortSignal;
  /** Recorded output of an earlier step: the only way in which steps share data. */
  readonly outputOf: (step: string) => Readonly<Record<string, unknown>>;
}

export interface Asked<Data> {
  readonly requestIds: readonly string[];
  /** Recorded before anything else happens, so that a resumed step knows what it asked for. */
  readonly data: Data;
}

export type Verdict =
  | { readonly done: true; readonly says: string; readonly output: Readonly<Record<string, unknown>> }
  /** Not there yet; `says` is shown as progress. */
  | { readonly done: false; readonly says: string };

/** Code of the TransientError by which a step asks that what it is about to take away is written down with its intent. */
export const UNCAPTURED = "uncaptured";

/** Whether an irreversible step has had its effect. A doubt is `unknown`, and counts as `yes`. */
export type Happened = "yes" | "no" | "unknown";

export interface Undone {
  readonly says: string;
  readonly requestIds: readonly string[];
}

/**
 * One thing a runbook can do. `run` looks at the world before it asks, and is safe to repeat after a crash at any
 * instruction. `verify` says whether the world has got there; it is polled. `undo` has no default: a step without a way
 * back says how to see whether it happened, since until then what came before it may still be given back.
 * Errors: StepFailed (`facts.mustAsk` to stop for people even before the point of no return), TransientError, OutcomeUnknown.
 */
export interface Step<Input, Data> {
  readonly name: string;
  readonly input: ZodType<Input>;
  readonly data: ZodType<Data>;
  run(input: Input, context: StepContext): Promise<Asked<Data>>;
  verify(input: Input, data: Data, context: StepContext): Promise<Verdict>;
  readonly undo:
    | "nothing-to-undo"
    | { readonly irreversible: (input: Input, context: StepContext) => Promise<Happened> }
    | ((input: Input, context: StepContext) => Promise<Undone>);
}

/** A step with its types parsed at the edge and forgotten inside, as the engine holds it. */
export interface StoredStep {
  readonly name: string;
  readonly wayBack: "undo" | "nothing-to-undo" | "irreversible";
  run(input: unknown, context: StepContext): Promise<Asked<Record<string, unknown>>>;
  verify(input: unknown, data: unknown, context: StepContext): Promise<Verdict>;
  undo(input: unknown, context: StepContext): Promise<Undone>;
  /** Of an irreversible step; every other one answers "no". */
  happened(input: unknown, context: StepContext): Promise<Happened>;
}

export function storedStep<Input, Data extends Record<string, unknown>>(step: Step<Input, Data>): StoredStep {
  const { undo } = step;
  const isIrreversible = typeof undo === "object";
  return {
    name: step.name,
    wayBack: typeof undo === "function" ? "undo" : isIrreversible ? "irreversible" : undo,
    run: (input, context) => step.run(step.input.parse(input), context),
    verify: (input, data, context) => step.verify(step.input.parse(input), step.data.parse(data), context),
    undo: async (input, context) => {
      if (typeof undo !== "function") return { says: "nothing to undo", requestIds: [] };
      return undo(step.input.parse(input), context);
    },
    happened: async (input, context) => (isIrreversible ? undo.irreversible(step.input.parse(input), context) : "no"),
  };
}
