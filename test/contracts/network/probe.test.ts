import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createProbe, type ProbeOptions } from "../../../src/integrations/network/probe.ts";
import { startApplications } from "../../../src/simulators/application/server.ts";
import { issueChain } from "../../../src/simulators/aws/certificates.ts";
import { startDns } from "../../../src/simulators/dns/server.ts";
import {
  DB_NAME,
  HOME,
  type InventoryWorld,
  NAME,
  PRIMARY,
  STANDBY,
  startInventoryWorld,
} from "../aws/inventory-world.ts";

/** For those that answer: only what hangs takes that long. */
const PATIENCE_MS = 60_000;
/** For those that never answer. */
const TIMEOUT_MS = 500;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(answer: RequestListener, server: Server = createServer(answer)): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const probeWith = (options: ProbeOptions = {}) => createProbe({ timeoutMs: PATIENCE_MS, ...options });
const hasty = (options: ProbeOptions = {}) => probeWith({ ...options, timeoutMs: TIMEOUT_MS });

describe("a write check", () => {
  const check = async (status: number, body: string, headers = {}) => {
    const port = await serve((request, response) =>
      response.writeHead(request.method === "POST" ? status : 405, headers).end(body),
    );
    return await probeWith().writeCheck(`http://127.0.0.1:${port}/write-check`);
  };

  test("only the two agreed answers count", async () => {
    expect(await check(200, '{"written":true,"id":"x"}')).toEqual({ kind: "written" });
    expect(await check(503, '{"written":false,"reason":"read-only"}')).toEqual({
      kind: "refused",
      reason: "read-only",
    });
  });

  test.each([
    { what: "a page", status: 200, body: "<html>\n<title>Sign in</title>", headers: {} },
    { what: "a wrong status with the right words", status: 500, body: '{"written":true}', headers: {} },
    { what: "a wrong status with a refusal", status: 200, body: '{"written":false,"reason":"read-only"}', headers: {} },
    { what: "an empty answer", status: 204, body: "", headers: {} },
    { what: "a redirect", status: 302, body: "", headers: { location: "http://127.0.0.1:9/" } },
    { what: "a word instead of a truth", status: 200, body: '{"written":"true"}', headers: {} },
    { what: "more than 4 KB", status: 200, body: `{"written":true}${" ".repeat(5_000)}`, headers: {} },
  ])("$what is unknown", async ({ status, body, headers }) => {
    expect(await check(status, body, headers)).toMatchObject({
      kind: "unknown",
      why: expect.stringContaining(String(status)),
    });
  });

  test.each([
    { session: "lost", counts: { kind: "refused", reason: "no route" } },
    { session: "kept", counts: { kind: "unknown", why: "the earlier session of the write check is still open" } },
    { session: "new", counts: { kind: "unknown", why: "the write check opened another session" } },
    { session: "none", counts: { kind: "unknown", why: "the write check had no session open before" } },
  ])(
    "that fails over an earlier session which is “$session” counts only where that one is lost",
    async ({ session, counts }) => {
      const port = await serve((request, response) =>
        response
          .writeHead(request.url?.endsWith("?session=kept") ? 503 : 404)
          .end(JSON.stringify({ written: false, session, reason: "no route" })),
      );
      expect(await probeWith().writeOverKept(`http://127.0.0.1:${port}/write-check`)).toEqual(counts);
    },
  );

  test.each([
    { session: "kept", counts: { kind: "written" } },
    { session: "new", counts: { kind: "written", opened: true } },
    { session: undefined, counts: { kind: "written", opened: true } },
  ])("that succeeds over a session which is “$session” says so", async ({ session, counts }) => {
    const port = await serve((_request, response) => response.end(JSON.stringify({ written: true, session })));
    expect(await probeWith().writeOverKept(`http://127.0.0.1:${port}/write-check`)).toEqual(counts);
  });

  test("silence, half an answer and a refused connection are unknown, in time", async () => {
    const silent = await serve(() => undefined);
    const half = await serve((_request, response) => void response.writeHead(200).write('{"written":true}'));
    const startedMs = performance.now();
    for (const port of [silent, half, 9]) {
      const verdict = await hasty().writeCheck(`http://127.0.0.1:${port}/`);
      expect(verdict.kind).toBe("unknown");
    }
    expect(performance.now() - startedMs).toBeLessThan(PATIENCE_MS);
  });
});

