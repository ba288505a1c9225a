import type { ZodType } from "zod";
import type { Acceptance, PlannedStep } from "../../domain/plan-run/plan.ts";
import type { Moved } from "../../domain/service/moved.ts";
import type { Behind } from "../../domain/service/observation.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Family } from "../../ports/probe.ts";
import type { SnapshotName } from "../../ports/snapshots.ts";
import type { HandsOn, LookContext, Stored } from "../../ports/step.ts";
import type { SetId } from "../steps/records.ts";
import type { ByHandFirst, PositionOutput } from "../steps/schemas.ts";
import type { Move, Place, Seen, Slot } from "./place.ts";

/** Who promoted a copy that follows nobody: the run that is continued, or somebody before it. Undefined: it follows. */
export type Promoted = "continued" | "before" | undefined;

export interface ComputeJudging extends Pick<Move, "from" | "to"> {
  /** The run itself has begun to change it: what that causes is nothing to agree to. */
  readonly isBegun?: true;
}

export interface StoreMoving extends Move {
  readonly promoted: Promoted;
  /** World time until which it is known that every commit is on the new side. */
  readonly knownUntilMs: number | null;
}

export interface LinkEnded {
  readonly why: string;
  readonly atMs: number;
}

/** How a store goes to another region. Its copy there is promoted: there is no way back. */
export interface StoreMove<Settings, Facts> {
  /** Its copy in that region follows nobody, so nothing is left to promote there. */
  standsAlone(at: Seen<Settings, Facts>, region: Region): boolean;
  /** Why it cannot go there, each with what to do instead. */
  refusals(at: Seen<Settings, Facts>, move: StoreMoving): readonly string[];
  /**
   * Of these, what makes its promotion surely fail as things stand and stays so, and what nobody would reach after it. People are
   * asked where it has come since the plan. What cannot be seen is none of it.
   */
  blockers?(at: Seen<Settings, Facts>, region: Region): readonly string[];
  /** Of these, what ends by itself: its promotion waits for that a little, before anything is asked for. */
  passing?(at: Seen<Settings, Facts>, region: Region): readonly string[];
  /** Why nothing counts as arriving at its copy any more, and when that was seen; undefined: it follows, or nobody can see the copy. */
  linkEnded?(at: Seen<Settings, Facts>, region: Region): LinkEnded | undefined;
  /** What makes it slower, smaller or less certain there, and people have to agree to; ids as in a service with one store. */
  acceptances?(
    at: Seen<Settings, Facts>,
    move: Pick<StoreMoving, "from" | "to" | "promoted">,
    nowMs: number,
  ): readonly Acceptance[];
  /** What could not be checked, in words. */
  unchecked?(at: Seen<Settings, Facts>, move: StoreMoving): readonly string[];
  /** Writes down how far the new side had followed, before it is cut loose. */
  measure(at: Seen<Settings, Facts>, move: StoreMoving, slot: Slot): PlannedStep;
  commit(at: Seen<Settings, Facts>, move: StoreMoving, slot: Slot): PlannedStep;
  /** Proves with a write that the new side takes writes. */
  prove(at: Seen<Settings, Facts>, move: StoreMoving, slot: Slot): PlannedStep;
  /**
   * Gives the new side, once it was promoted, what kept the old one safe; undefined where there is nothing to do. Nothing waits for it,
   * so its failure is left to people (`leftToPeople`).
   */
  secure?(at: Seen<Settings, Facts>, move: StoreMoving, slot: Slot): PlannedStep | undefined;
  /** Leads the application to the new side; undefined where it needs no leading, or people have to do it. */
  lead(at: Seen<Settings, Facts>, move: StoreMoving, slot: Slot): PlannedStep | undefined;
  /** What people have to do in the place of `lead`. */
  leadByHand(at: Seen<Settings, Facts>, move: StoreMoving): ByHandFirst | undefined;
  /** What of it is left for people in the regions that it neither leaves nor goes to, as sentences. */
  leftFor(at: Seen<Settings, Facts>, move: StoreMoving): readonly string[];
  /** What stays under a name that `lead` changes, each with why that is harmless. */
  staying?(at: Seen<Settings, Facts>): readonly string[];
  /** The step that `measure` plans. */
  readonly measuredBy: HandsOn<PositionOutput>;
  readonly promotedCopy: PromotedCopy<Settings>;
}

