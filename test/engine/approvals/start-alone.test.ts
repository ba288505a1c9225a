import { expect, test } from "@jest/globals";
import { startAlone } from "../../../src/engine/approvals/start-alone.ts";
import type { Runs } from "../../../src/ports/runs.ts";
import { example } from "../../harness/example.ts";
import { clockAt, quietLedger, who } from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const run = proposed(example("inventory"));
const alone = { ...run, plan: { ...run.plan, keysRequired: 0 } };
const FARID = { id: "farid", name: "Farid", proof: who("farid").proof };

/** What was done, in order, of a start while its service cools down until then. */
async function starting(coolDownUntilMs: number | undefined, { isKept }: { readonly isKept: boolean }) {
  const did: string[] = [];
  const runs = {
    coolDownUntil: async () => coolDownUntilMs,
    append: async () => {
      did.push("begun");
      return { kind: "appended", run: alone };
    },
  } as unknown as Runs;
  const deps = {
    ...{ runs, clock: clockAt(() => AT) },
    ledger: quietLedger({ append: async ({ kind }) => void did.push(`ledger: ${kind}`) }),
    wake: { run: async (id: string) => void did.push(`woken: ${id}`) } as never,
  };
  const keep = async () => void did.push("kept");
  const code = await startAlone(alone, { requester: FARID, ...(isKept ? {} : { keep }) }, deps).then(
    () => "started",
    (error: unknown) => Reflect.get(Object(error), "code"),
  );
  return { code, did };
}

test("guard cooling down: while its service cools down nothing is kept, and nothing of a start stands in the ledger", async () => {
  for (const isKept of [true, false])
    expect(await starting(AT + 1, { isKept })).toEqual({ code: "service-cooling-down", did: [] });
});

test.each([undefined, AT])(
  "a start stands in the ledger before its plan is kept, and then it begins (cooled down until %s)",
  async (untilMs) => {
    const rest = ["begun", "woken: F-1"];
    expect(await starting(untilMs, { isKept: false })).toEqual({
      code: "started",
      did: ["ledger: started", "kept", ...rest],
    });
    expect(await starting(untilMs, { isKept: true })).toEqual({ code: "started", did: ["ledger: started", ...rest] });
  },
);
