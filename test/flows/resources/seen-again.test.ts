import { describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { giveBack } from "../../../src/flows/resources/seen-again.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { dark, known } from "../../harness/observed.ts";

const waiting = { cloud: fakeCloud({}), signal: new AbortController().signal };
const refused = () => Promise.reject(new StepFailed("aws-denied", "AccessDenied"));

/** What is given back is there as soon as a look says `true`; the last look is repeated. */
function looks(...seen: readonly Known<boolean>[]) {
  let count = 0;
  const see = async (): Promise<Known<boolean>> => {
    const now = seen[Math.min(count, seen.length - 1)] ?? dark("EC2");
    count += 1;
    return now;
  };
  return { awaited: { what: "the rule", see, isThere: (isOpen: boolean) => isOpen }, count: () => count };
}

describe("what a fence took away", () => {
  test("guard seen again: counts as given back when it is seen, and not when it was asked for", async () => {
    const { awaited, count } = looks(known(false), dark("EC2"), known(true));

    expect(await giveBack(async () => ({ requestIds: ["r-1"] }), awaited, waiting)).toEqual({ requestIds: ["r-1"] });
    expect(count()).toBe(3);
  });

  test("is asked for whatever a look shows: that may be older than the fence", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return { requestIds: [] };
    };

    await giveBack(ask, looks(known(true)).awaited, waiting);

    expect(asked).toBe(1);
  });

  test("is asked for again later where it is not seen, or cannot be seen", async () => {
    const ask = async () => ({ requestIds: [] });

    await expect(giveBack(ask, looks(known(false)).awaited, waiting)).rejects.toThrow("the rule is not to be seen yet");
    await expect(giveBack(ask, looks(dark("EC2")).awaited, waiting)).rejects.toThrow("the rule cannot be seen");
  });

  test("needs no call where the call is refused, and it is there", async () => {
    expect(await giveBack(refused, looks(known(true)).awaited, waiting)).toEqual({ requestIds: [] });
    await expect(giveBack(refused, looks(known(false)).awaited, waiting)).rejects.toThrow("AccessDenied");
  });
});
