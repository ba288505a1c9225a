import { StepFailed } from "../../../domain/errors.ts";
import type { Part } from "./fence-part.ts";

interface Left {
  readonly region: string;
  /** Id of the run that stops. */
  readonly run: string;
  readonly why: string;
}

/**
 * The key holders signed for an old database that loses every other session. Where that could not be done nobody agreed to go on,
 * and nothing irreversible has begun: people decide.
 */
export function sessionsLeft({ fence, things, resource }: Part, { region, run, why }: Left): StepFailed {
  const says = `${resource} is closed, and programs that were connected may still write to it: ${why}`;
  const ways = [
    ...(fence.sessionsByHand?.(things) ?? []),
    `Two approvers then say what was done, in words: /dr take-over ${run} <what was done>. All commands: /dr by-hand ${run}.`,
    `Look again: /dr retry ${run}. Where a process of TwoKey signed in before the database was closed, it can still end them.`,
    `Accept in words that sessions are left: /dr replan ${run}. The new plan says so, and two keys on it go on.`,
    `Give ${region} back: /dr abort ${run}. Nothing irreversible has begun.`,
  ];
  return new StepFailed("sessions-left", says, { facts: { mustAsk: true, region, ways: ways.join("\n") } });
}
