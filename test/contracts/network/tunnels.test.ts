import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, request } from "node:https";
import { type AddressInfo, connect, type Server as NetServer, createServer as rawServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DescribeDBInstancesCommand, RDSClient, RebootDBInstanceCommand } from "@aws-sdk/client-rds";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "undici";
import { Secret } from "../../../src/domain/secret.ts";
import { classify } from "../../../src/integrations/aws/errors.ts";
import { clientSettings, PATIENCE } from "../../../src/integrations/aws/settings.ts";
import { createProbe } from "../../../src/integrations/network/probe.ts";
import { throughProxies, type WayOut } from "../../../src/integrations/network/way-out.ts";
import { Transport } from "../../../src/integrations/pagers/pagerduty/transport.ts";
import { classify as classifySlack } from "../../../src/integrations/slack/classify.ts";
import { createAuthority } from "../../../src/simulators/aws/certificates.ts";

const DAY_MS = 86_400_000;
const { ca, issue } = createAuthority("Of the tunnels", {
  from: new Date(Date.now() - DAY_MS),
  to: new Date(Date.now() + DAY_MS),
});

let vendor: Server;
let proxy: Server;
let silent: NetServer;
/** What the proxy does with a CONNECT: its status. */
let status = 200;
let tunnels: string[] = [];
let credentials: (string | undefined)[] = [];
/** Sockets that are open at the proxies. */
const open = new Set<Duplex>();
let wayOut: WayOut;

const portOf = (server: Server | NetServer): number => (server.address() as AddressInfo).port;
const listening = (server: Server | NetServer) =>
  new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
const counted = (socket: Socket) => {
  open.add(socket);
  socket.on("error", () => undefined).once("close", () => open.delete(socket));
};
/** All sockets at the proxies are closed; a test that waits for that in vain runs out of its time. */
const allClosed = async () => {
  for (const socket of open)
    await new Promise((resolve) => (socket.destroyed ? resolve(0) : socket.once("close", resolve)));
};
const through = (server: Server | NetServer, login = "") => {
  const url = new Secret(`http://${login}127.0.0.1:${portOf(server)}`);
  return throughProxies({ https: url, http: url, noProxy: "" });
};

