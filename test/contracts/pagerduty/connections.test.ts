import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../../src/domain/secret.ts";
import { createPagerDuty } from "../../../src/integrations/pagers/pagerduty/pager.ts";
import type { KeepingPager } from "../../../src/ports/pager.ts";
import { type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../../simulators/pagerduty/account.ts";

let stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

function pagerAt(port: number, idleMs?: number): KeepingPager {
  const pager = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${port}`, from: BOT, idleMs },
    ...{ apiToken: new Secret(TOKEN), routingKey: new Secret(ROUTING_KEY) },
  });
  stops.push(() => pager.close());
  return pager;
}

const prove = (pager: KeepingPager, id: string) =>
  pager.proofs?.find((proof) => proof.id === id)?.prove(new AbortController().signal);

/** Takes every event after that time; what a connection was is known by its socket. */
async function taking(afterMs: number): Promise<{ server: Server; port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(202, { "content-type": "application/json" }).end("{}"), afterMs);
  });
  server.on("connection", (socket) => sockets.push(socket));
  // Longer than the test: it is never the server that closes an idle connection.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

describe("a connection to PagerDuty", () => {
  test("that nobody uses is given up by TwoKey first, so that none is used in the moment in which PagerDuty closes it", async () => {
    const { port, sockets } = await taking(0);
    const pager = pagerAt(port, 100);

    expect(await prove(pager, "pagerduty-routing-key")).toEqual({ kind: "ok" });
    const [first] = sockets;
    if (first && !first.closed) await once(first, "close");

    expect(await prove(pager, "pagerduty-routing-key")).toEqual({ kind: "ok" });
    expect(sockets).toHaveLength(2);
  });

  test("that waits for a slow answer is not idle", async () => {
    const { port, sockets } = await taking(500);
    expect(await prove(pagerAt(port, 100), "pagerduty-routing-key")).toEqual({ kind: "ok" });
    expect(sockets).toHaveLength(1);
  });
});

describe("a proof whose connection is cut", () => {
  let bench: Bench;
  async function cut(operation: string, times: number): Promise<KeepingPager> {
    bench = await openBench({});
    stops.push(() => bench.stop());
    bench.world.faults.plan({ vendor: "pagerduty", operation, times, effect: { kind: "drop-before" } });
    return pagerAt(bench.simulator.port);
  }

  test.each([
    ["pagerduty-routing-key", "enqueue"],
    ["pagerduty-api-token", "users.list"],
  ])("once says nothing of PagerDuty, and is asked once more: %s", async (id, operation) => {
    expect(await prove(await cut(operation, 1), id)).toEqual({ kind: "ok" });
  });

  test("twice is not known, and the reason is said", async () => {
    expect(await prove(await cut("enqueue", 2), "pagerduty-routing-key")).toEqual({
      ...{ kind: "unknown", why: "PagerDuty gives no clear answer: the connection was cut" },
    });
  });
});
