import { expect, test } from "@jest/globals";
import type { WriteVerdict } from "../../src/domain/service/health.ts";
import { writeCheckProofs } from "../../src/flows/write-checks.ts";
import { example } from "../harness/example.ts";

const inventory = example("inventory");

/** What the proof of the first write check makes of this answer. */
const proven = (verdict: WriteVerdict) =>
  writeCheckProofs(inventory.services, { writeCheck: async () => verdict })[0]?.prove(new AbortController().signal);

test("there is one for each store and region, and no move is refused by what it said within the hour: the plan asks it again", () => {
  const proofs = writeCheckProofs(inventory.services, { writeCheck: async () => ({ kind: "written" }) });
  expect(proofs.map(({ id, neededBy, service }) => [id, neededBy, service])).toEqual([
    ["write-check:inventory:stores.stock:eu-west-1", "no move", "inventory"],
    ["write-check:inventory:stores.stock:eu-central-1", "no move", "inventory"],
  ]);
});

test("each of the two agreed answers is right, whichever the day brings", async () => {
  expect(await proven({ kind: "written" })).toEqual({ kind: "ok" });
  expect(await proven({ kind: "refused", reason: "read-only transaction" })).toEqual({ kind: "ok" });
});

test("guard a gateway's trouble is silence: what answers 5xx is not known, as what gives no answer; any other answer is wrong", async () => {
  expect(await proven({ kind: "unknown", why: "no answer" })).toMatchObject({ kind: "unknown" });
  expect(await proven({ kind: "unknown", why: "answered 504", status: 504 })).toMatchObject({ kind: "unknown" });
  expect(await proven({ kind: "unknown", why: "answered 500", status: 500 })).toMatchObject({ kind: "unknown" });
  expect(await proven({ kind: "unknown", why: "answered 499", status: 499 })).toMatchObject({ kind: "wrong" });
  const wrong = await proven({ kind: "unknown", why: "answered 403 with <html>", status: 403 });
  expect(wrong).toMatchObject({ kind: "wrong", what: expect.stringContaining("HTTP 403") });
  expect(JSON.stringify(wrong)).not.toContain("<html>");
});
