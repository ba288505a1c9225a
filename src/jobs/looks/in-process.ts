import { type CallMemory, type Calls, NOBODY_CALLED } from "../../flows/reach/calls.ts";

/** What was called is remembered in the process: the store is what is lost, or has no room. */
export function inProcess(): CallMemory {
  return remembering(undefined);
}

/** The same for somebody who may have called under these keys before this process began. */
export function calledBefore(open: readonly string[]): CallMemory {
  return remembering({ ...NOBODY_CALLED, open: [...open] });
}

function remembering(first: Calls | undefined): CallMemory {
  let calls = first;
  return {
    read: () => Promise.resolve(calls),
    change: (decide) => {
      calls = decide(calls)?.value ?? calls;
      return Promise.resolve();
    },
  };
}
