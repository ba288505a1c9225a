import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ApplicationSimulator, startApplications } from "../../../src/simulators/application/server.ts";
import {
  advance,
  aliasRecord,
  HOME,
  HOME_NAME,
  HOME_ZONE,
  openTraffic,
  STANDBY,
  STANDBY_NAME,
  STANDBY_ZONE,
} from "./harness.ts";

let opened: ReturnType<typeof openTraffic>;
let applications: ApplicationSimulator;
beforeEach(async () => {
  opened = openTraffic();
  applications = await startApplications(opened.world, opened.traffic);
});
afterEach(async () => {
  await applications.stop();
  opened.stop();
});

type Seen = { readonly status: number; readonly body: unknown } | { readonly error: string };

function send(port: number | undefined, method: string, path: string): Promise<Seen> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, method, path, timeout: 300, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: text === "" ? undefined : JSON.parse(text) }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", (error) => resolve({ error: error.message }));
    sent.end();
  });
}

function portOf(region: string): number | undefined {
  return applications.connections.find((connection) => connection.region === region)?.port;
}

function checkPort(region: string): number {
  return Number(new URL(applications.writeChecks.find((check) => check.region === region)?.url ?? "").port);
}

function verdict(after = 0) {
  return opened.traffic.judge.verdict("inventory", after);
}

function promote(): void {
  opened.call(
    { service: "rds", operation: "PromoteReadReplica" },
    { DBInstanceIdentifier: "inventory-replica" },
    STANDBY,
  );
  advance(opened.world, 121);
}

function pointUsersAt(home: number, standby: number): void {
  const Changes = [
    {
      Action: "UPSERT",
      ResourceRecordSet: aliasRecord({ identifier: "Primary", weight: home }, { zone: HOME_ZONE, name: HOME_NAME }),
    },
    {
      Action: "UPSERT",
      ResourceRecordSet: aliasRecord(
        { identifier: "Secondary", weight: standby },
        { zone: STANDBY_ZONE, name: STANDBY_NAME },
      ),
    },
  ];
  opened.call(
    { service: "route53", operation: "ChangeResourceRecordSets" },
    { HostedZoneId: "Z123456789", ChangeBatch: { Changes } },
  );
  advance(opened.world, 51 + 61);
}

describe("a load balancer's port", () => {
  test("serves the application: shallow health, deep health and orders", async () => {
    expect(await send(portOf(HOME), "GET", "/health")).toMatchObject({ status: 200 });
    expect(await send(portOf(HOME), "GET", "/health?check=db")).toMatchObject({ status: 200 });
    expect(await send(portOf(HOME), "POST", "/orders")).toMatchObject({
      status: 201,
      body: { instance: "inventory-db" },
    });
  });

  test("shows a green shallow health over a database that takes no writes", async () => {
    expect(await send(portOf(STANDBY), "GET", "/health")).toMatchObject({ status: 200 });
    expect(await send(portOf(STANDBY), "GET", "/health?check=db")).toMatchObject({
      status: 503,
      body: { reason: "read-only" },
    });
    expect(await send(portOf(STANDBY), "POST", "/orders")).toMatchObject({
      status: 503,
      body: { reason: "read-only" },
    });
  });

  test("answers 503 without a healthy target", async () => {
    opened.call(
      { service: "ecs", operation: "UpdateService" },
      { cluster: "dr", service: "inventory", desiredCount: 0 },
      STANDBY,
    );
    expect(await send(portOf(STANDBY), "GET", "/health")).toMatchObject({ status: 503 });
  });

  test("never answers in a dark region and cuts in a refusing one", async () => {
    opened.world.regions.set(HOME, "dark");
    expect(await send(portOf(HOME), "GET", "/health")).toEqual({ error: "timeout" });
    opened.world.regions.set(HOME, "refusing");
    expect(await send(portOf(HOME), "GET", "/health")).toEqual({ error: "socket hang up" });
    opened.world.regions.set(HOME, "control-plane-down");
    expect(await send(portOf(HOME), "GET", "/health")).toMatchObject({ status: 200 });
  });

  test("answers 400 to what it cannot read and goes on", async () => {
    expect(await send(portOf(HOME), "GET", "//")).toMatchObject({ status: 400 });
    expect(await send(portOf(HOME), "GET", "/health")).toMatchObject({ status: 200 });
  });

  test("is found through the map of addresses", () => {
    const map: unknown = applications.connectMap;
    expect(map).toEqual({
      "198.51.100.10": `127.0.0.1:${portOf(HOME)}`,
      "198.51.100.11": `127.0.0.1:${portOf(STANDBY)}`,
    });
  });
});

