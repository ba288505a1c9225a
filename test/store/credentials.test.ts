import { expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import { reconnecting } from "../../src/store/credentials.ts";

const urlOf = (user: string, password: string): string => `redis://${user}:${password}@redis.example.com:6379`;

/** How the attempts to open a connection again sign in, while these URLs are to be sent. */
function signIns(urls: readonly string[], attempts: number) {
  let looks = 0;
  const url = new Secret({
    present: () => urls[0] ?? "",
    ...{ accepted: () => urls, toSend: () => urls },
    ...{ heard: () => undefined, lookSparingly: () => undefined },
    lookAgain: () => {
      looks += 1;
    },
  });
  const { retryStrategy } = reconnecting(url, (attempt) => attempt * 100);
  const account = { username: "before", password: "before" };
  const tried = Array.from({ length: attempts }, (_each, index) => {
    const pauseMs = retryStrategy.call(account, index + 1);
    return [account.username, account.password, pauseMs];
  });
  return { tried, looks };
}

test("a connection that is opened again signs in with the URL that is to be sent first, then with the others in turn", () => {
  const urls = ["first", "second", "third"].map((password) => urlOf("twokey", password));

  expect(signIns(urls, 4).tried).toEqual([
    ["twokey", "first", 100],
    ["twokey", "second", 200],
    ["twokey", "third", 300],
    ["twokey", "first", 400],
  ]);
});

test("each attempt looks again first", () => {
  expect(signIns([urlOf("twokey", "first")], 3).looks).toBe(3);
});
