import { expect, test } from "@jest/globals";
import { rebootFailover } from "../../../../src/flows/runbooks/reboot-failover/reboot-failover.ts";

test.each([
  ["", { kind: "wish", wish: {} }],
  ["store guests", { kind: "wish", wish: { store: "guests" } }],
  ["onto guests-2", { kind: "wish", wish: { target: "guests-2" } }],
  ["onto guests-2 store guests", { kind: "wish", wish: { store: "guests", target: "guests-2" } }],
  // The id of a run, for `/dr replan`: no name of a store stands alone.
  ["F-7KQ2MX", { kind: "not-understood", word: "F-7KQ2MX" }],
  ["store", { kind: "not-understood", word: "store" }],
  ["store guests now", { kind: "not-understood", word: "now" }],
  ["constructor guests", { kind: "not-understood", word: "constructor" }],
])("the words “%s” after the service", (typed, read) => {
  expect(rebootFailover.words(typed.split(" ").filter((word) => word !== ""))).toEqual(read);
});
