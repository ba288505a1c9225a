import type { HealthVerdict, WriteVerdict } from "./health.ts";
import type { Moved } from "./moved.ts";
import { isUnreachable, type Known, type LagFacts } from "./observed.ts";
import type { Region } from "./region.ts";

/** One thing that was seen of a resource, in words that a card can show. */
export interface Fact {
  /** In a word or two, lower case: `database`, `security group`. */
  readonly what: string;
  readonly seen: Known<string>;
  /** Where it is not known: what was known last, and when. It may be otherwise by now. */
  readonly before?: { readonly says: string; readonly atMs: number };
}

/** How far a copy is behind. A resource that follows nobody has none. */
export interface Behind {
  readonly lag: LagFacts;
  /** World milliseconds by which a sample may be wrong: see `domain/plan-run/data-position`. */
  readonly blindMs: number;
  /** Present where it may be wrong by more than that: why nobody says by how much. */
  readonly blindWhy?: string;
  /** The objective that it is compared with. */
  readonly rpoMs: number;
}

/** What was seen of a resource in one region. */
export interface RegionFacts {
  readonly facts: readonly Fact[];
  /** What would say whether it serves there gives no answer. */
  readonly isSilent: boolean;
  readonly behind?: Behind;
  /** Why it could not take over there now; absent: nothing that was seen speaks against it. */
  readonly unready?: string;
  /** Nothing of it runs there. */
  readonly isAtRest?: true;
}

/** A look in words, for everybody but the resource's own kind. */
export interface Told {
  readonly in: Readonly<Record<Region, RegionFacts>>;
  /** What belongs to no region: records, for instance. */
  readonly facts: readonly Fact[];
}

export interface ResourceSeen extends Told {
  readonly kind: string;
  /** In the form of its own kind: nobody else reads it. */
  readonly seen: object;
}

/** How the control planes of a region have answered what they were asked lately. Machine times. */
export interface Answering {
  readonly asked: number;
  /** Throttled, broken off, or answered with an error of their own. */
  readonly failed: number;
  /** Half of the answers came within. */
  readonly typicalMs: number;
}

/** One look at the world for one service. */
export interface Observation {
  readonly service: string;
  readonly atMs: number;
  /** By id (`stores.stock`, `entrance`), in the order of the file. */
  readonly resources: Readonly<Record<string, ResourceSeen>>;
  /** What the application answers in each region when it is asked there directly. */
  readonly health: Readonly<Record<Region, HealthVerdict>>;
  /** What the write check of each store said, by resource and region; only where a plan is made from the look. */
  readonly writes?: Readonly<Record<string, Readonly<Record<Region, WriteVerdict>>>>;
  /** Region whose stores take writes. */
  readonly activeRegion: Known<Region>;
  /** What of our own runs that rests on; absent: on none of them. */
  readonly moved?: Moved;
  readonly publicHealth: HealthVerdict;
  /** By region; absent: the look did not count. */
  readonly answering?: Readonly<Record<Region, Answering>>;
}

/** What was seen of all resources in one region, by id. */
export function factsIn(
  { resources }: Pick<Observation, "resources">,
  region: Region,
): (readonly [string, RegionFacts])[] {
  return Object.entries(resources).flatMap(([id, seen]) => (seen.in[region] ? [[id, seen.in[region]] as const] : []));
}

/** Not one of the resources that stand there answered. */
export function isDark(observed: Pick<Observation, "resources">, region: Region): boolean {
  const there = factsIn(observed, region);
  return there.length > 0 && there.every(([, { isSilent }]) => isSilent);
}

/** What gave no answer, in words: resources that are silent in a region, and what of them belongs to none. */
export function unansweredIn({ resources }: Pick<Observation, "resources">): string[] {
  return Object.entries(resources).flatMap(([id, told]) => [
    ...Object.entries(told.in).flatMap(([region, { isSilent }]) => (isSilent ? [`${id} in ${region}`] : [])),
    ...told.facts.flatMap(({ what, seen }) => (isUnreachable(seen) ? [`${what} of ${id}`] : [])),
  ]);
}

/** Something that belongs to no region gave no answer. */
export const isSilentBeyondRegions = (told: Told | undefined): boolean =>
  told?.facts.some(({ seen }) => isUnreachable(seen)) === true;
