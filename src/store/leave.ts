import type { Redis } from "ioredis";

/**
 * Ends a connection. One that has ended already is left alone: ioredis would wait two seconds for its socket to close, which it
 * has done, and hold the process for as long.
 */
export function leave(redis: Redis): void {
  if (redis.status === "end") return;
  redis.disconnect();
  // Between two connections it waits as well, for the socket of the one before: it hears here that this is closed.
  if (redis.stream?.closed) redis.stream.emit("close");
}
