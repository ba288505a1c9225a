import { afterEach, describe, expect, test } from "@jest/globals";
import type { Proven } from "../../../src/domain/proof.ts";
import { proveOne } from "../../../src/jobs/looks/prove.ts";
import { Proving, type ProvingDeps } from "../../../src/jobs/looks/proving.ts";
import type { Proof } from "../../../src/ports/proof.ts";
import { eventually } from "../../harness/eventually.ts";
import { MINUTE, silent, testClock } from "../../harness/fakes/index.ts";

const WRONG: Proven = { kind: "wrong", what: "It is refused.", instead: "Mend it." };

let proving: Proving | undefined;
afterEach(() => proving?.stop());

function proofOf(id: string, prove: Proof["prove"]): Proof {
  return { id, proves: `${id} is right`, neededBy: "every move", prove };
}

function started(proofs: readonly Proof[], deps: Partial<ProvingDeps> = {}) {
  const clock = testClock();
  let told = 0;
  const tell = async () => {
    told += 1;
  };
  proving = new Proving({
    ...{ proofs: () => proofs, clock, logger: silent, tell },
    ...{ turnEveryMs: 5, atLeastMs: 0, ...deps },
  });
  proving.start();
  /** Resolves when some more turns are over: each tells how it stands. */
  const turns = async () => {
    const enough = told + 5;
    await eventually("more turns", () => told >= enough || undefined);
  };
  return { clock, proving, turns };
}

/** One that counts how often it was looked at, and answers what it is told to. */
function counted(id: string, answer: () => Promise<Proven>) {
  const seen = { looks: 0 };
  const proof = proofOf(id, () => {
    seen.looks += 1;
    return answer();
  });
  return { proof, seen };
}

describe("a look at everything afresh, as after a secret has changed", () => {
  test("asks once more what was being asked, since that began with what was there before", async () => {
    const begun: ((proven: Proven) => void)[] = [];
    const { proof, seen } = counted("key", () => new Promise<Proven>((resolve) => void begun.push(resolve)));
    const at = started([proof]);
    await eventually("first look", () => begun.length === 1 || undefined);
    const afresh = at.proving.afresh();
    begun[0]?.({ kind: "ok" });
    await eventually("second look", () => begun.length === 2 || undefined);
    begun[1]?.(WRONG);
    await afresh;
    expect([seen.looks, at.proving.standings()[0]?.proven]).toEqual([2, WRONG]);
  });
});

describe("the hourly look", () => {
  test("leaves alone what holds for an hour, and looks at what does not each minute", async () => {
    let answer: Proven = { kind: "ok" };
    const { proof, seen } = counted("key", async () => answer);
    const at = started([proof]);
    await eventually("first look", () => at.proving.standings()[0]?.proven.kind === "ok" || undefined);
    at.clock.move(59 * MINUTE);
    await at.turns();
    expect(seen.looks).toBe(1);
    answer = WRONG;
    at.clock.move(MINUTE);
    await eventually("what is wrong", () => at.proving.standings()[0]?.proven.kind === "wrong" || undefined);
    answer = { kind: "ok" };
    at.clock.move(MINUTE);
    await eventually("what is mended", () => at.proving.standings()[0]?.proven.kind === "ok" || undefined);
    expect(seen.looks).toBe(3);
  });

  test("of something that hangs holds up no other, and is never begun twice", async () => {
    const { proof: hung, seen } = counted("hung", () => new Promise<never>(() => undefined));
    const at = started([hung, proofOf("quick", async () => ({ kind: "ok" }))]);
    const kinds = () => at.proving.standings().map(({ proven }) => proven.kind);
    await eventually("the quick one", () => kinds()[1] === "ok" || undefined);
    at.clock.move(120 * MINUTE);
    await at.turns();

    expect([kinds()[0], seen.looks]).toEqual(["pending", 1]);
  });

  test.each<[string, Proven, string]>([
    ["that all of it is proven", { kind: "ok" }, "Everything that TwoKey stands on is proven"],
    [
      "that it works although something is wrong",
      WRONG,
      "TwoKey works, but not everything that it stands on is proven",
    ],
  ])("says once after a start %s", async (_what, answer, says) => {
    const said: string[] = [];
    const note = (_facts: object, sentence: string) => void said.push(sentence);
    const logger = { ...silent, info: note, warn: note };
    const at = started([proofOf("key", async () => answer)], { logger });
    await eventually("what is said", () => said.includes(says) || undefined);
    await at.turns();

    expect(said.filter((sentence) => sentence.includes("stands on is proven"))).toEqual([says]);
  });

  test("can be made now, and is waited for", async () => {
    let answer: Proven = WRONG;
    const at = started([proofOf("key", async () => answer)]);
    await eventually("first look", () => at.proving.standings()[0]?.proven.kind === "wrong" || undefined);
    answer = { kind: "ok" };
    await at.proving.again(["key"]);

    expect(at.proving.standings()[0]?.proven).toEqual({ kind: "ok" });
  });

  test("follows the file: what is taken out of it is told of no more", async () => {
    const proofs = [proofOf("a", async () => WRONG), proofOf("b", async () => WRONG)];
    const at = started(proofs);
    await eventually("both", () => at.proving.standings().every(({ sinceMs }) => sinceMs > 0) || undefined);
    proofs.pop();

    expect(at.proving.standings().map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("one proof", () => {
  test("guard no answer in time: that gives no answer in time is unknown, and is told that nobody waits any more", async () => {
    let given: AbortSignal | undefined;
    const hangs = proofOf("hung", (signal) => {
      given = signal;
      return new Promise<never>(() => undefined);
    });

    expect(await proveOne(hangs, { withinMs: 20 })).toMatchObject({ kind: "unknown" });
    expect(given?.aborted).toBe(true);
  });

  test("that throws is unknown, and what was thrown is not repeated", async () => {
    const throws = proofOf("broken", () => Promise.reject(new Error("xoxb-secret")));

    expect(JSON.stringify(await proveOne(throws))).not.toContain("xoxb");
    expect(await proveOne(throws)).toMatchObject({ kind: "unknown" });
  });
});
