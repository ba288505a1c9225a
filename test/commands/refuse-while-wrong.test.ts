import { describe, expect, test } from "@jest/globals";
import { refuseWhileWrong } from "../../src/commands/refuse-while.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { NeededBy, Proven, Standing } from "../../src/domain/proof.ts";
import { AT } from "../harness/observed.ts";

const WRONG: Proven = { kind: "wrong", what: "STS refuses the role.", instead: "Mend its trust policy." };
const OK: Proven = { kind: "ok" };

const standing = (neededBy: NeededBy, proven: Proven): Standing => ({
  ...{ id: "a-role", proves: "the role can be assumed", neededBy, proven },
  ...{ sinceMs: AT, answeredAtMs: AT, isSilent: false },
});

/** What somebody is told who asks for a plan of the shop, where it stands so before a look that is made now, and after it. */
async function asking(
  before: Standing,
  { after = before, ...wanted }: { after?: Standing; continues?: RunState } = {},
): Promise<string> {
  let now = before;
  const proven = {
    standings: () => [now],
    again: async () => {
      now = after;
    },
  };
  return refuseWhileWrong({ service: { name: "shop" }, ...wanted }, { proven }).then(
    () => "planned",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const REFUSED = "No plan for shop: STS refuses the role. Mend its trust policy. Nothing was changed.";

describe("a move while something that it needs is wrong", () => {
  test("guard wrong refuses: is refused, with what is wrong and what to do", async () => {
    expect(await asking(standing("every move", WRONG))).toBe(REFUSED);
    expect(await asking(standing(["shop"], WRONG))).toBe(REFUSED);
  });

  test("is planned where it does not need it, or it is mended at the look that is made now", async () => {
    expect(await asking(standing("no move", WRONG))).toBe("planned");
    expect(await asking(standing(["other"], WRONG))).toBe("planned");
    expect(await asking(standing("every move", WRONG), { after: standing("every move", OK) })).toBe("planned");
  });

  test("is planned where it has fallen silent by now: a dark region is left", async () => {
    const after = { ...standing("every move", WRONG), isSilent: true };
    expect(await asking(standing("every move", WRONG), { after })).toBe("planned");
  });

  test("of which a run has begun already needs what every move needs, and no more", async () => {
    const continues = {} as RunState;
    expect(await asking(standing(["shop"], WRONG), { continues })).toBe("planned");
    expect(await asking(standing("every move", WRONG), { continues })).toBe(REFUSED);
  });
});
