import type { ZodType } from "zod";
import type { FormField } from "../../domain/card/card.ts";
import type { LostWrites } from "../../domain/plan-run/lost-writes.ts";
import type { Plan } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { SecondLook } from "../../domain/plan-run/second-look.ts";
import type { Finding, Path, ProblemSeverity } from "../../domain/service/finding.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Moved } from "../../domain/service/moved.ts";
import type { Observation } from "../../domain/service/observation.ts";
import type { Service, ServiceFile } from "../../domain/service/service.ts";
import type { OldSide, OldSideLooking } from "../../ports/old-side.ts";
import type { CloudReads } from "../../ports/step.ts";

/** What every plan is made from, whatever runbook makes it: who asked, and one look at the world. */
export interface PlanRequest {
  readonly id: string;
  readonly service: Service;
  readonly reason: string;
  readonly requester: string;
  readonly incident: string | undefined;
  /** World time at which the trouble was first seen; undefined: nobody knows. */
  readonly outageAtMs?: number | undefined;
  readonly inventory: Inventory;
  readonly observed: Observation;
  readonly nowMs: number;
  /** The run that waits for people and whose rest is planned; absent for a plan that begins at the beginning. */
  readonly continues?: RunState;
}

export type Planned =
  | { readonly kind: "plan"; readonly plan: Plan }
  /** Why there can be no plan, each with what to do instead. */
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** What a run says about how long users were without the service, and what was lost. */
export interface Measured {
  readonly restoredAtMs?: number | undefined;
  readonly lost?: LostWrites | undefined;
}

export interface Measuring {
  /** A run by its id: what a run for the rest left to the one before it. */
  readonly read: (id: string) => Promise<RunState | undefined>;
}

export interface Looking {
  readonly service: Service;
  readonly cloud: CloudReads;
  readonly signal: AbortSignal;
  /** What our own runs prove now of who writes, from their journals alone. */
  readonly moved: () => Promise<Moved | undefined>;
}

/** The words that people type after the service, as the wish they stand for. */
export type Words =
  | { readonly kind: "wish"; readonly wish: Readonly<Record<string, unknown>> }
  | { readonly kind: "not-understood"; readonly word: string };

/** Something about a service that makes no sense to a runbook although the schema accepts it. */
export interface RunbookRule {
  readonly name: string;
  readonly severity: ProblemSeverity;
  /** The reason in one sentence; printed on the reference page. */
  readonly because: string;
  /** `path` leads to the service in the file. */
  readonly check: (service: ServiceFile, path: Path) => readonly Finding[];
}

/** A runbook: what it is, how it is asked for, and how it judges, plans and measures. */
export interface Runbook<Wish> {
  /** The verb that asks for it, and what a plan names it by. */
  readonly name: string;
  /** One line, for people in a hurry. */
  readonly about: string;
  /** What has to be there before it starts. `responder`: it only adds something (G1). */
  readonly needs: "two keys" | "responder";
  /** What follows the service when it is typed. */
  readonly usage: string;
  /** What somebody would really type after its name; present where the help shows it as an example. */
  readonly example?: string;
  /** What of a file it warns of before anybody asks for it; absent: nothing. */
  readonly lint?: readonly RunbookRule[];
  /** What can be wished for besides the service and the reason. */
  readonly wish: ZodType<Wish>;
  /** Reads typed words; each key of the wish it knows nothing about stays absent. */
  words(words: readonly string[]): Words;
  /** Fields of the form that asks for it, besides service and reason; their ids are keys of the wish. */
  fields(inventory: Inventory): readonly FormField[];
  /** From a request and one look at the world to an immutable plan with every choice made. Pure. */
  plan(request: PlanRequest, wish: Wish): Planned;
  /** The wish of a plan for the rest: what the run that it continues was to do. */
  wishOf(plan: Plan): Wish & Readonly<Record<string, unknown>>;
  /** Looks again, before the first step and before each one without a way back. */
  drift(run: RunState, looking: Looking): Promise<SecondLook>;
  /** Looks at the side that the run leads away from. A runbook without one says `silent`. */
  oldSide(run: RunState, cloud: CloudReads, looking: OldSideLooking): Promise<OldSide>;
  measure(run: RunState, measuring: Measuring): Promise<Measured>;
}

/** A runbook with its wish parsed at the edge and forgotten inside, as commands and jobs hold it. */
export interface StoredRunbook extends Omit<Runbook<never>, "wish" | "plan" | "wishOf"> {
  /** The wish as it was typed or chosen; undefined where it does not parse, with the key that is wrong. */
  read(wish: unknown): { readonly ok: true; readonly wish: unknown } | { readonly ok: false; readonly why: string };
  plan(request: PlanRequest, wish: unknown): Planned;
  wishOf(plan: Plan): Readonly<Record<string, unknown>>;
}