describe("health", () => {
  test("2xx is healthy, any other status is not and says its first line", async () => {
    const statuses = new Map([
      ["/ok", 204],
      ["/moved", 302],
      ["/broken", 503],
    ]);
    const port = await serve((request, response) =>
      response
        .writeHead(statuses.get(request.url ?? "") ?? 500)
        .end(request.url === "/broken" ? "read-only\nat x" : ""),
    );
    const health = (path: string) => probeWith().health(`http://127.0.0.1:${port}${path}`);
    expect(await health("/ok")).toEqual({ kind: "healthy", status: 204 });
    expect(await health("/moved")).toEqual({ kind: "unhealthy", status: 302, why: "answered 302" });
    expect(await health("/broken")).toEqual({ kind: "unhealthy", status: 503, why: "read-only" });
  });

  test("no answer is unreachable, in time", async () => {
    const port = await serve(() => undefined);
    const startedMs = performance.now();
    expect(await hasty().health(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: "unreachable" });
    expect(await probeWith().health("http://127.0.0.1:9/")).toMatchObject({
      kind: "unreachable",
      why: "nobody listens there",
    });
    expect(performance.now() - startedMs).toBeLessThan(PATIENCE_MS);
  });

  test("asked via a load balancer the host stays the URL's own", async () => {
    let seen: string | undefined;
    const port = await serve((request, response) => {
      seen = `${request.headers.host} ${request.url}`;
      response.end();
    });
    const verdict = await probeWith().health(`http://api.example.com:${port}/health?check=db`, { via: "127.0.0.1" });
    expect(verdict).toEqual({ kind: "healthy", status: 200 });
    expect(seen).toBe(`api.example.com:${port} /health?check=db`);
  });

  test("a certificate that nobody trusts is no answer, and the server is asked for the URL's own name", async () => {
    const soon = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) };
    const { leaf } = issueChain("Nobody's authority", "api.example.com", soon);
    const names: string[] = [];
    const SNICallback = (name: string, done: (error: null) => void) => {
      names.push(name);
      done(null);
    };
    const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" });
    const tls = createTlsServer({ key, cert: leaf.pem, SNICallback }, (_request, response) => response.end());
    const port = await serve(() => undefined, tls);
    const verdict = await probeWith().health(`https://api.example.com:${port}/`, { via: "127.0.0.1" });
    expect(verdict).toMatchObject({ kind: "unreachable", why: "its certificate is not trusted here" });
    expect(names).toEqual(["api.example.com"]);
  });

  test("a caller who gives up gets the reason", async () => {
    const port = await serve(() => undefined);
    const stopping = new AbortController();
    const asked = probeWith().health(`http://127.0.0.1:${port}/`, { signal: stopping.signal });
    stopping.abort(new Error("stopping"));
    await expect(asked).rejects.toThrow("stopping");
  });

  test("a host name can be diverted to this machine where no resolver is asked", async () => {
    const port = await serve((_request, response) => response.end('{"written":true}'));
    const connect = new Map([["write-check.example.com", { host: "127.0.0.1", port }]]);
    const verdict = await probeWith({ dnsServers: [], connect }).writeCheck(
      "https://write-check.example.com/inventory",
    );
    expect(verdict).toEqual({ kind: "written" });
  });

  test("nothing is diverted off this machine", () => {
    expect(() => probeWith({ connect: new Map([["192.0.2.1", { host: "192.0.2.2", port: 80 }]]) })).toThrow(
      "only be diverted",
    );
  });
});

