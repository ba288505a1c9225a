import { expect, test } from "@jest/globals";
import type { WriteVerdict } from "../../../../src/domain/service/health.ts";
import type { Part } from "../../../../src/flows/runbooks/failover/fence-part.ts";
import { triesOf } from "../../../../src/flows/runbooks/failover/write-tries.ts";
import type { LookContext } from "../../../../src/ports/step.ts";

const REFUSED: WriteVerdict = { kind: "refused", reason: "read-only transaction" };
const WRITTEN: WriteVerdict = { kind: "written" };

/** Over what a write is tried where closing ends sessions as it says, and what came of each. */
async function tried(ends: "at-once" | undefined, answers: { fresh: WriteVerdict; kept: WriteVerdict }) {
  const part = { writeCheck: "http://check", things: {}, fence: { endsSessions: () => ends } } as unknown as Part;
  const probe = { writeCheck: async () => answers.fresh, writeOverKept: async () => answers.kept };
  const cloud = { probe } as unknown as LookContext["cloud"];
  const tries = await triesOf(part, { cloud, signal: new AbortController().signal });
  return tries.map(({ session, write }) => [session, write.kind]);
}

test("a write that a new session may make, or of which nobody knows, is told, and no earlier session is asked", async () => {
  expect(await tried("at-once", { fresh: WRITTEN, kept: REFUSED })).toEqual([["a new session", "written"]]);
  const unknown: WriteVerdict = { kind: "unknown", why: "no answer" };
  expect(await tried("at-once", { fresh: unknown, kept: REFUSED })).toEqual([["a new session", "unknown"]]);
});

test("where nothing ends sessions the new one alone is asked", async () => {
  expect(await tried(undefined, { fresh: REFUSED, kept: WRITTEN })).toEqual([["a new session", "refused"]]);
});

test("where closing ends them an earlier one is asked once no new one gets in", async () => {
  expect(await tried("at-once", { fresh: REFUSED, kept: WRITTEN })).toEqual([
    ["a new session", "refused"],
    ["an earlier one", "written"],
  ]);
});
