import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, createServer as createTlsDoor, type Server as TlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { isDirect } from "../../../src/integrations/network/proxy.ts";
import { createAuthority } from "../../../src/simulators/aws/certificates.ts";
import { freshRedisUrl } from "../../harness/redis.ts";

const CLI = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const NOTING = new URL("./note-connections.mjs", import.meta.url).href;
const BY_HAND = fileURLToPath(new URL("./through-proxy.mjs", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../examples/inventory.yaml", import.meta.url));
const { ca, issue } = createAuthority("A company's own authority", {
  from: new Date(Date.now() - 86_400_000),
  to: new Date(Date.now() + 86_400_000),
});

let directory: string;
/** All vendors, each with a certificate of that authority for the name that it was asked by. */
let vendors: Server;
let plain: Server;
let proxy: Server;
let redisDoor: TlsServer;
let redisPort = 0;
/** What the proxy answers instead of making a tunnel. */
let refusal: number | undefined;
/** What the proxy was asked for: `host:port` of a tunnel, or the whole URL. */
let asked: string[];
/** What vendors were asked, by whatever way. */
let heard: string[];

const portOf = (server: Server | TlsServer): number => (server.address() as AddressInfo).port;
const listening = async (server: Server): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

/** Only what shows that the call came: each vendor refuses what it is asked with, or agrees. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { host = "" } = request.headers;
  heard.push(`${host}${request.url}`);
  const json = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.url === "/api/apps.connections.open")
    return void json(200, { ok: true, url: "wss://wss-primary.slack.com/link" });
  if (host.endsWith("slack.com")) return void json(200, { ok: false, error: "invalid_auth" });
  if (host === "events.eu.pagerduty.com")
    return void json(400, {
      status: "invalid event",
      message: "Event object is invalid",
      errors: ["Invalid routing key"],
    });
  if (host === "api.eu.pagerduty.com") return void json(401, { error: { message: "no", code: 2006 } });
  if (host.startsWith("sts.")) {
    const body = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code></Error></ErrorResponse>";
    return void response.writeHead(403, { "content-type": "text/xml" }).end(body);
  }
  if (request.url === "/write-check") return void json(200, { written: true });
  response.end("-----BEGIN of this test");
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "twokey-proxy-"));
  await writeFile(join(directory, "ca.pem"), ca.pem);
  const keyAndCert = (name: string) => {
    const { privateKey, pem } = issue(name);
    return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert: pem };
  };
  vendors = await listening(
    createTlsServer(
      {
        ...keyAndCert("127.0.0.1"),
        SNICallback: (name, done) => done(null, createSecureContext(keyAndCert(name))),
      },
      answer,
    ),
  );
  redisDoor = createTlsDoor(keyAndCert("localhost"), (client) => {
    const to = connect(redisPort, "127.0.0.1");
    to.on("error", () => client.destroy());
    client.on("error", () => to.destroy());
    to.pipe(client).pipe(to);
  });
  await new Promise<void>((resolve) => redisDoor.listen(0, "localhost", resolve));
  const sockets = new WebSocketServer({ server: vendors });
  sockets.on("connection", (socket, request) => {
    heard.push(`${request.headers.host}${request.url}`);
    socket.send(JSON.stringify({ type: "hello", num_connections: 1 }));
  });
  plain = await listening(createServer(answer));
  proxy = await listening(
    createServer((request, response) => {
      asked.push(String(request.url));
      answer(request, response);
    }),
  );
  proxy.on("connect", (request, client, head) => {
    asked.push(String(request.url));
    if (refusal !== undefined) return void client.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const to = connect(portOf(/:(?:80|4480)$/.test(String(request.url)) ? plain : vendors), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      to.write(head);
      to.pipe(client).pipe(to);
    });
    to.on("error", () => client.destroy());
    client.on("error", () => to.destroy());
  });
}, 60_000);
afterAll(async () => {
  for (const server of [vendors, plain, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  redisDoor.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  refusal = undefined;
  asked = [];
  heard = [];
});

const proxyUrl = () => `http://somebody:hunter2@127.0.0.1:${portOf(proxy)}`;

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const shell = { PATH: process.env["PATH"] ?? "", HOME: directory, ...env };
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { env: shell, timeout: 100_000 }, (_error, out, err) =>
      resolve(out === "" ? err : out),
    );
  });
}

const Told = z.looseObject({
  proofs: z.array(z.looseObject({ proof: z.string(), state: z.string(), what: z.string().optional() })),
});

/** What the doctor of a real installation says, by the proof's id. */
async function doctor(more: Readonly<Record<string, string>>) {
  const out = await run([CLI, "doctor", "--json"], {
    ...{ TWOKEY_CONFIG: CONFIG, TWOKEY_LEDGER_DIR: directory, TWOKEY_LEDGER_KEY: "k".repeat(40) },
    ...{ SLACK_BOT_TOKEN: "xoxb-of-the-test", SLACK_APP_TOKEN: "xapp-of-the-test" },
    ...{ PAGERDUTY_ROUTING_KEY: "c".repeat(32), PAGERDUTY_API_TOKEN: "token-of-the-test" },
    ...{ AWS_ACCESS_KEY_ID: "AKIAOFTHETEST", AWS_SECRET_ACCESS_KEY: "of-the-test", HTTPS_PROXY: proxyUrl() },
    ...more,
  });
  expect(out).not.toContain("hunter2");
  return new Map(Told.parse(JSON.parse(out)).proofs.map((each) => [each.proof, each]));
}

/** The same database of the test's Redis behind TLS, directly: Redis goes through no proxy. */
async function overTls(): Promise<string> {
  const url = new URL(await freshRedisUrl());
  redisPort = Number(url.port || 6_379);
  url.host = `localhost:${portOf(redisDoor)}`;
  return url.href.replace("redis:", "rediss:");
}

const VENDORS = ["slack-bot-token", "pagerduty-routing-key", "pagerduty-api-token", "aws-identity"];

describe("a machine from which HTTP leaves through a proxy that has a certificate authority of its own", () => {
  test("reaches Slack, PagerDuty and AWS through it: each answers, and no connection leads anywhere else", async () => {
    const connections = join(directory, "connections");
    const told = await doctor({
      ...{ NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"), REDIS_URL: await overTls() },
      ...{ NODE_OPTIONS: `--import=${NOTING}`, CONNECTIONS_OF_THE_TEST: connections },
    });
    expect(told.get("redis-rights")?.state).toBe("ok");
    for (const proof of VENDORS) expect([proof, told.get(proof)?.state]).toEqual([proof, "wrong"]);
    expect(told.get("slack-app-token")?.state).toBe("ok");
    const hosts = new Set(asked);
    for (const host of ["slack.com", "events.eu.pagerduty.com", "api.eu.pagerduty.com"])
      expect(hosts).toContain(`${host}:443`);
    expect([...hosts].filter((host) => /^sts\.[a-z0-9-]+\.amazonaws\.com:443$/.test(host))).not.toEqual([]);
    const ledTo = new Set((await readFile(connections, "utf8")).trim().split("\n"));
    expect([...ledTo].toSorted()).toEqual([`127.0.0.1:${portOf(proxy)}`, `localhost:${portOf(redisDoor)}`].toSorted());
  }, 120_000);

  test("says of each what to do where that authority is not known, and sends no token", async () => {
    const told = await doctor({ REDIS_URL: await overTls() });
    for (const proof of [...VENDORS, "redis-rights"]) {
      expect([proof, told.get(proof)?.state]).toEqual([proof, "unknown"]);
      expect(told.get(proof)?.what).toMatch(/is not trusted here: name .* in NODE_EXTRA_CA_CERTS/);
    }
    expect(heard).toEqual([]);
  }, 120_000);

  test.each([503, 407])(
    "says of each that the proxy answered %d, where it makes no tunnel",
    async (status) => {
      refusal = status;
      const told = await doctor({ NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"), REDIS_URL: await overTls() });
      const says = `the proxy answered ${status} to CONNECT: check HTTPS_PROXY`;
      for (const proof of [...VENDORS, "slack-app-token"]) {
        expect([proof, told.get(proof)?.state]).toEqual([proof, "unknown"]);
        expect(told.get(proof)?.what).toContain(says);
      }
      expect(heard).toEqual([]);
    },
    120_000,
  );

  test("opens Slack's socket, asks write checks and fetches certificates through it, and asks directly what NO_PROXY lists", async () => {
    const direct = `http://127.0.0.1:${portOf(plain)}/direct`;
    const out = await run([BY_HAND, proxyUrl(), `example.com,127.0.0.1:${portOf(plain)}`, direct], {
      NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"),
    });
    const pem = "-----BEGIN of this test";
    expect(JSON.parse(out)).toEqual({
      ...{ writeCheck: "written", health: "healthy", certificate: pem, issuer: pem, direct: pem, socket: true },
    });
    expect([...new Set(asked)].toSorted()).toEqual([
      "127.0.0.1:4443",
      "192.0.2.1:4480",
      "http://crt.rootca1.amazontrust.com/rootca1.cer",
      "slack.com:443",
      "sns.eu-west-1.amazonaws.com:443",
      "wss-primary.slack.com:443",
    ]);
    expect(heard).toContain("wss-primary.slack.com/link");
  }, 120_000);
});

test.each([
  ["", false],
  ["slack.com", true],
  [".slack.com", true],
  ["*.slack.com", true],
  ["lack.com", false],
  ["api.slack.com", false],
  ["example.com other.example", false],
  ["example.com, SLACK.com:443", true],
  ["slack.com:8443", false],
  ["*", true],
  ["example.com,*", true],
])("NO_PROXY=%s leaves wss-primary.slack.com out of the proxy: %s", (noProxy, direct) => {
  expect(isDirect(new URL("https://wss-primary.slack.com/link"), noProxy)).toBe(direct);
});

test.each([
  ["192.0.2.7", "https://192.0.2.7/", true],
  ["192.0.2.7:8443", "https://192.0.2.7/", false],
  ["192.0.2.7:8443", "https://192.0.2.7:8443/", true],
  ["2001:db8::1", "https://[2001:db8::1]/", true],
  ["[2001:db8::1]", "https://[2001:db8::1]/", true],
  ["[2001:DB8:0::1]:443", "https://[2001:db8::1]/", true],
  ["[2001:db8::1]:8443", "https://[2001:db8::1]/", false],
  ["2001:db8::1", "https://[2001:db8::2]/", false],
  ["fe80::1%eth0", "https://192.0.2.7/", false],
  ["example.com:80", "http://api.example.com/", true],
  ["example.com:80", "https://api.example.com/", false],
  ["", "http://localhost:3000/", true],
  ["", "http://a.localhost/", true],
  ["", "http://127.0.0.9/", true],
  ["", "https://[::1]:8443/", true],
  ["", "https://localhost.example.com/", false],
])("NO_PROXY=%s asks %s directly: %s", (noProxy, url, direct) => {
  expect(isDirect(new URL(url), noProxy)).toBe(direct);
});
