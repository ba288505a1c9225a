import type { RunStateName } from "./run.ts";

/** How people hear the state of a run: in a sentence, after "The run is". */
const STATE_WORDS: Readonly<Record<RunStateName, string>> = {
  "waiting-for-keys": "waiting for keys",
  running: "running",
  paused: "paused",
  unwinding: "rolling back",
  stopped: "stopped",
  stuck: "stuck",
  verified: "verified",
  unwound: "rolled back",
  closed: "closed",
  superseded: "continued by another plan",
};

export const sayState = (state: RunStateName): string => STATE_WORDS[state];
