import type { RedisOptions } from "ioredis";
import type { Secret } from "../domain/secret.ts";

/** What of the options ioredis signs in with; it reads them at each connection that it opens. */
type Account = Pick<RedisOptions, "username" | "password">;

/**
 * For connections that are opened again: user and password are those of that moment. A connection that is open goes on. In turn with
 * those that were replaced a short while ago, since Redis may have the change later than the file.
 * ioredis 6.0.0 calls `retryStrategy` on the options of its own connection before each of these, so `this` is where it looks next.
 */
export function reconnecting(url: Secret, pauseMs: (attempt: number) => number) {
  return {
    retryStrategy(this: Account, attempt: number): number {
      url.lookAgain();
      const urls = url.toSend();
      const { username, password } = accountIn(urls[(attempt - 1) % urls.length] ?? url.reveal());
      this.username = username;
      this.password = password;
      return pauseMs(attempt);
    },
  };
}

function accountIn(url: string): Account {
  if (!URL.canParse(url)) return {};
  const { username, password, searchParams } = new URL(url);
  const given = (inFront: string, name: string) => (inFront === "" ? searchParams.get(name) : decoded(inFront));
  return {
    username: given(username, "username") ?? undefined,
    password: given(password, "password") ?? undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
