import { expect, test } from "@jest/globals";
import { guardedSessions } from "../../../src/integrations/databases/sessions.ts";
import type { DatabaseLogin, DatabaseSessions, Marker } from "../../../src/ports/database-sessions.ts";

const LOGIN: DatabaseLogin = {
  ...{ region: "eu-west-1", instance: "stock", engine: "postgres", host: "stock.example.com", port: 5432 },
  ...{ database: "postgres", user: "twokey", password: "DATABASE_STOCK", caFile: "ca.pem" },
};
const OTHERS = [1, 2, 3].map((id) => ({ id, user: "client", from: "10.0.0.1" }));

/** A database whose sessions end as they are asked to, behind a guard whose proofs hold as often as said. */
async function guarded(holds: readonly boolean[]) {
  const ended: number[] = [];
  const written: Marker[] = [];
  const sessions: DatabaseSessions = {
    count: () => Promise.reject(new Error("nobody counts")),
    leave: async () => undefined,
    canMark: () => Promise.reject(new Error("nobody asks")),
    isMarked: () => Promise.reject(new Error("nobody looks")),
    enter: async () => ({
      ...{ known: true, atMs: 0 },
      value: {
        others: async () => OTHERS,
        end: async (all) => {
          ended.push(...all.map(({ id }) => id));
          return all.flatMap((session) => (session.id === 2 ? [{ session, why: "may not" }] : []));
        },
        mark: async (_table, marker) => void written.push(marker),
      },
    }),
  };
  let asked = 0;
  const guard = {
    prove: async () => {
      const answer = holds[asked] ?? false;
      asked += 1;
      return { holds: () => answer };
    },
  };
  const own = await guardedSessions(sessions, guard).enter(LOGIN);
  if (!own.known) throw new Error(own.why);
  return { own: own.value, written, ended, asked: () => asked };
}

test("guard session proof: ends no session on a proof that has run out, and asks again for each", async () => {
  const { own, ended, asked } = await guarded([true, true, false]);

  await expect(own.end(OTHERS)).rejects.toThrow("proof ran out");

  expect([ended, asked()]).toEqual([[1, 2], 3]);
});

test("each is tried, although another one may not be ended, and what is left is told", async () => {
  const { own, ended } = await guarded([true, true, true]);

  expect(await own.end(OTHERS)).toEqual([{ session: OTHERS[1], why: "may not" }]);
  expect(ended).toEqual([1, 2, 3]);
});

test("a look at the sessions needs no proof", async () => {
  const { own, asked } = await guarded([]);

  expect(await own.others()).toEqual(OTHERS);
  expect(asked()).toBe(0);
});

test("guard marker proof: a marker row is written on a proof that holds, and not without one", async () => {
  const { own, written } = await guarded([true, false]);
  const first = { run: "F-1", epoch: 1, number: 1 };

  await own.mark("twokey_marker", first);
  await expect(own.mark("twokey_marker", { ...first, number: 2 })).rejects.toThrow("proof ran out");

  expect(written).toEqual([first]);
});
