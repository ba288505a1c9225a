import { describe, expect, test } from "@jest/globals";
import { type CommandDeps, VERBS, verbNamed } from "../../src/commands/index.ts";
import type { Answer } from "../../src/commands/intent.ts";
import { createIntents, underLostStore } from "../../src/commands/route.ts";
import { UserError } from "../../src/domain/errors.ts";
import { DECISIONS } from "../../src/domain/plan-run/decision.ts";
import { example } from "../harness/example.ts";
import { guest } from "../harness/fakes/index.ts";

describe("while the state store is lost (G17)", () => {
  test("every verb that decides about a run is refused, and the failover itself", () => {
    const deciding = ["failover", ...Object.keys(DECISIONS)].filter((name) => VERBS[name] !== undefined);

    expect(deciding.length).toBeGreaterThan(5);
    expect(deciding.filter((name) => VERBS[name]?.moves !== true)).toEqual([]);
  });

  test("looking and the way on are not refused", () => {
    expect(["status", "by-hand", "accept-store", "ack"].filter((name) => VERBS[name]?.moves === true)).toEqual([]);
  });
});

describe("while the state store is lost, whatever the answer is", () => {
  const LOST = "State lost: Redis came back empty.";
  const answered = (answer: Answer) =>
    underLostStore(async () => answer, { disagreement: async () => "Redis came back empty" })({
      ...{ verb: "declare", args: [], text: "", who: guest("zed") },
    });
  const form = { title: "Declare", intent: "declare", context: "", intro: [], fields: [], submit: "Declare" };

  test("guard lost in a form: it begins with that, and an answer without a card becomes one", async () => {
    expect(await answered({ kind: "form", form })).toMatchObject({
      form: { intro: [{ kind: "text", text: expect.stringContaining(LOST) }] },
    });
    expect(await answered({ kind: "nothing" })).toMatchObject({
      ...{ kind: "whisper", card: { text: expect.stringContaining(LOST) } },
    });
  });

  test("a field that is refused says it as well, once", async () => {
    expect(await answered({ kind: "field-errors", errors: { what: "Say what is wrong.", who: "Name one." } })).toEqual({
      kind: "field-errors",
      errors: { what: expect.stringMatching(new RegExp(`^${LOST}.* Say what is wrong\\.$`)), who: "Name one." },
    });
  });
});

describe("somebody of our team whom people does not list", () => {
  test("guard guests: somebody whom people does not list reads and raises the alarm, and is refused all else", async () => {
    const answered = new Set<string>();
    for (const verb of Object.keys(VERBS)) {
      const error = await askAs(verb).catch((caught: unknown) => caught);
      if (!(error instanceof UserError)) answered.add(verb);
      else
        expect(`${error.code}: ${error.message}`).toMatch(
          /^person-unknown: .*listed under people in twokey.yaml.*Ask the owners.*\/dr status/,
        );
    }
    expect(answered).toEqual(new Set(["by-hand", "declare", "help", "oncall", "status", "timeline"]));
  });

  test("guard unproven: where no door could prove that somebody is a member they raise the alarm, and read nothing", async () => {
    const answered = new Set<string>();
    for (const verb of Object.keys(VERBS)) {
      const error = await askAs(verb, guest("zed", "claimed")).catch((caught: unknown) => caught);
      const code = error instanceof UserError ? error.code : "";
      if (!["person-unknown", "guest-unproven"].includes(code)) answered.add(verb);
      else if (code === "guest-unproven")
        expect(error).toMatchObject({ message: expect.stringContaining("/dr declare") });
    }
    expect(answered).toEqual(new Set(["declare", "help"]));
  });
});

describe("a verb that there is not", () => {
  test.each([
    ["failovr", "Did you mean /dr failover?"],
    ["staus", "Did you mean /dr status?"],
    ["takeover", "Did you mean /dr take-over?"],
    ["wiat", "Did you mean /dr wait?"],
  ])("%s is answered with the nearest one", async (verb, meant) => {
    await expect(askAs(verb)).rejects.toMatchObject({ code: "verb-unknown", message: expect.stringContaining(meant) });
  });

  test.each([
    ["incident", "declare"],
    ["close", "resolve"],
    ["page", "escalate"],
    ["who", "oncall"],
    ["hold", "wait"],
    ["postpone", "wait"],
  ])("%s is another word for %s", (word, verb) => {
    expect(verbNamed(word)).toBe(VERBS[verb]);
  });

  test("rollback is answered with what there is instead", async () => {
    await expect(askAs("rollback")).rejects.toMatchObject({
      ...{ code: "verb-unknown", message: expect.stringMatching(/\/dr abort.*failover of its own/) },
    });
  });

  test.each(["xyzzy", "constructor", "toString"])(
    "%s, which is like none, is answered with the way to the list",
    async (verb) => {
      const error = await askAs(verb).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "verb-unknown", message: expect.stringContaining("/dr help") });
      expect(String(error)).not.toContain("Did you mean");
    },
  );
});

/** Nothing is there that a handler could use: whatever gets past the table fails on that. */
async function askAs(verb: string, who = guest()) {
  const nothing = new Proxy(
    {},
    {
      get: () => {
        throw new Error("a handler was reached");
      },
    },
  );
  const deps = { run: nothing, recovery: nothing, incident: nothing } as CommandDeps; // never read
  return createIntents(deps, () => example("inventory"))({ verb, args: [], text: "", who });
}