describe("a write check", () => {
  test("writes to the region's own instance without any task or load balancer", async () => {
    opened.call(
      { service: "ecs", operation: "UpdateService" },
      { cluster: "production", service: "inventory", desiredCount: 0 },
      HOME,
    );
    expect(await send(checkPort(HOME), "POST", "/write-check")).toMatchObject({ status: 200, body: { written: true } });
    expect(await send(checkPort(STANDBY), "POST", "/write-check")).toMatchObject({
      ...{ status: 503, body: { written: false, reason: "read-only" } },
    });
    promote();
    expect(await send(checkPort(STANDBY), "POST", "/write-check")).toMatchObject({ status: 200 });
  });

  test("never answers in a dark region", async () => {
    opened.world.regions.set(HOME, "dark");
    expect(await send(checkPort(HOME), "POST", "/write-check")).toEqual({ error: "timeout" });
  });
});

describe("users", () => {
  test("are served by home until it goes dark, and by the standby once it is promoted and DNS has moved", () => {
    advance(opened.world, 120);
    expect(verdict()).toMatchObject({ primary: "eu-west-1/inventory-db", lostWrites: 0, refused: 0 });
    const darkMs = opened.world.clock.now();
    opened.world.regions.set(HOME, "dark");
    advance(opened.world, 60);
    expect(verdict(darkMs).firstGoodWriteAfter).toBeNull();
    promote();
    pointUsersAt(0, 100);
    const after = verdict(darkMs);
    expect(after).toMatchObject({ primary: "eu-central-1/inventory-replica", splitBrain: [], doubledWrites: 0 });
    expect(after.firstGoodWriteAfter).toBeGreaterThan(darkMs + 60_000);
    // The replica was 3 s behind and users write every 2 s.
    expect(after.lostWrites).toBeGreaterThan(0);
    expect(after.lostWrites).toBeLessThan(4);
    expect(darkMs - (after.oldestLostMs ?? 0)).toBeLessThan(6_000);
  });

  test("who come back to an old primary that nobody fenced are a split brain", () => {
    advance(opened.world, 30);
    opened.world.regions.set(HOME, "dark");
    promote();
    pointUsersAt(0, 100);
    expect(verdict().splitBrain).toEqual([]);
    opened.world.regions.set(HOME, "up");
    pointUsersAt(100, 0);
    expect(verdict().splitBrain).toMatchObject([
      { instance: "eu-west-1/inventory-db", other: "eu-central-1/inventory-replica" },
    ]);
    expect(opened.world.log.read(0, "app.split-brain")).toHaveLength(1);
  });

  test("who lose an answer order again under the same id, which is stored once", () => {
    opened.world.faults.plan({ vendor: "app", operation: "POST /orders", effect: { kind: "drop-after" }, times: 1 });
    advance(opened.world, 4);
    expect(opened.world.log.read(0, "app.write-").map(({ kind, facts }) => `${kind} ${String(facts["id"])}`)).toEqual([
      "app.write-refused inventory-user1-1",
      "app.write-acknowledged inventory-user1-1",
    ]);
    expect(verdict()).toMatchObject({ acknowledged: 1, refused: 1, doubledWrites: 0, lostWrites: 0 });
  });
});

test("an application finds its new database when its private record is in sync and the old answer's life is over", async () => {
  opened.world.regions.set(STANDBY, "up");
  promote();
  expect(await send(portOf(HOME), "POST", "/orders")).toMatchObject({ body: { databaseRegion: HOME } });
  const ResourceRecordSet = {
    ...{ Name: "db.inventory.internal", Type: "CNAME", TTL: 20 },
    ResourceRecords: [{ Value: "inventory-replica.abc.eu-central-1.rds.amazonaws.com" }],
  };
  const ChangeBatch = { Changes: [{ Action: "UPSERT", ResourceRecordSet }] };
  opened.call({ service: "route53", operation: "ChangeResourceRecordSets" }, { HostedZoneId: "ZPRIVATE", ChangeBatch });
  expect(await send(portOf(HOME), "POST", "/orders")).toMatchObject({ body: { databaseRegion: HOME } });
  advance(opened.world, 71);
  expect(await send(portOf(HOME), "POST", "/orders")).toMatchObject({ body: { databaseRegion: STANDBY } });
});
