import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createHeartbeat } from "../../src/jobs/heartbeat.ts";
import { silent } from "../harness/fakes/index.ts";

let server: Server;
let beats: number;
let url: string;

beforeEach(async () => {
  beats = 0;
  server = createServer((_request, response) => {
    beats += 1;
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an AddressInfo.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/beat`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("the heartbeat that an outside monitor listens for", () => {
  test("is sent while nothing is overdue, and not at every sweep", async () => {
    const beat = createHeartbeat(() => url, silent);

    await beat(0);
    await beat(0);

    expect(beats).toBe(1);
  });

  test("is withheld while anything is overdue, so that the monitor pages", async () => {
    const beat = createHeartbeat(() => url, silent);

    await beat(3);
    expect(beats).toBe(0);

    await beat(0);
    expect(beats).toBe(1);
  });

  test("goes nowhere without a URL, and a monitor that is away breaks nothing", async () => {
    await createHeartbeat(() => undefined, silent)(0);
    await expect(createHeartbeat(() => "http://127.0.0.1:9/beat", silent)(0)).resolves.toBeUndefined();

    expect(beats).toBe(0);
  });
});
