import type { ZodType } from "zod";
import type { ByHandBlock } from "../domain/plan-run/by-hand.ts";
import type { PlannedStep, StepRole, WayBack } from "../domain/plan-run/plan.ts";
import type { Answering } from "../domain/service/observation.ts";
import type { Region } from "../domain/service/service.ts";
import type { Clock } from "./clock.ts";
import type { Clusters } from "./clusters.ts";
import type { Compute } from "./compute.ts";
import type { DatabaseSessions } from "./database-sessions.ts";
import type { Databases } from "./databases.ts";
import type { Discovery } from "./discovery.ts";
import type { Firewall } from "./firewall.ts";
import type { Guard } from "./guard.ts";
import type { Permission } from "./permission.ts";
import type { Probe } from "./probe.ts";
import type { Snapshots } from "./snapshots.ts";
import type { TrafficControl } from "./traffic.ts";

/**
 * What can be asked of the protected world without changing it. Everything that only looks has no more than this, so that a
 * call that changes something does not compile there (G18).
 */
export interface CloudReads {
  readonly databases: Pick<Databases, "describe" | "lag" | "maintenance" | "noticesSilence" | "events">;
  readonly clusters: Pick<Clusters, "describe">;
  readonly snapshots: Pick<Snapshots, "find" | "keyState">;
  readonly firewall: Pick<Firewall, "rules" | "interfacesWith" | "databasesWith">;
  readonly compute: Pick<Compute, "describe" | "service" | "ground" | "tasksLeft">;
  readonly traffic: Pick<TrafficControl, "records" | "changeState">;
  /** To leave ends TwoKey's own connection, and nothing else. */
  readonly sessions: Pick<DatabaseSessions, "count" | "canMark" | "isMarked" | "leave">;
  readonly discovery: Discovery;
  /** How a region has answered what was asked of it lately. */
  readonly answers: { of(region: Region): Answering };
  readonly probe: Probe;
  readonly clock: Clock;
  /** The same world by the role of another account, as an ARN; undefined: by the ordinary one. */
  through(role: string | undefined): CloudReads;
}

/** The protected world as a step acts on it, behind the guard of a hold: ports, and nothing of Slack, Redis or the pager. */
export interface Cloud extends CloudReads {
  readonly databases: Databases;
  readonly clusters: Clusters;
  readonly snapshots: Snapshots;
  readonly firewall: Firewall;
  readonly compute: Compute;
  readonly traffic: TrafficControl;
  readonly sessions: DatabaseSessions;
  through(role: string | undefined): Cloud;
}

/** What the engine has: it looks, and acts only through the guard of a hold. */
export interface GuardedCloud extends CloudReads {
  /** The same world; each mutating call leaves only on this guard's proof, and can do no more than is permitted here. */
  guardedBy(guard: Guard, permitted: readonly Permission[]): Cloud;
  /**
   * Sees to it that what is permitted can be done without asking anybody first: credentials are there afterwards, for as long
   * as they last. Throws TransientError where nobody hands them out now, and StepFailed where nobody will.
   */
  prepare(permitted: readonly Permission[]): Promise<void>;
}

/** What a step hands on, by its name and shape. */
export interface HandsOn<Output> {
  readonly name: string;
  readonly output: ZodType<Output>;
}

/** The same for several steps that hand on alike: they are known by what they are for. */
export interface HandOnAlike<Output> {
  readonly roles: readonly StepRole[];
  readonly output: ZodType<Output>;
}

/** The run, and the number of the hold that performs it: the highest one is the newest. */
export interface Hold {
  readonly run: string;
  readonly epoch: number;
}

export interface StepContext {
  readonly cloud: Cloud;
  /** Aborted when the executor is shut down or superseded; waiting ends at once. */
  readonly signal: AbortSignal;
  /** For what compares it by itself: a store outside that refuses a late writer. */
  readonly hold: Hold;
  /** How often it was begun since people last decided about it: 1 at the first attempt. */
  readonly tries: number;
  /** For a step of one call: an earlier one was taken, or may have been since then. False where each was refused for certain. */
  readonly mayHaveAsked: boolean;
  /** What that step of this plan has handed on, as `handedOnBy` says it. */
  readonly outputOf: <Output>(id: string, step: HandsOn<Output> | HandOnAlike<Output>) => Output | undefined;
}

export interface LookContext extends Omit<StepContext, "cloud"> {
  readonly cloud: CloudReads;
}

/** What a step has before there is a run. */
export interface Foreseeing {
  readonly cloud: CloudReads;
  readonly signal?: AbortSignal;
}

export interface Asked<Data> {
  readonly requestIds: readonly string[];
  /** Recorded before anything else happens, so that a resumed step knows what it asked for. */
  readonly data: Data;
  /** The answer was that it had been asked for before: the time until it is there is not this step's. */
  readonly already?: boolean;
}

export type Verdict<Output = Readonly<Record<string, unknown>>> =
  /** `onSilence`: what would say it gave no answer, and what was known before is taken for it, as people accepted. */
  | { readonly done: true; readonly says: string; readonly output: Output; readonly onSilence?: true }
  /**
   * Not there yet; `says` is shown as progress. `refutes`: resources of which the opposite was seen, such as a write that succeeds.
   * `letsIn`: it was seen to stand open to new sessions or new work, and not only to what was inside before.
   * `isUnderWay`: what is missing ends by itself, such as a restart. `nextPart`: what the step left for later can be asked for now, so it is run again,
   * with an intent of its own. `reply`: a machine's own words, for the timeline alone. `lookAt`: where people look when it fails, a sentence.
   */
  | {
      readonly done: false;
      readonly says: string;
      readonly refutes?: readonly string[];
      readonly letsIn?: true;
      readonly isUnderWay?: true;
      readonly nextPart?: true;
      readonly reply?: string;
      readonly lookAt?: string;
    };

