import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { decode, encode, type Packet, TRUNCATED_RESPONSE } from "dns-packet";
import { createResolver } from "../../../src/simulators/dns/resolver.ts";
import { type DnsSimulator, startDns } from "../../../src/simulators/dns/server.ts";
import {
  advance,
  aliasRecord,
  HOME,
  HOME_NAME,
  HOME_ZONE,
  inventorySpec,
  openTraffic,
  STANDBY_NAME,
  STANDBY_ZONE,
} from "./harness.ts";

let opened: ReturnType<typeof openTraffic>;
let dns: DnsSimulator;
beforeEach(async () => {
  opened = openTraffic();
  dns = await startDns(opened.world, opened.traffic.authorities);
});
afterEach(async () => {
  await dns.stop();
  opened.stop();
});

const HOME_ADDRESS = "198.51.100.10";
const STANDBY_ADDRESS = "198.51.100.11";

function asking(port: number | undefined): Resolver {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}

function moveToStandby(): void {
  const Changes = [
    {
      Action: "UPSERT",
      ResourceRecordSet: aliasRecord({ identifier: "Primary", weight: 0 }, { zone: HOME_ZONE, name: HOME_NAME }),
    },
    {
      Action: "UPSERT",
      ResourceRecordSet: aliasRecord(
        { identifier: "Secondary", weight: 100 },
        { zone: STANDBY_ZONE, name: STANDBY_NAME },
      ),
    },
  ];
  opened.call(
    { service: "route53", operation: "ChangeResourceRecordSets" },
    { HostedZoneId: "Z123456789", ChangeBatch: { Changes } },
  );
  advance(opened.world, 51);
}

type Question = NonNullable<Packet["questions"]>[number];

async function overTcp(port: number, name: string, type: Question["type"] = "A") {
  const query = encode({ type: "query", id: 9, questions: [{ type, name }] });
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(query.length, 0);
  const socket = connect(port, "127.0.0.1");
  socket.write(Buffer.concat([prefix, query]));
  const [bytes] = await new Promise<Buffer[]>((resolve) => socket.once("data", (data: Buffer) => resolve([data])));
  socket.destroy();
  return decode((bytes ?? Buffer.alloc(0)).subarray(2));
}

/** The answer to bytes over UDP; undefined where none comes in `withinMs`. */
async function overUdp(port: number, query: Packet, withinMs = 2_000) {
  const socket = createSocket("udp4");
  socket.send(encode({ type: "query", id: 9, ...query }), port, "127.0.0.1");
  const bytes = await new Promise<Buffer | undefined>((resolve) => {
    const late = setTimeout(() => resolve(undefined), withinMs);
    socket.once("message", (message: Buffer) => {
      clearTimeout(late);
      resolve(message);
    });
  });
  socket.close();
  return bytes && { bytes, packet: decode(bytes), rcode: bytes.readUInt16BE(2) & 0b1111 };
}

const opt = (udpPayloadSize: number, ednsVersion = 0): Packet["additionals"] => [
  {
    ...({ type: "OPT", name: ".", udpPayloadSize, ednsVersion } as const),
    ...{ extendedRcode: 0, flags: 0, flag_do: false, options: [] },
  },
];

test("resolvers of two continents are answered by where they stand, for names that are routed by latency", async () => {
  const set = (Region: string, Value: string) => ({
    Action: "CREATE",
    ResourceRecordSet: {
      ...{ Name: "near.mycomputer.com", Type: "A", SetIdentifier: Region, Region, TTL: 60 },
      ResourceRecords: [{ Value }],
    },
  });
  const Changes = [set("eu-west-1", "192.0.2.1"), set("us-east-1", "192.0.2.2")];
  opened.call(
    { service: "route53", operation: "ChangeResourceRecordSets" },
    { HostedZoneId: "Z123456789", ChangeBatch: { Changes } },
  );
  advance(opened.world, 51);

  const answers = dns.resolverPorts.map((port) => asking(port).resolve4("near.mycomputer.com"));

  expect(await Promise.all(answers)).toEqual([["192.0.2.1"], ["192.0.2.2"]]);
});

