import { describe, expect, test } from "@jest/globals";
import { degradedIn, type Proven, refusing, type Standing, standingAfter } from "../../src/domain/proof.ts";

const ROLE = { id: "a-role", proves: "the role can be assumed", neededBy: "every move" } as const;
const OK: Proven = { kind: "ok" };
const WRONG: Proven = { kind: "wrong", what: "The role is refused.", instead: "Mend it." };
const SILENT: Proven = { kind: "unknown", why: "nobody answers" };

/** How it stands after these looks, a second apart, from 0 on. */
function seen(...looks: readonly Proven[]): Standing {
  const last = looks.reduce<Standing | undefined>(
    (before, proven, at) => standingAfter(ROLE, before, { proven, atMs: at * 1_000 }),
    undefined,
  );
  if (!last) throw new Error("nobody looked");
  return last;
}

describe("how a proof stands", () => {
  test("keeps since when, and says when it was answered last", () => {
    expect(seen(OK, OK, OK)).toMatchObject({ proven: OK, sinceMs: 0, answeredAtMs: 2_000, isSilent: false });
    expect(seen(OK, SILENT, SILENT)).toMatchObject({
      proven: SILENT,
      sinceMs: 1_000,
      answeredAtMs: 0,
      isSilent: true,
    });
    expect(seen(SILENT)).toMatchObject({ proven: SILENT, answeredAtMs: undefined });
  });

  test("guard silence mends nothing: what was answered wrong stays wrong while nobody answers, with the age of that answer", () => {
    expect(seen(WRONG, SILENT, SILENT)).toMatchObject({ proven: WRONG, sinceMs: 0, answeredAtMs: 0, isSilent: true });
    expect(seen(WRONG, SILENT, OK)).toMatchObject({ proven: OK, sinceMs: 2_000 });
  });

  test("begins again where something else is wrong", () => {
    expect(seen(WRONG, { ...WRONG, what: "The role is gone." })).toMatchObject({ sinceMs: 1_000 });
  });

  test("is degraded unless it was proven, or nobody could prove it", () => {
    const unprovable: Proven = { kind: "unprovable", why: "nobody can ask" };
    expect(degradedIn([seen(OK), seen(unprovable), seen(WRONG), seen(SILENT)])).toHaveLength(2);
  });
});

describe("what refuses a move", () => {
  const needs = (neededBy: Standing["neededBy"], standing = seen(WRONG)) => ({ ...standing, neededBy });

  test("is what is wrong and needed for it, and nothing else", () => {
    const all = [
      needs("every move"),
      needs("no move"),
      needs(["shop"]),
      needs(["other"]),
      needs("every move", seen(OK)),
    ];
    expect(refusing(all, "shop").map(({ neededBy }) => neededBy)).toEqual(["every move", ["shop"]]);
  });

  test("guard silence refuses no move: neither what gives no answer, nor what gave a wrong one before it fell silent", () => {
    expect(refusing([needs("every move", seen(SILENT)), needs("every move", seen(WRONG, SILENT))], "shop")).toEqual([]);
  });
});
