import type { CallMemory, Calls } from "../flows/reach/calls.ts";

/** What was called is remembered in the process: the store is what is lost, or has no room. */
export function inProcess(): CallMemory {
  let calls: Calls | undefined;
  return {
    read: () => Promise.resolve(calls),
    change: (decide) => {
      calls = decide(calls)?.value ?? calls;
      return Promise.resolve();
    },
  };
}
