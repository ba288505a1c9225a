import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { leave } from "../../src/store/leave.ts";

const server = createServer((socket) => socket.destroy());
afterEach(() => void server.close());

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a connection that is left between two connections holds no process: no timer of it stands", async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const redis = new Redis(port, "127.0.0.1", { enableReadyCheck: false, retryStrategy: () => 60_000 });
  redis.on("error", () => undefined);
  await new Promise((resolve) => {
    redis.once("reconnecting", resolve);
  });
  const before = timers();

  leave(redis);

  // Nor the one that would have opened it again.
  expect(timers()).toBe(before - 1);
});