describe("the DNS protocol", () => {
  const NAME = "long.mycomputer.com";
  const asks = (type: Question["type"], more: Partial<Question> = {}) => [{ type, name: NAME, ...more }];
  const text = () => Array.from({ length: 12 }, (_, at) => `"${String(at).padStart(2, "0")}${"x".repeat(240)}"`);
  const isCut = (packet: Packet | undefined) => ((packet?.flags ?? 0) & TRUNCATED_RESPONSE) !== 0;

  beforeEach(() => {
    const set = { Name: NAME, Type: "TXT", TTL: 60, ResourceRecords: text().map((Value) => ({ Value })) };
    opened.call(
      { service: "route53", operation: "ChangeResourceRecordSets" },
      { HostedZoneId: "Z123456789", ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet: set }] } },
    );
    advance(opened.world, 51);
  });

  test("three kilobytes come whole by TCP and where EDNS has room for them, and else cut short with TC", async () => {
    const plain = await overUdp(dns.port, { questions: asks("TXT") });
    const narrow = await overUdp(dns.port, { questions: asks("TXT"), additionals: opt(1_232) });
    const wide = await overUdp(dns.port, { questions: asks("TXT"), additionals: opt(4_096) });

    for (const short of [plain, narrow]) {
      expect([isCut(short?.packet), short?.packet.answers]).toEqual([true, []]);
      expect(short?.bytes.length).toBeLessThanOrEqual(512);
    }
    expect([isCut(wide?.packet), wide?.packet.answers?.length]).toEqual([false, 12]);
    expect((await overTcp(dns.port, NAME, "TXT")).answers).toHaveLength(12);
    expect(await asking(dns.port).resolveTxt(NAME)).toHaveLength(12);
  });

  test("an OPT record is answered by one, and another version of EDNS by BADVERS", async () => {
    const known = await overUdp(dns.port, { questions: asks("A"), additionals: opt(1_232) });
    const newer = await overUdp(dns.port, { questions: asks("A"), additionals: opt(1_232, 1) });

    expect(known?.packet.additionals).toMatchObject([{ type: "OPT", ednsVersion: 0, extendedRcode: 0 }]);
    expect(newer?.packet.additionals).toMatchObject([{ type: "OPT", ednsVersion: 0, extendedRcode: 1 }]);
    expect((await overUdp(dns.port, { questions: asks("A") }))?.packet.additionals).toEqual([]);
  });

  test("another class and transfers of zones are refused, two questions are malformed, and another opcode is not known", async () => {
    const rcodeOf = async (query: Packet) => (await overUdp(dns.port, query))?.rcode;

    expect(await rcodeOf({ questions: asks("TXT", { class: "CH" }) })).toBe(5);
    expect(await rcodeOf({ questions: [{ type: "AXFR", name: "mycomputer.com" }] })).toBe(5);
    expect((await overTcp(dns.port, "mycomputer.com", "AXFR")).answers).toEqual([]);
    expect(await rcodeOf({ questions: [...asks("A"), ...asks("AAAA")] })).toBe(1);
    expect(await rcodeOf({ questions: asks("A"), flags: 2 << 11 })).toBe(4);
  });

  test("an answer that comes in as a question is answered by nobody", async () => {
    expect(await overUdp(dns.port, { type: "response", questions: asks("A") }, 200)).toBeUndefined();
    expect(await overUdp(dns.port, { questions: asks("A") })).toBeDefined();
  });
});

