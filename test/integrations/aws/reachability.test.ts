import { expect, test } from "@jest/globals";
import { Reachability } from "../../../src/integrations/aws/reachability.ts";

test("an endpoint is silent from the look that got no answer until one gets it, and not on the word of long ago", () => {
  const machine = { nowMs: 0 };
  const reachability = new Reachability(5_000, () => machine.nowMs);
  const isSilent = () => reachability.isSilent("ecr eu-west-1");
  expect(isSilent()).toBe(false);
  reachability.silent("ecr eu-west-1");
  expect(isSilent()).toBe(true);
  expect(reachability.isSilent("ecr eu-central-1")).toBe(false);
  // Worth asking again: what it says now is not known yet.
  machine.nowMs = 10_000;
  expect(reachability.silenceOf("ecr eu-west-1")).toBeUndefined();
  expect(isSilent()).toBe(true);
  machine.nowMs = 60_001;
  expect(isSilent()).toBe(false);
  reachability.silent("ecr eu-west-1");
  expect(isSilent()).toBe(true);
  reachability.answered("ecr eu-west-1");
  expect(isSilent()).toBe(false);
});