/** Code of the TransientError by which a step asks that what it is about to take away is written down with its intent. */
export const UNCAPTURED = "uncaptured";

/** Whether an irreversible step has had its effect. A doubt is `unknown`, and counts as `yes`. */
export type Happened = "yes" | "no" | "unknown";

export interface Undone {
  readonly says: string;
  readonly requestIds: readonly string[];
}

/** World milliseconds: what is documented, and when the step counts as failed. Learned times only lengthen it. */
export interface StepTimes {
  readonly expectedMs: number;
  readonly deadlineMs: number;
  /** Present where the input decides how long it takes: learned times count among steps that say the same. */
  readonly alike?: string;
}

/**
 * One thing a runbook can do, said once: what it does, and all that a plan has to say about it. `run` looks at the world
 * before it asks, and is safe to repeat after a crash at any instruction. `verify` says whether the world has got there;
 * it is polled. `undo` has no default: a step without a way back says how to see whether it happened, since until then
 * what came before it may still be given back.
 * Errors: StepFailed (`facts.mustAsk` to stop for people even before the point of no return), TransientError, OutcomeUnknown.
 */
export type Step<Input, Data, Output> = Doing<Input, Data, Output> & GivingBack<Input>;

/** What can be undone can be undone by hand too, and what cannot shows people whether it happened: a run that may ask for nothing more is theirs. */
type GivingBack<Input> =
  | { readonly undo: "nothing-to-undo" }
  | {
      readonly undo: { readonly irreversible: (input: Input, context: StepContext) => Promise<Happened> };
      happenedByHand(input: Input): ByHandBlock;
    }
  | {
      undo(input: Input, context: StepContext): Promise<Undone>;
      undoByHand(input: Input): readonly ByHandBlock[];
    };

interface Doing<Input, Data, Output> extends HandsOn<Output> {
  readonly role: StepRole;
  /** Calls that a look makes to one API while nothing has changed yet, so that looks come no faster than twice as many a second. Absent: one. */
  readonly callsALook?: number;
  /** Its call leads back when it is made twice: where nobody can say whether it was taken it asks people, and makes no other one. */
  readonly leadsBack?: true;
  /** A vendor may refuse its calls for hours: then the run waits for it, and calls people. Absent: its deadline ends it. */
  readonly waitsOutRefusals?: true;
  /**
   * What people do where it fails, or does not get there in time: a sentence with the command. Nothing waits for such a step, so the run
   * goes on without it. Absent: its failure unwinds the run, or stops it.
   */
  readonly leftToPeople?: (input: Input) => string;
  readonly input: ZodType<Input>;
  readonly data: ZodType<Data>;
  /** What a responder would say: "Promote inventory-replica in eu-central-1". */
  title(input: Input): string;
  times(input: Input): StepTimes;
  /** Region whose control plane must answer; absent where only probes are used. */
  readonly controlPlane?: (input: Input) => Region;
  /** The same as commands to paste, one block at a time. */
  byHand(input: Input): readonly ByHandBlock[];
  /** What gave no answer when the plan was made, so that none of these commands can work until it does. */
  silent?(input: Input): string | undefined;
  /** People may do it in another way while its vendor refuses it, and `verify` sees that without the vendor. Absent: never. */
  otherWay?(input: Input): boolean;
  /** What it, and giving it back, needs beyond looking: exactly these calls on exactly these things. */
  permissions(input: Input): readonly Permission[];
  /**
   * Asked once when a plan is made, of what only the plan names: why it would surely fail as things stand, in a sentence. What gives no
   * answer says nothing.
   */
  foreseen?(input: Input, context: Foreseeing): Promise<string | undefined>;
  run(input: Input, context: StepContext): Promise<Asked<Data>>;
  verify(input: Input, data: Data, context: LookContext): Promise<Verdict<Output>>;
  /**
   * What `verify` is given when people say, at this world time, that they did it by hand: it looks all the same. `isRefused`: a
   * vendor refuses the step, so that they may have done it in another way.
   */
  dataByHand(nowMs: number, isRefused: boolean): Data;
}

/** What a journal holds of a step's own shapes. */
export type Stored = Readonly<Record<string, unknown>>;

/** One step of a plan: the input is parsed here, and all else comes from the step itself. */
export function planned<Input extends Stored, Data, Output>(
  step: Step<Input, Data, Output>,
  { id, after, input }: { readonly id: string; readonly after: readonly string[]; readonly input: Input },
): PlannedStep {
  const parsed = step.input.parse(input);
  const silent = step.silent?.(parsed);
  return {
    id,
    does: step.name,
    role: step.role,
    title: step.title(parsed),
    after: [...after],
    input: { ...parsed },
    wayBack: wayBackOf(step),
    ...(step.controlPlane ? { controlPlane: step.controlPlane(parsed) } : {}),
    ...step.times(parsed),
    byHand: [...step.byHand(parsed)],
    ...(silent === undefined ? {} : { silent }),
    ...(step.otherWay?.(parsed) === true && { otherWay: true as const }),
    ...(step.leadsBack && { leadsBack: true as const }),
  };
}

export const wayBackOf = ({ undo }: Pick<Step<never, never, never>, "undo">): WayBack =>
  typeof undo === "function" ? "undo" : typeof undo === "object" ? "irreversible" : undo;

/** The input of a planned step, as that step reads it; undefined for another step. Throws ZodError where it cannot read it. */
export const inputIn = <Input>(
  { does, input }: Pick<PlannedStep, "does" | "input">,
  step: { readonly name: string; readonly input: ZodType<Input> },
): Input | undefined => (does === step.name ? step.input.parse(input) : undefined);
