import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../../../src/domain/errors.ts";
import { endOthers } from "../../../../../src/flows/resources/stores/rds-replica/end-over-connection.ts";
import type { DatabaseSession, OwnSession } from "../../../../../src/ports/database-sessions.ts";
import { fakeCloud } from "../../../../harness/fakes/index.ts";

const sessionOf = (user: string, id: number): DatabaseSession => ({ id, user, from: "10.0.0.77" });
const REPORTS = sessionOf("reports", 1);
const CLIENT = sessionOf("client", 2);

/** `looks`: what is open at each look; the last one counts for all that follow. `may` says why one may not be ended. */
function database(
  looks: readonly (readonly DatabaseSession[])[],
  why: (session: DatabaseSession) => string = () => "",
) {
  const told: string[] = [];
  let looked = 0;
  const own: OwnSession = {
    others: async () => {
      looked += 1;
      return looks[looked - 1] ?? looks.at(-1) ?? [];
    },
    mark: () => Promise.reject(new Error("nothing is marked")),
    end: async (sessions) => {
      told.push(...sessions.map(({ user }) => user));
      return sessions.flatMap((session) => (why(session) === "" ? [] : [{ session, why: why(session) }]));
    },
  };
  return { own: { known: true, value: own, atMs: 0 } as const, told, looked: () => looked };
}

const context = () => {
  const slept: number[] = [];
  const clock = { sleep: async (worldMs: number) => void slept.push(worldMs) };
  return { cloud: fakeCloud({ clock }), signal: new AbortController().signal, slept };
};

describe("ending every other session", () => {
  test("is over when none is left, and says how many were ended", async () => {
    const { own } = database([[REPORTS, CLIENT], [CLIENT], []]);

    expect(await endOthers(own, context())).toEqual({
      isProven: true,
      says: "2 other sessions were ended, and none is open",
    });
  });

  test("guard empty looks: is not over at one empty look, for who is signing in meanwhile stands in no list: three in a row, seconds apart", async () => {
    const { own, told, looked } = database([[REPORTS], [], [CLIENT], [], [], [CLIENT], []]);
    const at = context();

    expect(await endOthers(own, at)).toMatchObject({ isProven: true });

    expect(told).toEqual(["reports", "client", "client"]);
    expect([looked(), at.slept]).toEqual([9, Array.from({ length: 8 }, () => 2_000)]);
  });

  test("goes on with the others where one may not be ended, and says which is left, and why", async () => {
    const mayNot = ({ user }: DatabaseSession) => (user === "reports" ? "permission denied" : "");
    const { own, told } = database([[REPORTS, CLIENT], [REPORTS]], mayNot);

    const said = await endOthers(own, context());

    expect(told).toEqual(["reports", "client", "reports"]);
    expect(said).toEqual({
      ...{ isProven: false, says: "TwoKey may not end the session of reports from 10.0.0.77 (permission denied)" },
    });
  });

  test("names those that stay open although they were ended, and no more than three", async () => {
    const { own } = database([["a", "b", "c", "d"].map((user, id) => sessionOf(user, id))]);

    expect((await endOthers(own, context())).says).toMatch(
      /^TwoKey was to end .+ c from 10\.0\.0\.77 and 1 more, open still$/,
    );
  });

  test("is not proven where the connection ends meanwhile", async () => {
    const { own } = database([[REPORTS]]);
    const cut = { ...own.value, end: () => Promise.reject(new TransientError("database-asked", "it gave no answer")) };

    expect(await endOthers({ ...own, value: cut }, context())).toEqual({ isProven: false, says: "it gave no answer" });
  });
});