describe("in the simulated world", () => {
  let inventory: InventoryWorld;
  let options: ProbeOptions;
  let resolvers: readonly string[];
  let writeChecks: Awaited<ReturnType<typeof startApplications>>["writeChecks"];
  beforeEach(async () => {
    inventory = await startInventoryWorld();
    const dns = await startDns(inventory.world, inventory.traffic.authorities);
    const application = await startApplications(inventory.world, inventory.traffic);
    closing.push(async () => {
      await Promise.all([dns.stop(), application.stop()]);
      await inventory.stop();
    });
    writeChecks = application.writeChecks;
    resolvers = dns.resolverPorts.map((port) => `127.0.0.1:${port}`);
    options = {
      dnsServers: resolvers,
      authoritativeServers: [`127.0.0.1:${dns.port}`],
      connect: new Map(application.connections.map(({ address, port }) => [address, { host: "127.0.0.1", port }])),
    };
  });

  test("health follows the records that users resolve, after their TTL", async () => {
    const probe = probeWith(options);
    const { traffic } = inventory.aws;
    const [before] = await probe.resolve(NAME);
    expect(before).toMatchObject({ server: resolvers[0], ttlSeconds: 60 });
    expect(await probe.health(`https://${NAME}/health`)).toEqual({ kind: "healthy", status: 200 });
    const records = await traffic.records("Z123456789", NAME);
    if (!records.known) throw new Error(records.why);
    const moved = records.value.map((set) => ({ ...set, weight: set.setIdentifier === "Primary" ? 0 : 100 }));
    await traffic.upsert({ zone: "Z123456789", records: moved, comment: "move" });
    inventory.advance(51);
    const [authoritative] = await probe.resolveAuthoritative(NAME);
    expect(authoritative?.values).not.toEqual(before?.values);
    inventory.advance(60);
    const answers = await probe.resolve(NAME);
    expect(answers.map(({ values }) => values)).toEqual(resolvers.map(() => authoritative?.values));
    inventory.world.regions.set(HOME, "dark");
    expect(await probe.health(`https://${NAME}/health`)).toEqual({ kind: "healthy", status: 200 });
  });

  test("each side can be asked at its own load balancer", async () => {
    const probe = probeWith(options);
    const at = (via: string) => probe.health(`https://${NAME}/health?check=db`, { via });
    expect(await at("primary-alb.eu-west-1.elb.amazonaws.com")).toEqual({ kind: "healthy", status: 200 });
    expect(await at("secondary-alb.eu-central-1.elb.amazonaws.com")).toMatchObject({ kind: "unhealthy", status: 503 });
    inventory.world.regions.set(HOME, "refusing");
    expect(await at("primary-alb.eu-west-1.elb.amazonaws.com")).toMatchObject({ kind: "unreachable" });
  });

  test("the write check tells primary, replica and a dark region apart", async () => {
    const probe = probeWith(options);
    const urlOf = (region: string) => writeChecks.find((one) => one.region === region)?.url ?? "";
    expect(await probe.writeCheck(urlOf(HOME))).toEqual({ kind: "written" });
    expect(await probe.writeCheck(urlOf(STANDBY))).toMatchObject({ kind: "refused" });
    inventory.world.regions.set(HOME, "dark");
    expect(await hasty(options).writeCheck(urlOf(HOME))).toMatchObject({ kind: "unknown" });
  });

  test("a name that ends in a CNAME of another zone gives its target", async () => {
    const [answer] = await probeWith(options).resolveAuthoritative(DB_NAME);
    expect(answer?.values).toEqual([`${PRIMARY}.abc.eu-west-1.rds.amazonaws.com`]);
  });

  test("the texts of a name come whole from its name servers, when their change is there, and a name without any has none", async () => {
    const probe = probeWith(options);
    const name = `_twokey.${NAME}`;
    const [long, text] = ["a".repeat(255), "run=F-1 epoch=2 change=3 way=out"];
    const set = { name, type: "TXT", ttlSeconds: 60, values: [`"${long}" "b"`, `"${text}"`] };
    const before = await probe.texts(name);
    await inventory.aws.traffic.upsert({ zone: "Z123456789", records: [set], comment: "mark" });
    expect([before, await probe.texts(name)]).toMatchObject([[{ values: [] }], [{ values: [] }]]);
    inventory.advance(51);

    const [after] = await probe.texts(name);
    expect(after?.values.toSorted()).toEqual([`${long}b`, text]);
    expect(await probe.texts(DB_NAME)).toMatchObject([{ values: [] }]);
    inventory.world.faults.plan({
      ...{ vendor: "dns", operation: "query", times: 1 },
      effect: { kind: "error", status: 0, code: "SERVFAIL" },
    });
    expect(await probe.texts(name)).toMatchObject([{ values: [], error: "ESERVFAIL" }]);
  });

  test("each server answers for itself, and its failure is data", async () => {
    inventory.world.faults.plan({
      vendor: "dns",
      operation: "query",
      effect: { kind: "error", status: 0, code: "SERVFAIL" },
      times: 1,
    });
    const [first, second] = await probeWith(options).resolve(NAME);
    expect([first?.error, second?.error].filter(Boolean)).toHaveLength(1);
    const silent = probeWith({ ...options, dnsServers: ["127.0.0.1:9", ...resolvers] });
    const answers = await silent.resolve(NAME);
    expect(answers[0]).toMatchObject({ server: "127.0.0.1:9", values: [], error: expect.any(String) });
    expect(answers[1]?.values).toHaveLength(1);
    expect(await silent.health(`https://${NAME}/health`)).toMatchObject({ kind: "healthy" });
    const [nobody] = await probeWith(options).resolve("nobody.mycomputer.com");
    expect(nobody).toMatchObject({ values: [] });
  });

  test("name servers that cannot be found are data as well", async () => {
    const { dnsServers, connect } = options;
    expect(await probeWith({ dnsServers, connect }).resolveAuthoritative(NAME)).toEqual([
      { server: "authoritative", values: [], ttlSeconds: 0, error: `No name servers found for ${NAME}` },
    ]);
  });

  test("a host that no resolver knows is unreachable", async () => {
    const verdict = await probeWith(options).health("http://nobody.example.org/");
    expect(verdict).toMatchObject({ kind: "unreachable", why: expect.stringContaining("has no address") });
  });
});
