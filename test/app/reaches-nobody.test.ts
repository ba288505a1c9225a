import { expect, test } from "@jest/globals";
import { reachesNobody } from "../../src/app/reaches-nobody.ts";
import type { Proven } from "../../src/domain/proof.ts";

const asks = (asked: number, failed: number) => ({ asked, failed, typicalMs: 100 });
const DARK = asks(3, 3);
const vendor = (proven: Proven | "throws") => ({
  prove: async (): Promise<Proven> => {
    if (proven === "throws") throw new Error("fetch failed");
    return proven;
  },
});
const SILENT = vendor({ kind: "unknown", why: "Slack gives no answer" });
const REFUSES = vendor({ kind: "wrong", what: "The token is refused.", instead: "Set it." });

test("a process is cut off where every call to AWS fails and no vendor answers; one that throws has not answered", async () => {
  const cut = reachesNobody({ vendors: () => [SILENT, vendor("throws")], answers: () => [DARK, asks(0, 0)] });

  expect(await cut()).toBe(true);
});

test.each([
  ["a region answers", [DARK, asks(4, 3)], [SILENT]],
  ["AWS was asked nothing lately", [asks(0, 0)], [SILENT]],
  ["a vendor answers, if only to refuse", [DARK], [SILENT, REFUSES]],
  [
    "a vendor answers, and another one never does",
    [DARK],
    [REFUSES, { prove: () => new Promise<never>(() => undefined) }],
  ],
])("it is not where %s", async (_what, answers, vendors) => {
  expect(await reachesNobody({ vendors: () => vendors, answers: () => answers })()).toBe(false);
});

test("vendors are asked only where AWS is silent everywhere, and once in half a minute", async () => {
  let asked = 0;
  let answers = [DARK, asks(2, 0)];
  const counted = {
    prove: async (): Promise<Proven> => {
      asked += 1;
      return { kind: "unknown", why: "there is no answer" };
    },
  };
  const cut = reachesNobody({ vendors: () => [counted], answers: () => answers });

  await cut();
  expect(asked).toBe(0);
  answers = [DARK];
  await Promise.all([cut(), cut()]);
  await cut();
  expect(asked).toBe(1);
});