/** What is noticed of people who moved back: the copy that was promoted, as the fence writes it down and reads it again. */
export interface PromotedCopy<Settings> {
  /** What `lostBy` has to know of the copy in a region. */
  in(place: Place<Settings>, region: Region): Stored;
  /** Why that copy is no writer any more; undefined: nothing says so. Throws ZodError for what it did not write down. */
  lostBy(copy: unknown, context: Pick<LookContext, "cloud" | "signal">): Promise<string | undefined>;
}

/** That the new side of a run is left. */
export interface Left {
  readonly why: string;
  /** Users are led to the old side of that very run; otherwise only that they are not led here. */
  readonly isToOldSide: boolean;
}

interface Noticing<Settings, Copy> {
  readonly shape: ZodType<Copy>;
  readonly in: (place: Place<Settings>, region: Region) => Copy;
  readonly lostBy: (copy: Copy, context: Pick<LookContext, "cloud" | "signal">) => Promise<string | undefined>;
}

/** Its shape is known to its kind alone, and forgotten outside. */
export const promotedCopy = <Settings, Copy extends Stored>(
  noticing: Noticing<Settings, Copy>,
): PromotedCopy<Settings> => ({
  in: noticing.in,
  lostBy: async (copy, context) => noticing.lostBy(noticing.shape.parse(copy), context),
});

export type Turning =
  | { readonly kind: "refused"; readonly why: string }
  | {
      readonly kind: "turn";
      /** What is turned: `inventory-db`. */
      readonly what: string;
      /** What it is turned onto: `its standby`, or a member's name. */
      readonly onto: string;
      readonly steps: (slot: Slot) => readonly PlannedStep[];
      /** What voids the keys. */
      readonly identity: string;
    };

export interface TurnWish {
  readonly region: Region;
  /** The machine that is to write; undefined: the kind chooses. */
  readonly target: string | undefined;
}

/** How a store's writer goes to another machine of the same region. */
export interface StoreTurn<Settings, Facts> {
  turn(at: Seen<Settings, Facts>, wish: TurnWish): Turning;
  /** The machine that a step of `Turning` was asked to turn onto; undefined where it names none. */
  targetOf?(step: PlannedStep): string | undefined;
  /** The value of `Turning.identity` as it is now; undefined: it cannot be seen. */
  identityNow(
    place: Place<Settings>,
    region: Region,
    context: Pick<LookContext, "cloud" | "signal">,
  ): Promise<string | undefined>;
}

/** What a snapshot is taken of, and the key that its copy is encrypted with. */
export type SnapshotSource =
  | { readonly kind: "refused"; readonly why: string }
  | {
      readonly kind: "source";
      readonly of: SnapshotName["of"];
      readonly id: string;
      /** Key of the region that it is copied to; null: it is not encrypted. */
      readonly kmsKey: string | null;
      /** What passes before RDS takes a snapshot of it, in words; absent: it takes one now. */
      readonly waits?: string | undefined;
    };

export interface StoreAbilities<Settings, Facts> {
  /** Region whose copy takes writes. `moved`: what our own runs know of sides that look like writers, and are closed. */
  writer(at: Seen<Settings, Facts>, moved?: Moved): Known<Region>;
  /** How far the copy there is behind; undefined where it follows nobody, or nothing was seen. */
  behind(at: Seen<Settings, Facts>, region: Region): Behind | undefined;
  readonly move?: StoreMove<Settings, Facts>;
  /** Why a store without `move` cannot go to another region. */
  readonly staysBecause?: string;
  readonly turn?: StoreTurn<Settings, Facts>;
  snapshot?(at: Seen<Settings, Facts>, regions: { readonly from: Region; readonly to: Region }): SnapshotSource;
}