describe("name servers", () => {
  test("answer an alias as an address that lives 60 s, with authority", async () => {
    const answer = await overTcp(dns.port, "api.mycomputer.com");
    expect(answer).toMatchObject({ id: 9, rcode: "NOERROR", flag_aa: true, flag_ra: false });
    expect(answer.answers).toMatchObject([{ type: "A", name: "api.mycomputer.com", ttl: 60, data: HOME_ADDRESS }]);
    expect(await asking(dns.port).resolve4("api.mycomputer.com", { ttl: true })).toEqual([
      { address: HOME_ADDRESS, ttl: 60 },
    ]);
  });

  test("say NXDOMAIN with the zone's SOA for a name that does not exist, and nothing for an absent type", async () => {
    const answer = await overTcp(dns.port, "nobody.mycomputer.com");
    expect(answer).toMatchObject({
      rcode: "NXDOMAIN",
      answers: [],
      authorities: [{ type: "SOA", name: "mycomputer.com" }],
    });
    await expect(asking(dns.port).resolve6("api.mycomputer.com")).rejects.toMatchObject({ code: "ENODATA" });
    await expect(asking(dns.port).resolve4("elsewhere.example")).rejects.toMatchObject({ code: "EREFUSED" });
  });

  test("show a change when it is INSYNC, whatever resolvers still hold", async () => {
    const cache = asking(dns.resolverPorts[0]);
    expect(await cache.resolve4("api.mycomputer.com")).toEqual([HOME_ADDRESS]);
    advance(opened.world, 9);
    moveToStandby();
    expect(await asking(dns.port).resolve4("api.mycomputer.com")).toEqual([STANDBY_ADDRESS]);
    // 60 s after the first answer the cache asks again.
    expect(await asking(dns.resolverPorts[1]).resolve4("api.mycomputer.com")).toEqual([STANDBY_ADDRESS]);
    expect(await cache.resolve4("api.mycomputer.com")).toEqual([STANDBY_ADDRESS]);
  });

  test("go on while a region is dark", async () => {
    opened.world.regions.set(HOME, "dark");
    expect(await asking(dns.port).resolve4(HOME_NAME)).toEqual([HOME_ADDRESS]);
    expect(await asking(dns.port).resolve4("api.mycomputer.com")).toEqual([STANDBY_ADDRESS]);
  });

  test("lose a set of a change that is INSYNC: lists go on showing it, until the next change of the zone", async () => {
    const control = await opened.world.control.listen();
    const body = JSON.stringify({ zone: "Z123456789", sets: [{ name: "api.mycomputer.com" }] });
    await fetch(`http://127.0.0.1:${control}/route53/lose`, { method: "POST", body });
    await opened.world.control.close();
    expect(await asking(dns.port).resolve4("api.mycomputer.com")).toEqual([HOME_ADDRESS]);
    moveToStandby();
    await expect(asking(dns.port).resolve4("api.mycomputer.com")).rejects.toMatchObject({ code: "ENOTFOUND" });
    moveToStandby();
    expect(await asking(dns.port).resolve4("api.mycomputer.com")).toEqual([STANDBY_ADDRESS]);
  });

  test("give a load balancer of both families an IPv6 address under its own name and under its aliases' names", async () => {
    const spec = inventorySpec();
    const [home, standby] = spec.elb?.loadBalancers ?? [];
    if (!home || !standby) throw new Error("each side has a load balancer");
    const balancers = [home, { ...standby, ipAddressType: "dualstack" as const }];
    const both = openTraffic({ ...spec, elb: { loadBalancers: balancers } });
    const servers = await startDns(both.world, both.traffic.authorities);
    const six = aliasRecord({ identifier: "Six", weight: 1 }, { zone: STANDBY_ZONE, name: STANDBY_NAME });
    const set = { ...six, Name: "six.mycomputer.com", Type: "AAAA" };
    both.call(
      { service: "route53", operation: "ChangeResourceRecordSets" },
      { HostedZoneId: "Z123456789", ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet: set }] } },
    );
    advance(both.world, 51);

    await expect(asking(servers.port).resolve6(HOME_NAME)).rejects.toMatchObject({ code: "ENODATA" });
    expect(await asking(servers.port).resolve6(STANDBY_NAME)).toEqual(["2001:db8::b"]);
    expect(await asking(servers.port).resolve6("six.mycomputer.com")).toEqual(["2001:db8::b"]);
    await servers.stop();
    both.stop();
  });

  test("one by one take planned faults of their own", async () => {
    const effect = { kind: "error", status: 0, code: "SERVFAIL" } as const;
    const { cancel } = opened.world.faults.plan({ vendor: "dns", region: "resolver-2", effect });
    const [first, second] = dns.resolverPorts.map((port) => asking(port).resolve4(HOME_NAME));
    expect(await first).toEqual([HOME_ADDRESS]);
    await expect(second).rejects.toMatchObject({ code: "ESERVFAIL" });
    cancel();
  });

  test("take planned faults of DNS", async () => {
    opened.world.faults.plan({ vendor: "dns", effect: { kind: "error", status: 0, code: "SERVFAIL" }, times: 1 });
    await expect(asking(dns.port).resolve4(HOME_NAME)).rejects.toMatchObject({ code: "ESERVFAIL" });
    opened.world.faults.plan({ vendor: "dns", effect: { kind: "hang" }, times: 1 });
    await expect(asking(dns.port).resolve4(HOME_NAME)).rejects.toMatchObject({ code: "ETIMEOUT" });
    expect(await asking(dns.port).resolve4(HOME_NAME)).toEqual([HOME_ADDRESS]);
  });
});

