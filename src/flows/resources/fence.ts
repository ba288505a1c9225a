import type { ZodType } from "zod";
import type { ByHandBlock } from "../../domain/plan-run/by-hand.ts";
import type { Marker } from "../../domain/plan-run/fence.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Permission } from "../../ports/permission.ts";
import type { Hold, LookContext, StepContext } from "../../ports/step.ts";
import type { Place, Seen } from "./place.ts";

type Context = Pick<StepContext, "cloud" | "signal" | "tries">;
/** `marks`: a planned move; a store that can writes a row when the last writer is shut out. */
type Closing = Context & { readonly marks?: Hold };
type Looking = Pick<LookContext, "cloud" | "signal">;

/** What has become of the sessions that were open. Not proven: nobody looked, or some may be left. */
export interface SessionsEnded {
  readonly isProven: boolean;
  readonly says: string;
}

export interface Closed {
  readonly requestIds: readonly string[];
  /** Present where closing it ends sessions over a connection of TwoKey's own. */
  readonly sessions?: SessionsEnded | undefined;
  /** The row that was written as `marks` asks for. */
  readonly marker?: Marker;
}

/**
 * How a kind's writers are stopped in one region, and given back. A plan holds the `things` that are closed, every choice
 * made; what stood there before is captured, and undo puts exactly that back. Errors: those of a step.
 */
export interface Fence<Settings, Facts, Things, Captured> {
  readonly things: ZodType<Things>;
  readonly captured: ZodType<Captured>;
  /** `seen`: what a look has shown of it, where there was one. */
  thingsOf(place: Place<Settings>, region: Region, seen?: Facts): Things;
  /** What they are about, whatever else is written of them: the same in every plan. */
  idOf(things: Things): string;
  /** What a look has shown of it there. */
  seenIn(at: Seen<Settings, Facts>, region: Region): Known<Captured>;
  see(things: Things, context: Looking): Promise<Known<Captured>>;
  isClosed(now: Captured): boolean;
  /**
   * What has to be entered before anything is closed, since nobody gets in later. With `marks` it throws where it could not write that
   * row: nothing is stopped yet. Without, who cannot sign in closes all the same.
   */
  signIn?(things: Things, context: Closing): Promise<void>;
  /** Closes what is still open. */
  close(things: Things, now: Known<Captured>, context: Closing): Promise<Closed>;
  /** For how long that may go on, as far as a look has shown it. World time. */
  lastsMs?(at: Seen<Settings, Facts>, region: Region): number | undefined;
  /** What has not ended yet of what was stopped, in words, such as tasks that drain: they go on writing. Undefined: nothing. */
  left?(things: Things, context: Looking): Promise<Known<string | undefined>>;
  /** It is proven, or given back: what closing kept open for a further try is not needed any more. */
  letGo?(things: Things, context: Looking): Promise<void>;
  /** Puts back what was captured, and ends when that is seen. It asks whatever a look shows: that may be older than the fence. */
  reopen(things: Things, captured: Captured, context: Context): Promise<readonly string[]>;
  /** The same for people. */
  reopenByHand(things: Things, captured: Captured): readonly ByHandBlock[];
  /** What has been put back, in words. */
  says(captured: Captured): string;
  /** `descriptor`: as of `signInByHand`. */
  byHand(things: Things, descriptor: number): readonly ByHandBlock[];
  /** The same as `signIn`, for people: what they enter stays open on that file descriptor of their shell, 3 to 9. */
  signInByHand?(things: Things, descriptor: number): readonly ByHandBlock[];
  /** URL that tries one write on exactly this store there; kinds that keep no data have none. */
  writeCheck?(place: Place<Settings>, region: Region): string;
  /** What may still let somebody in when it is closed, in words, as far as a look has shown it. */
  leavesOpen?(at: Seen<Settings, Facts>, region: Region): readonly string[];
  /** What is closed although nobody can see whom that cuts off besides, in words. */
  cutsUnseen?(at: Seen<Settings, Facts>, region: Region): readonly string[];
  /**
   * How closing it ends every session that is open: `at-once`, and the write check keeps one that proves it; or `over-connection`,
   * which `close` says itself. Undefined: they end with what holds them.
   */
  endsSessions?(things: Things): "at-once" | "over-connection" | undefined;
  /** How people end sessions of what is closed already, a sentence each. */
  sessionsByHand?(things: Things): readonly string[];
  /** Settings that are not in the file and would prove it there, for people who read that nothing does; undefined: none would. */
  sessionsProvenBy?(at: Seen<Settings, Facts>, region: Region): string | undefined;
  /** What closing, and giving back what was captured, need beyond looking. */
  permissions(things: Things, captured: Captured | undefined): readonly Permission[];
}
