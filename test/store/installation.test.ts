import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import { claimStore, type Installation } from "../../src/store/installation.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

const OURS: Installation = { whose: WHOSE, ledgerKey: LEDGER_KEY };
const REHEARSAL = { ...WHOSE, world: "rehearsal" } as const;
const claim = async (change: Partial<Installation> = {}) => claimStore(await bench.connect(), { ...OURS, ...change });

test("the store of an installation is taken by each of its processes", async () => {
  await claim();
  await expect(claim()).resolves.toBeUndefined();
});

test("guard installation: what a rehearsal or another environment left behind is never taken for production's", async () => {
  await claim({ whose: REHEARSAL });

  await expect(claim()).rejects.toMatchObject({ code: "redis-other-installation" });
  await expect(claim({ whose: { ...REHEARSAL, environment: "staging" } })).rejects.toMatchObject({
    code: "redis-other-installation",
  });
});

test("a process with another ledger key is refused: its keys would count for nothing with the others", async () => {
  await claim();

  await expect(claim({ ledgerKey: new Secret("x".repeat(40)) })).rejects.toMatchObject({ code: "ledger-key-differs" });
});
