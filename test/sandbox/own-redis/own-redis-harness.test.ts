import { expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { freshRedisUrl } from "../../harness/redis.ts";

test("every asker gets an empty database of its own on the run's server", async () => {
  const urls = await Promise.all(Array.from({ length: 12 }, () => freshRedisUrl()));
  expect(new Set(urls).size).toBe(12);
  const clients = urls.map((url) => new Redis(url));
  try {
    expect(await Promise.all(clients.map((redis) => redis.dbsize()))).toEqual(urls.map(() => 0));
    await Promise.all(clients.map((redis, index) => redis.set("who", index)));
    expect(await Promise.all(clients.map((redis) => redis.get("who")))).toEqual(
      urls.map((_url, index) => String(index)),
    );
  } finally {
    for (const redis of clients) redis.disconnect();
  }
});

test("a database that holds data is passed over and left as it is", async () => {
  const mine = new URL(await freshRedisUrl());
  const number = Number(mine.pathname.slice(1));
  const full = number + 40;
  const redis = new Redis(mine.href);
  try {
    await redis.select(full);
    await redis.set("somebody's", "data");
    const numbers: number[] = [];
    while ((numbers.at(-1) ?? 0) < full + 1) numbers.push(Number(new URL(await freshRedisUrl()).pathname.slice(1)));
    expect(numbers).not.toContain(full);
    expect(await redis.get("somebody's")).toBe("data");
    await redis.flushdb();
  } finally {
    redis.disconnect();
  }
});