describe("a caching resolver", () => {
  test("keeps an answer exactly its TTL and says how much of it is left", () => {
    const resolver = createResolver(opened.world.clock, opened.traffic.authorities.public);
    const answer = () =>
      resolver.resolve("api.mycomputer.com").records.map(({ value, ttlSeconds }) => `${value} ${ttlSeconds}`);
    expect(answer()).toEqual([`${HOME_ADDRESS} 60`]);
    opened.world.regions.set(HOME, "dark");
    advance(opened.world, 45);
    expect(answer()).toEqual([`${HOME_ADDRESS} 15`]);
    opened.world.clock.jump(14_900);
    expect(answer()).toEqual([`${HOME_ADDRESS} 1`]);
    opened.world.clock.jump(100);
    expect(answer()).toEqual([`${STANDBY_ADDRESS} 60`]);
  });

  test("follows a CNAME, each step with its own life", async () => {
    const resolver = createResolver(opened.world.clock, opened.traffic.authorities.public);
    const ttls = () =>
      resolver.resolve("www.mycomputer.com").records.map(({ type, ttlSeconds }) => `${type} ${ttlSeconds}`);
    expect(ttls()).toEqual(["CNAME 300", "A 60"]);
    advance(opened.world, 61);
    expect(ttls()).toEqual(["CNAME 239", "A 60"]);
    expect(await asking(dns.resolverPorts[0]).resolve4("www.mycomputer.com")).toEqual([HOME_ADDRESS]);
  });

  test("remembers that a name does not exist", () => {
    const resolver = createResolver(opened.world.clock, opened.traffic.authorities.public);
    expect(resolver.resolve("late.mycomputer.com")).toMatchObject({ status: "no-such-name", ttlSeconds: 900 });
    const ResourceRecordSet = {
      Name: "late.mycomputer.com",
      Type: "A",
      TTL: 60,
      ResourceRecords: [{ Value: "192.0.2.1" }],
    };
    const Changes = [{ Action: "CREATE", ResourceRecordSet }];
    opened.call(
      { service: "route53", operation: "ChangeResourceRecordSets" },
      { HostedZoneId: "Z123456789", ChangeBatch: { Changes } },
    );
    advance(opened.world, 899);
    expect(resolver.resolve("late.mycomputer.com").status).toBe("no-such-name");
    advance(opened.world, 1);
    expect(resolver.resolve("late.mycomputer.com").status).toBe("found");
  });

  test("answers private zones inside the VPC only", async () => {
    expect(await asking(dns.vpcResolverPort).resolveCname("db.inventory.internal")).toEqual([
      "inventory-db.abc.eu-west-1.rds.amazonaws.com",
    ]);
    expect(await asking(dns.vpcResolverPort).resolve4("db.inventory.internal")).toEqual(["203.0.113.10"]);
    await expect(asking(dns.resolverPorts[0]).resolve4("db.inventory.internal")).rejects.toMatchObject({
      code: "ESERVFAIL",
    });
  });
});
