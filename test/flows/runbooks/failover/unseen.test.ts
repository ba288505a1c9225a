import { expect, test } from "@jest/globals";
import { placesOf, seenOf } from "../../../../src/flows/resources/places.ts";
import { unseenOn } from "../../../../src/flows/runbooks/failover/unseen.ts";
import { example } from "../../../harness/example.ts";
import { homeIsDark, seenOn } from "../../../harness/observed.ts";
import { serviceIn } from "../../../harness/plans.ts";

const service = serviceIn(example("inventory"));
const { home: from } = service;
const all = placesOf(service).map((place) => seenOf(place, seenOn(service, homeIsDark(service))));
/** Stores of whose writes people have to sign that nobody saw them fail, and why. */
const unproven = (isAllSilent: boolean, writes?: Parameters<typeof unseenOn>[2]) =>
  unseenOn(all, { from, isAllSilent }, writes).writeChecks.map(({ at, why }) => [at.id, why]);

test("where all of the old side is silent, a store that was asked for no write counts as one whose writes nobody saw fail", () => {
  expect(unproven(true)).toEqual([["stores.stock", `${from} is silent`]]);
  expect(unproven(false)).toEqual([]);
});

test("a write check without an answer says why, however much of the old side is silent", () => {
  const writes = { "stores.stock": { [from]: { kind: "unknown" as const, why: "timed out" } } };

  for (const isAllSilent of [true, false])
    expect(unproven(isAllSilent, writes)).toEqual([["stores.stock", "timed out"]]);
});
