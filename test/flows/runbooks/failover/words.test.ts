import { expect, test } from "@jest/globals";
import { failover } from "../../../../src/flows/runbooks/failover/failover.ts";

test.each([
  ["", { kind: "wish", wish: {} }],
  ["to eu-central-1", { kind: "wish", wish: { to: "eu-central-1" } }],
  ["planned", { kind: "wish", wish: { mode: "planned" } }],
  ["to eu-central-1 planned", { kind: "wish", wish: { to: "eu-central-1", mode: "planned" } }],
  ["unplanned to eu-central-1", { kind: "wish", wish: { to: "eu-central-1", mode: "unplanned" } }],
  // A region alone, or behind another word, may as well be the one that is left.
  ["eu-central-1", { kind: "not-understood", word: "eu-central-1" }],
  ["from eu-west-1", { kind: "not-understood", word: "from" }],
  ["from eu-west-1 to eu-central-1", { kind: "not-understood", word: "from" }],
  ["planned eu-central-1", { kind: "not-understood", word: "eu-central-1" }],
  ["to", { kind: "not-understood", word: "to" }],
  ["to eu-central-1 now", { kind: "not-understood", word: "now" }],
])("the words “%s” after the service", (typed, read) => {
  expect(failover.words(typed.split(" ").filter((word) => word !== ""))).toEqual(read);
});
