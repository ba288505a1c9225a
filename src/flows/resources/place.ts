import type { Mode } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RegionFacts, Told } from "../../domain/service/observation.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region, Service } from "../../domain/service/service.ts";
import type { CloudReads } from "../../ports/step.ts";
import type { LoadBalancer } from "./parts.ts";

/** One resource of a service, with what was discovered filled in. */
export interface Place<Settings> {
  readonly service: Service;
  /** `stores.stock`, `compute.api`, `entrance`. */
  readonly id: string;
  /** What people call it: the last word of the id. */
  readonly name: string;
  readonly resource: Settings;
  /** What users of a region reach first, as the compute says; undefined where none says it, or it is not known yet. */
  readonly front: (region: Region) => LoadBalancer | undefined;
}

/** A resource, and what a look has shown of it in the form of its kind. */
export interface Seen<Settings, Facts> extends Place<Settings> {
  readonly seen: Facts;
}

/** One look at a resource. */
export interface Looking {
  readonly cloud: CloudReads;
  /** Regions that are looked at. */
  readonly regions: readonly Region[];
  readonly signal: AbortSignal | undefined;
  /** Waits for what a region was asked, for as long as that is worth. */
  of<T>(region: Region, asked: Promise<Known<T>>): Promise<Known<T>>;
  /** The same for what belongs to no region. */
  beyondRegions<T>(asked: Promise<Known<T>>): Promise<Known<T>>;
}

/** A service that goes from one of its regions to another. */
export interface Move {
  readonly from: Region;
  readonly to: Region;
  readonly mode: Mode;
  /** The run whose rest is planned; undefined for a move that begins at the beginning. */
  readonly continues: RunState | undefined;
  /** Nothing that is looked at on the old side answers: how far its standby is behind may grow unseen, and users wait for the promotion. */
  readonly isDark: boolean;
  /** Nor does anything that a fence would close there: it can be neither fenced nor checked. */
  readonly isAllSilent: boolean;
}

/** Where a step stands in a plan. */
export interface Slot {
  /** The step's id, from what it is called in a plan with one resource of each role. */
  readonly id: (base: string) => string;
  /** Ids of the steps that must be done first. */
  readonly after: readonly string[];
}

/** Something that any change of voids the keys of a move (G3). */
export interface IdentityFact {
  readonly fact: string;
  /** Undefined: it could not be seen now, which is no change. */
  readonly value: string | undefined;
  readonly says: string;
  /** Promoting a store changes it. */
  readonly isChangedByCommit?: true;
}

/** What a kind tells of a look, in words. Whether a region could take over is a question of its own: `readiness`. */
export interface KindTold extends Omit<Told, "in"> {
  readonly in: Readonly<Record<Region, Omit<RegionFacts, "unready">>>;
}
