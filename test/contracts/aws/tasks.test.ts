import { describe, expect, test } from "@jest/globals";
import { factOf, HOME, siteIn } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const left = async () => factOf(await inventory().aws.compute.tasksLeft(HOME, siteIn(HOME)));
const described = () => inventory().reads("DescribeTasks", HOME);
const stop = () => inventory().aws.compute.stop(HOME, siteIn(HOME));
async function ended(): Promise<void> {
  for (let seconds = 0; (await left()) > 0 && seconds < 1_200; seconds += 10) inventory().advance(10);
}

describe("tasks that have not ended", () => {
  test("are those that run, and those that were told to stop and still work", async () => {
    expect(await left()).toBe(4);
    await stop();
    inventory().advance(5);
    expect(await left()).toBe(4);
    await ended();
    expect(await left()).toBe(0);
  });

  test("are looked at for as long as one has not ended; one that was seen to have ended is not asked about again", async () => {
    await stop();
    await ended();
    const before = await described();
    expect(await left()).toBe(0);
    expect(await left()).toBe(0);
    expect(await described()).toBe(before);
    // It is still listed, and both lists are read at each look.
    const lists = await inventory().reads("ListTasks", HOME);
    await left();
    expect(await inventory().reads("ListTasks", HOME)).toBe(lists + 2);
  });

  test("are seen when somebody starts the service again, also when it is stopping once more", async () => {
    await stop();
    await ended();
    await inventory().aws.compute.scaleOut({ region: HOME, site: siteIn(HOME), tasks: 2 });
    inventory().advance(120);
    expect(await left()).toBe(2);
    await stop();
    inventory().advance(5);
    expect(await left()).toBe(2);
    await ended();
    expect(await left()).toBe(0);
  });

  test("both lists are described in one call", async () => {
    await stop();
    inventory().advance(5);
    const before = await described();
    await inventory().aws.compute.scaleOut({ region: HOME, site: siteIn(HOME), tasks: 2 });
    inventory().advance(60);
    await left();
    expect(await described()).toBe(before + 1);
  });
});

describe("tasks that run", () => {
  const targets = async () => factOf(await inventory().aws.compute.describe(HOME, siteIn(HOME))).targets;

  test("are described once: they keep their addresses, and those that come later are described", async () => {
    expect(await targets()).toEqual({ healthy: 4, total: 4 });
    expect(await described()).toBe(1);
    expect(await targets()).toEqual({ healthy: 4, total: 4 });
    expect(await described()).toBe(1);
    await inventory().aws.compute.scaleOut({ region: HOME, site: siteIn(HOME), tasks: 6 });
    inventory().advance(300);
    expect(await targets()).toEqual({ healthy: 6, total: 6 });
    expect(await described()).toBe(2);
  });

  test("count for as long as they are listed", async () => {
    await targets();
    await stop();
    inventory().advance(5);
    expect(await targets()).toEqual({ healthy: 0, total: 0 });
    expect(await inventory().reads("ListTasks", HOME)).toBe(2);
  });
});