beforeAll(async () => {
  const { privateKey, pem } = issue("vendor.test");
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  vendor = createServer({ key, cert: pem }, (_request, response) => void response.end("served")) as unknown as Server;
  proxy = createHttpServer();
  proxy.on("connection", counted);
  proxy.on("connect", ({ url, headers }, client) => {
    tunnels.push(String(url));
    credentials.push(headers["proxy-authorization"]);
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 2\r\n\r\nno`);
    const to = connect(portOf(vendor), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      to.pipe(client).pipe(to);
    });
    to.on("error", () => client.destroy());
    client.on("error", () => to.destroy()).once("close", () => to.destroy());
  });
  silent = rawServer((socket) => {
    counted(socket);
    // Else its end would not be seen.
    socket.resume();
  });
  await Promise.all([vendor, proxy, silent].map(listening));
});
afterAll(() => {
  vendor.closeAllConnections();
  proxy.closeAllConnections();
  for (const server of [vendor, proxy, silent]) server.close();
});
beforeEach(() => {
  status = 200;
  tunnels = [];
  credentials = [];
});
afterEach(() => {
  wayOut.close();
  for (const socket of open) socket.destroy();
});

const ask = (agent: ReturnType<WayOut["agent"]>) =>
  new Promise<string>((resolve, reject) => {
    request({ host: "vendor.test", port: 443, ca: ca.pem, ...(agent && { agent }) }, (response) => {
      let said = "";
      response.on("data", (chunk) => {
        said += String(chunk);
      });
      response.on("end", () => resolve(said));
    })
      .on("error", reject)
      .end();
  });
const rdsBy = (way: WayOut, patience = PATIENCE) =>
  new RDSClient({
    ...clientSettings(undefined, patience, way.agent),
    region: "eu-west-1",
    credentials: { accessKeyId: "A", secretAccessKey: "S" },
  });
/** Resolves when a WebSocket that the proxy does not make has failed. */
const linkBy = (way: WayOut) =>
  new Promise<void>((resolve) => {
    const { dispatcher } = way;
    const link = new WebSocket("wss://wss-primary.slack.com/link", { ...(dispatcher && { dispatcher }) });
    link.addEventListener("error", () => resolve());
  });
const failureOf = (call: Promise<unknown>) => call.then(() => undefined, classify);

describe("connections through a proxy", () => {
  test("are at most as many as the options say, are kept for later calls, and are closed with the agent", async () => {
    wayOut = through(proxy);
    const agent = wayOut.agent({ keepAlive: true, maxSockets: 4 });
    for (let round = 0; round < 3; round += 1)
      expect(await Promise.all(Array.from({ length: 12 }, () => ask(agent)))).toEqual(Array(12).fill("served"));
    expect(tunnels).toEqual(Array(4).fill("vendor.test:443"));
    agent?.destroy();
    await allClosed();
  });

  test("that the proxy refuses end every call, also those that waited for a connection", async () => {
    wayOut = through(proxy);
    status = 503;
    const agent = wayOut.agent({ keepAlive: true, maxSockets: 2 });
    const results = await Promise.allSettled(Array.from({ length: 7 }, () => ask(agent)));
    for (const each of results)
      expect(each).toMatchObject({ status: "rejected", reason: { code: "ECONNREFUSED", syscall: "connect" } });
  });

  test.each(["me:p%40ss@", "only-me@"])(
    "carry the user and password of %s, the same for both kinds of clients",
    async (login) => {
      wayOut = through(proxy, login);
      status = 503;
      await Promise.allSettled([ask(wayOut.agent({})), wayOut.fetch("https://vendor.test/")]);
      const [, user = "", password = ""] = /^([^:@]*):?(.*)@$/.exec(login) ?? [];
      const basic = `Basic ${Buffer.from(`${user}:${decodeURIComponent(password)}`).toString("base64")}`;
      expect(credentials).toEqual([basic, basic]);
    },
  );
});

describe.each([503, 407, 403, 502])("a proxy that answers %d to CONNECT", (answer) => {
  beforeEach(() => {
    wayOut = through(proxy);
    status = answer;
  });
  const says = `the proxy answered ${answer} to CONNECT`;

  test("guard refused tunnel: leaves the region unreachable, and a change certainly not sent", async () => {
    const rds = rdsBy(wayOut);
    const unreachable = { kind: "unreachable", met: "no-connection", said: expect.stringContaining(says) };
    expect(await failureOf(rds.send(new DescribeDBInstancesCommand({})))).toMatchObject(unreachable);
    expect(await failureOf(rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: "a" })))).toMatchObject(
      unreachable,
    );
    rds.destroy();
  });

  test("has not answered for the write check", async () => {
    const probe = createProbe({ agentTo: wayOut.agentTo });
    for (const url of ["https://192.0.2.7/", "http://192.0.2.7/"]) {
      const verdict = await probe.writeCheck(url);
      expect(verdict).toEqual({ kind: "unknown", why: expect.stringContaining(says) });
    }
  });

  test("has sent nothing to PagerDuty, nor to Slack", async () => {
    const transport = new Transport({ region: "eu", agent: wayOut.agent });
    const said = await transport.callRest({ method: "GET", endpoint: "/abilities", token: "t", from: "a@b.test" });
    expect(said).toMatchObject({ neverSent: true, why: expect.stringContaining(says) });
    transport.close();
    const error = await wayOut
      .fetch("https://slack.com/api/chat.postMessage", { method: "POST" })
      .catch((e: unknown) => e);
    expect(classifySlack(error, { method: "chat.postMessage", nature: "once" })).toMatchObject({
      code: "slack-unavailable",
      message: expect.stringContaining(says),
    });
  });
});

describe("a proxy that takes connections and says nothing", () => {
  test("keeps no connection of a call that was given up", async () => {
    wayOut = through(silent);
    const rds = rdsBy(wayOut, { connectMs: 200, answerMs: 300 });
    const probe = createProbe({ agentTo: wayOut.agentTo, timeoutMs: 200 });
    const transport = new Transport({ region: "eu", agent: wayOut.agent, answerWithinMs: 200 });
    await Promise.all([
      failureOf(rds.send(new DescribeDBInstancesCommand({}))),
      probe.writeCheck("https://192.0.2.7/"),
      probe.writeCheck("http://192.0.2.7/"),
      transport.callRest({ method: "GET", endpoint: "/abilities", token: "t", from: "a@b.test" }),
    ]);
    await allClosed();
  }, 10_000);

  test("has not sent the change, and ends what Slack is asked in seconds", async () => {
    wayOut = through(silent);
    const rds = rdsBy(wayOut);
    const [change, slack] = await Promise.all([
      failureOf(rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: "a" }))),
      wayOut.fetch("https://slack.com/", { method: "POST" }).catch((error: unknown) => error),
      linkBy(wayOut),
    ]);
    expect(change).toMatchObject({ kind: "unreachable", way: "the proxy did not answer CONNECT in 4 s" });
    expect(classifySlack(slack, { method: "chat.postMessage", nature: "once" })).toMatchObject({
      code: "slack-unavailable",
      message: expect.stringContaining("the proxy did not answer CONNECT in 4 s"),
    });
    rds.destroy();
    await allClosed();
  }, 10_000);
});