export interface ComputeMoving extends Move {
  /** Deep health under the service's own name. */
  readonly url: string;
  /** Host name that leads to the new side, whichever region is active; undefined where nothing tells one. */
  readonly via: string | undefined;
  readonly byHandFirst: readonly ByHandFirst[];
  /** Steps that lead the application to its databases; none before those are planned. */
  readonly ledBy: readonly string[];
}

export interface ComputeAbilities<Settings, Facts> {
  /**
   * How users reach it; `unknown`: in a way that TwoKey is not told. What nobody reaches works as soon as it runs: it is
   * started when the database takes writes, and users do not wait for it.
   */
  reachedBy(resource: Settings): "load-balancer" | "unknown" | "nobody";
  refusals(at: Seen<Settings, Facts>, move: Move): readonly string[];
  /** Of these, what makes `prepare` surely fail as things stand, as for a store. */
  blockers?(at: Seen<Settings, Facts>, region: Region): readonly string[];
  /** What makes it slower, smaller or less certain there, and people have to agree to; ids as in a service with one compute. */
  acceptances?(at: Seen<Settings, Facts>, move: ComputeJudging): readonly Acceptance[];
  /** What could not be checked, in words. */
  unchecked(at: Seen<Settings, Facts>, move: Move): readonly string[];
  /** Its targets are healthy before the database takes writes, so that health alone may lead users there. */
  isHealthyEarly(place: Place<Settings>): boolean;
  /** Makes it strong enough for all users; undefined where there is nothing to do. */
  prepare(place: Place<Settings>, move: ComputeMoving, slot: Slot): PlannedStep | undefined;
  /** Asks it directly, before users come; undefined where it cannot be asked. */
  prove(place: Place<Settings>, move: ComputeMoving, slot: Slot): PlannedStep | undefined;
}

/** A name that users resolve. `families`: in which its own records give an address, as far as they were seen. */
export interface LedName {
  readonly name: string;
  readonly newSide: string;
  readonly families?: Family[];
}

/** The sets of a name that a move changes. */
export interface MovedSets {
  readonly zone: string;
  readonly name: string;
  readonly moved: readonly SetId[];
}

export interface EntranceAbilities<Settings, Facts> {
  /** Name of the compute that it leads to, where the file says it. */
  to(resource: Settings): string | undefined;
  /** The file says that its names are led to load balancers, so that one has to be there. */
  needsBalancer(resource: Settings): boolean;
  /** Users may be led by the health of targets, before anybody moves a name. */
  followsHealth(place: Place<Settings>): boolean;
  refusals(at: Seen<Settings, Facts>, move: Move): readonly string[];
  acceptances(at: Seen<Settings, Facts>, move: Move): readonly Acceptance[];
  /** What nobody could see of where its names would lead. */
  unchecked?(at: Seen<Settings, Facts>, move: Move): readonly string[];
  /** What of it is left for people when users have moved, as sentences. */
  leftFor?(at: Seen<Settings, Facts>, move: Move): readonly string[];
  /** What stays under its names, each with why that is harmless. */
  staying?(at: Seen<Settings, Facts>): readonly string[];
  /** Moves users, and waits until they have moved. */
  move(at: Seen<Settings, Facts>, move: Move, slot: Slot): readonly PlannedStep[];
  /** Host name that leads to a region, whichever is active; for a service without a load balancer there. */
  direct?(place: Place<Settings>, region: Region): string | undefined;
  /** Where each name has to lead while that region serves. */
  leadsTo(at: Seen<Settings, Facts>, region: Region): readonly LedName[];
  /** Where anybody could add a set that leads users elsewhere, public or private. */
  movedSets?(at: Seen<Settings, Facts>): readonly MovedSets[];
  /** How users do not reach the new side any more, as a step that moved them tells; undefined: nothing says so, or it did not. */
  ledBack(step: PlannedStep, context: Pick<LookContext, "cloud" | "signal">): Promise<Left | undefined>;
}
