import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { factOf, guarded, mutations, REPLICA, STANDBY } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

/** Every connection that was used once is let go by AWS while the next request is on its way. */
const inventory = worldOfEachTest([], {}, { idleMs: 0 });

/** Machine time: a busy machine answers by then. */
const PATIENT = { connectMs: 10_000, answerMs: 20_000 };
const KEPT_LONG = { patience: { ...PATIENT, idleMs: 600_000 } };

let stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.reverse()) stop();
  stops = [];
});

/** A way to the simulated AWS on which each connection is seen; what AWS says comes back after that time. */
async function seen(answersAfterMs = 0): Promise<{ endpoint: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const { port } = new URL(inventory().endpoint);
  const front = createServer((socket) => {
    sockets.push(socket);
    const behind = connect(Number(port), "127.0.0.1");
    for (const each of [socket, behind]) each.on("error", () => undefined);
    socket.pipe(behind);
    behind.on("data", (said) => void sleep(answersAfterMs).then(() => socket.write(said)));
    socket.on("close", () => behind.destroy());
    behind.on("close", () => socket.destroy());
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  return { endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, sockets };
}

const WISH = { region: STANDBY, instance: REPLICA, backupRetentionDays: 7 };

describe("a connection that AWS lets go of while a request is on its way", () => {
  test("costs a look another connection, and no more", async () => {
    const { databases } = inventory().connect(KEPT_LONG);
    for (const _look of [1, 2, 3]) expect(factOf(await databases.describe(STANDBY, REPLICA)).role).toBe("replica");
  });

  test("leaves a mutation unknown, which is asked for no second time before somebody has looked", async () => {
    const { databases } = guarded(inventory().connect(KEPT_LONG));
    await databases.describe(STANDBY, REPLICA);

    const asked = databases.promote(WISH);
    await expect(asked).rejects.toMatchObject({ name: "OutcomeUnknown" });
    expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
  });
});

describe("a connection to AWS that nobody uses", () => {
  test("guard idle connection: is given up by TwoKey first, so that the next mutation has one of its own and an answer", async () => {
    const { endpoint, sockets } = await seen();
    const { databases } = guarded(inventory().connect({ endpoint, patience: { ...PATIENT, idleMs: 100 } }));
    await databases.describe(STANDBY, REPLICA);
    const used = sockets.length;
    await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, "close"))));

    expect(await databases.promote(WISH)).toMatchObject({ kind: "accepted" });
    expect(sockets.length).toBeGreaterThan(used);
    expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
  });

  test("is none while it waits for a slow answer", async () => {
    const { endpoint, sockets } = await seen(500);
    const { databases } = guarded(inventory().connect({ endpoint, patience: { ...PATIENT, idleMs: 100 } }));

    expect(await databases.promote(WISH)).toMatchObject({ kind: "accepted" });
    expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
    expect(sockets.length).toBeLessThanOrEqual(2);
  });

  test("is given up after a while, also where nobody says after how long", async () => {
    const { endpoint, sockets } = await seen();
    const { databases } = inventory().connect({ endpoint, patience: PATIENT });
    await databases.describe(STANDBY, REPLICA);
    const startedMs = performance.now();
    await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, "close"))));
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
  });
});
