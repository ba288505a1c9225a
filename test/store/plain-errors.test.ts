import { describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, TransientError, UserError } from "../../src/domain/errors.ts";
import { storeError } from "../../src/store/plain-errors.ts";

describe("what Redis says of a command", () => {
  test.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "MISCONF Redis is configured to save RDB snapshots",
    "NOAUTH Authentication required.",
    "Stream isn't writeable and enableOfflineQueue options is false",
  ])("%s: certainly nothing was done", (said) => {
    expect(storeError(new Error(said), "write")).toBeInstanceOf(TransientError);
  });

  test.each([
    "Command timed out",
    "Connection is closed.",
    "Command aborted due to connection close",
    "read ECONNRESET",
  ])("%s: a write may have been done, a read has changed nothing", (said) => {
    expect(storeError(new Error(said), "write")).toBeInstanceOf(OutcomeUnknown);
    expect(storeError(new Error(said), "read")).toBeInstanceOf(TransientError);
  });

  test("is never taken from what TwoKey itself tells people, nor from anything else", () => {
    const ours = new UserError("run-over", "The run is rolled back (aborted by Grace Lindqvist)");
    const bug = new TypeError("Cannot read properties of undefined");
    expect(storeError(ours, "write")).toBe(ours);
    expect(storeError(bug, "write")).toBe(bug);
    expect(storeError("aborted", "write")).toBe("aborted");
  });
});
