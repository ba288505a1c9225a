import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { placeIn } from "../../../src/simulators/dns/places.ts";
import {
  advance,
  aliasRecord,
  at,
  HOME,
  HOME_NAME,
  HOME_ZONE,
  inventorySpec,
  openTraffic,
  refusal,
  STANDBY_NAME,
  STANDBY_ZONE,
} from "./harness.ts";

let opened: ReturnType<typeof openTraffic>;
beforeEach(() => {
  opened = openTraffic();
});
afterEach(() => opened.stop());

const ZONE = "Z123456789";
const COLLECTION = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

function change(...changes: { Action: string; ResourceRecordSet: Record<string, unknown> }[]) {
  return opened.call(
    { service: "route53", operation: "ChangeResourceRecordSets" },
    { HostedZoneId: ZONE, ChangeBatch: { Changes: changes } },
  );
}

function listed(input: Record<string, unknown> = {}) {
  return opened.call({ service: "route53", operation: "ListResourceRecordSets" }, { HostedZoneId: ZONE, ...input });
}

function authoritative(name: string, type = "A") {
  return opened.traffic.authorities.public.ask(name, type);
}

const cname = (name: string, value: string) => ({
  Name: name,
  Type: "CNAME" as const,
  TTL: 60,
  ResourceRecords: [{ Value: value }],
});

test("a geoproximity set is listed as it was written, and answers whoever is nearest", () => {
  const GeoProximityLocation = { Coordinates: { Latitude: "50.11", Longitude: "8.68" }, Bias: "-20" };
  const to = (SetIdentifier: string, Value: string, by: object) => ({
    Action: "CREATE",
    ResourceRecordSet: {
      ...{ Name: "near.mycomputer.com", Type: "A", SetIdentifier, TTL: 60, ResourceRecords: [{ Value }] },
      GeoProximityLocation: by,
    },
  });

  change(to("here", "192.0.2.1", GeoProximityLocation), to("there", "192.0.2.2", { AWSRegion: "us-east-1" }));

  advance(opened.world, 51);
  const page = listed({ StartRecordName: "near.mycomputer.com", MaxItems: "1" });
  expect(at(page, "ResourceRecordSets", 0)).toMatchObject({
    GeoProximityLocation: { Coordinates: { Latitude: "50.11", Longitude: "8.68" }, Bias: -20 },
  });
  expect(authoritative("near.mycomputer.com")).toMatchObject({ values: ["192.0.2.1"] });
});

test("IP-based routing answers by the block of the asker, lists its location, and refuses the same one twice", () => {
  const to = (LocationName: string, Value: string, SetIdentifier = LocationName) => ({
    Action: "CREATE",
    ResourceRecordSet: {
      ...{ Name: "by.mycomputer.com", Type: "A", SetIdentifier, TTL: 60, ResourceRecords: [{ Value }] },
      CidrRoutingConfig: { CollectionId: COLLECTION, LocationName },
    },
  });
  const [office, other] = [to("frankfurt", "192.0.2.1"), to("*", "192.0.2.9")];

  change(office, other);

  advance(opened.world, 51);
  const { public: servers } = opened.traffic.authorities;
  const asked = (region: string) => servers.ask("by.mycomputer.com", "A", placeIn(region));
  expect(asked("eu-central-1")).toMatchObject({ values: ["192.0.2.1"] });
  expect(asked("us-east-1")).toMatchObject({ values: ["192.0.2.9"] });
  expect(JSON.stringify(listed())).toContain(`"CollectionId":"${COLLECTION}","LocationName":"frankfurt"`);
  expect(refusal(() => change(to("frankfurt", "192.0.2.2", "second")))?.message).toContain("CIDR location frankfurt");
});

describe("a change", () => {
  test("is PENDING, shown by lists at once and by DNS only when INSYNC", () => {
    const accepted = change({ Action: "CREATE", ResourceRecordSet: cname("new.mycomputer.com", "a.example.com") });
    const id = String(at(accepted, "ChangeInfo", "Id"));
    expect(at(accepted, "ChangeInfo", "Status")).toBe("PENDING");
    expect(JSON.stringify(listed())).toContain("new.mycomputer.com.");
    advance(opened.world, 14);
    expect(authoritative("new.mycomputer.com").kind).toBe("empty");
    advance(opened.world, 37);
    expect(at(opened.call({ service: "route53", operation: "GetChange" }, { Id: id }), "ChangeInfo", "Status")).toBe(
      "INSYNC",
    );
    expect(authoritative("new.mycomputer.com")).toMatchObject({ kind: "cname", target: "a.example.com." });
    expect(opened.world.log.read(0, "route53.change").map(({ kind }) => kind)).toEqual([
      "route53.change-accepted",
      "route53.change-insync",
    ]);
  });

  test("is refused while the zone's previous one is in flight, but not in another zone", () => {
    change({ Action: "UPSERT", ResourceRecordSet: cname("a.mycomputer.com", "x.example.com") });
    const again = () => change({ Action: "UPSERT", ResourceRecordSet: cname("b.mycomputer.com", "x.example.com") });
    expect(refusal(again)?.code).toBe("PriorRequestNotComplete");
    const elsewhere = { Action: "UPSERT", ResourceRecordSet: cname("b.inventory.internal", "x.example.com") };
    opened.call(
      { service: "route53", operation: "ChangeResourceRecordSets" },
      {
        HostedZoneId: "ZPRIVATE",
        ChangeBatch: { Changes: [elsewhere] },
      },
    );
    advance(opened.world, 51);
    expect(refusal(again)).toBeUndefined();
  });

  test("batch with one bad change changes nothing and names everything that is wrong", () => {
    const before = JSON.stringify(listed());
    const error = refusal(() =>
      change(
        { Action: "UPSERT", ResourceRecordSet: cname("good.mycomputer.com", "x.example.com") },
        { Action: "CREATE", ResourceRecordSet: cname("www.mycomputer.com", "x.example.com") },
        { Action: "DELETE", ResourceRecordSet: cname("gone.mycomputer.com", "x.example.com") },
      ),
    );
    expect(error).toEqual({
      code: "InvalidChangeBatch",
      status: 400,
      message:
        "[Tried to create resource record set [name='www.mycomputer.com.', type='CNAME'] but it already exists, " +
        "Tried to delete resource record set [name='gone.mycomputer.com.', type='CNAME'] but it was not found]",
    });
    expect(JSON.stringify(listed())).toBe(before);
  });

  test("deletes only what it describes exactly", () => {
    const wrong = { ...cname("www.mycomputer.com", "api.mycomputer.com"), TTL: 60 };
    const error = refusal(() => change({ Action: "DELETE", ResourceRecordSet: wrong }));
    expect(error?.message).toContain("the values provided do not match the current values");
    change({ Action: "DELETE", ResourceRecordSet: { ...wrong, TTL: 300 } });
    expect(JSON.stringify(listed())).not.toContain("www.mycomputer.com.");
  });

  test("of an alias is refused with a zone that is not the load balancer's own", () => {
    const onNlbZone = aliasRecord(
      { identifier: "Secondary", weight: 100 },
      { zone: "Z3F0SRJ5LGBH90", name: STANDBY_NAME },
    );
    const error = refusal(() => change({ Action: "UPSERT", ResourceRecordSet: onNlbZone }));
    expect(error?.message).toContain("the alias target name does not lie within the target zone");
    const unknown = aliasRecord(
      { identifier: "Secondary", weight: 100 },
      { zone: STANDBY_ZONE, name: "ghost.eu-central-1.elb.amazonaws.com" },
    );
    const missing = refusal(() => change({ Action: "UPSERT", ResourceRecordSet: unknown }));
    expect(missing?.message).toMatch(/^\[Tried .* but that target was not found\]$/);
    const right = aliasRecord(
      { identifier: "Secondary", weight: 100 },
      { zone: STANDBY_ZONE, name: `dualstack.${STANDBY_NAME}` },
    );
    expect(refusal(() => change({ Action: "UPSERT", ResourceRecordSet: right }))).toBeUndefined();
  });

  const malformed: { what: string; set: Record<string, unknown>; code: string; message: RegExp }[] = [
    {
      what: "outside the zone",
      set: cname("a.example.org", "x"),
      code: "InvalidChangeBatch",
      message: /is not permitted in zone mycomputer\.com\./,
    },
    {
      what: "a CNAME at the apex",
      set: cname("mycomputer.com", "x"),
      code: "InvalidChangeBatch",
      message: /not permitted at apex/,
    },
    {
      what: "a CNAME beside other data",
      set: cname("api.mycomputer.com", "x"),
      code: "InvalidChangeBatch",
      message: /conflicts with other records/,
    },
    {
      what: "a weight beyond 255",
      set: aliasRecord({ identifier: "Primary", weight: 256 }, { zone: HOME_ZONE, name: HOME_NAME }),
      code: "InvalidInput",
      message: /Weight/,
    },
    {
      what: "neither alias nor values",
      set: { Name: "a.mycomputer.com", Type: "A" },
      code: "InvalidInput",
      message: /but found none/,
    },
    {
      what: "an address that is none",
      set: { Name: "a.mycomputer.com", Type: "A", TTL: 60, ResourceRecords: [{ Value: "10.0.0" }] },
      code: "InvalidChangeBatch",
      message: /not a valid IPv4 address/,
    },
    {
      what: "a text that DNS cannot carry",
      set: { Name: "a.mycomputer.com", Type: "TXT", TTL: 60, ResourceRecords: [{ Value: `"${"x".repeat(256)}"` }] },
      code: "InvalidChangeBatch",
      message: /CharacterStringTooLong/,
    },
    {
      what: "an unknown health check",
      set: { ...cname("a.mycomputer.com", "x"), HealthCheckId: "nobody" },
      code: "NoSuchHealthCheck",
      message: /nobody/,
    },
    {
      what: "a simple record beside weighted ones",
      set: { Name: "api.mycomputer.com", Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] },
      code: "InvalidChangeBatch",
      message: /another routing policy/,
    },
  ];
  test.each(malformed)("is refused for $what", ({ set, code, message }) => {
    const error = refusal(() => change({ Action: "UPSERT", ResourceRecordSet: set }));
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });
});

test("unknown zones and changes are errors of their own", () => {
  expect(refusal(() => listed({ HostedZoneId: "ZNONE" }))).toMatchObject({ code: "NoSuchHostedZone", status: 404 });
  expect(refusal(() => opened.call({ service: "route53", operation: "GetChange" }, { Id: "C1" }))).toMatchObject({
    code: "NoSuchChange",
  });
});

test("the sixth request within a second of world time is throttled, whatever its operation", () => {
  for (let request = 0; request < 5; request++) listed();
  expect(refusal(() => opened.call({ service: "route53", operation: "ListHostedZones" }, {}))?.code).toBe("Throttling");
  advance(opened.world, 1);
  expect(refusal(() => listed())).toBeUndefined();
});

test("lists page by name, type and identifier without losing or repeating a record", () => {
  const seen: unknown[] = [];
  let input: Record<string, unknown> = { MaxItems: "1" };
  for (;;) {
    const page = listed(input);
    const record = at(page, "ResourceRecordSets", 0);
    seen.push([at(record, "Name"), at(record, "Type"), at(record, "SetIdentifier")]);
    advance(opened.world, 1);
    if (page["IsTruncated"] === false) break;
    input = {
      ...{ MaxItems: "1", StartRecordName: page["NextRecordName"], StartRecordType: page["NextRecordType"] },
      ...("NextRecordIdentifier" in page && { StartRecordIdentifier: page["NextRecordIdentifier"] }),
    };
  }
  expect(seen).toEqual([
    ["mycomputer.com.", "NS", undefined],
    ["mycomputer.com.", "SOA", undefined],
    ["api.mycomputer.com.", "A", "Primary"],
    ["api.mycomputer.com.", "A", "Secondary"],
    ["www.mycomputer.com.", "CNAME", undefined],
  ]);
});

describe("a health check", () => {
  const status = () => opened.traffic.healthCheckStatus("home-deep");

  test("fails after its threshold of observations and no earlier, and recovers the same way", () => {
    advance(opened.world, 5);
    opened.world.regions.set(HOME, "dark");
    advance(opened.world, 24);
    expect(status()).toBe(1);
    advance(opened.world, 2);
    expect(status()).toBe(0);
    opened.world.regions.set(HOME, "up");
    advance(opened.world, 28);
    expect(status()).toBe(0);
    advance(opened.world, 2);
    expect(status()).toBe(1);
  });

  test("can be inverted and disabled, and refuses an outdated version", () => {
    const update = (input: Record<string, unknown>) =>
      opened.call({ service: "route53", operation: "UpdateHealthCheck" }, { HealthCheckId: "home-deep", ...input });
    expect(at(update({ HealthCheckVersion: "1", Inverted: "true" }), "HealthCheck", "HealthCheckVersion")).toBe(2);
    expect(status()).toBe(0);
    expect(refusal(() => update({ HealthCheckVersion: "1" }))).toMatchObject({
      ...{ code: "HealthCheckVersionMismatch", status: 409 },
    });
    update({ Inverted: "false", Disabled: "true" });
    opened.world.regions.set(HOME, "dark");
    advance(opened.world, 60);
    expect(status()).toBe(1);
  });
});

describe("Route 53 refuses", () => {
  const one = (set: Record<string, unknown>, Action = "CREATE") => [{ Action, ResourceRecordSet: set }];
  const values = (Type: string, ...all: string[]) => ({
    ...{ Name: "odd.mycomputer.com", Type, TTL: 60 },
    ResourceRecords: all.map((Value) => ({ Value })),
  });
  const routed = (SetIdentifier: string, by: Record<string, unknown>) => ({
    ...{ ...values("A", "192.0.2.1"), SetIdentifier },
    ...by,
  });
  const apexServers = () => {
    const apex = opened.traffic.route53.zones.find(({ id }) => id === ZONE);
    return apex?.records.filter(({ Type }) => Type === "NS") ?? [];
  };

  test.each<[string, { Action: string; ResourceRecordSet: Record<string, unknown> }[], string]>([
    ["an unquoted TXT", one(values("TXT", "plain words")), "enclosed in quotation marks"],
    ["an MX without a preference", one(values("MX", "mail.example.com")), "MXRRDATA"],
    ["a CNAME of two values", one(values("CNAME", "a.example.com", "b.example.com")), "exactly one value"],
    ["the same value twice", one(values("A", "192.0.2.1", "192.0.2.1")), "Duplicate Resource Record"],
    ["a label of 64", one({ ...values("A", "192.0.2.1"), Name: `${"a".repeat(64)}.mycomputer.com` }), "TooLong"],
    [
      "a multivalue CNAME",
      one({ ...values("CNAME", "a.example.com"), SetIdentifier: "1", MultiValueAnswer: "true" }),
      "not allowed for CNAME",
    ],
    [
      "two latency sets of one region",
      [...one(routed("1", { Region: "eu-west-1" })), ...one(routed("2", { Region: "eu-west-1" }))],
      "the same name, type and region eu-west-1",
    ],
    [
      "two geolocation sets of one place",
      [
        ...one(routed("1", { GeoLocation: { CountryCode: "DE" } })),
        ...one(routed("2", { GeoLocation: { CountryCode: "DE" } })),
      ],
      "the same name, type and geolocation",
    ],
    [
      "two geoproximity sets of one place",
      [
        ...one(routed("1", { GeoProximityLocation: { AWSRegion: "eu-west-1", Bias: "10" } })),
        ...one(routed("2", { GeoProximityLocation: { AWSRegion: "eu-west-1" } })),
      ],
      "the same name, type and geoproximity",
    ],
  ])("%s", (_what, changes, says) => {
    expect(refusal(() => change(...changes))).toMatchObject({
      code: "InvalidChangeBatch",
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ["collection", "11111111-2222-4333-8444-555555555555", "NoSuchCidrCollectionException"],
    ["location", COLLECTION, "NoSuchCidrLocationException"],
  ])("a CIDR %s that there is not", (_what, CollectionId, code) => {
    const set = routed("1", { CidrRoutingConfig: { CollectionId, LocationName: "nowhere" } });
    expect(refusal(() => change(...one(set)))?.code).toBe(code);
  });

  test.each<[string, Record<string, unknown>]>([
    ["of two places", { AWSRegion: "eu-west-1", LocalZoneGroup: "us-west-2-den-1" }],
    ["of none", { Bias: "10" }],
    ["with too much bias", { AWSRegion: "eu-west-1", Bias: "100" }],
    ["beyond a pole", { Coordinates: { Latitude: "90.01", Longitude: "0" } }],
  ])("a geoproximity set %s", (_what, GeoProximityLocation) => {
    expect(refusal(() => change(...one(routed("1", { GeoProximityLocation }))))?.code).toBe("InvalidInput");
  });

  test("a region that is none", () => {
    const error = refusal(() => change(...one(routed("1", { Region: "the-moon" }))));
    expect(error?.code).toBe("InvalidInput");
  });

  test("to be left without the zone's own name servers", () => {
    const [servers] = apexServers();
    const error = refusal(() => change(...one({ ...servers }, "DELETE")));
    expect(error?.message).toContain("at least one NS record");
  });

  test("none of the newer types", () => {
    const changes = [
      one(values("HTTPS", "1 . alpn=h2")),
      one(values("SVCB", "0 other.example.com")),
      one(values("TLSA", "3 1 1 0a0b0c")),
      one(values("SSHFP", "4 2 0a0b0c")),
      one(values("NAPTR", '100 10 "u" "sip+E2U" "!^.*$!sip:info@example.com!" .')),
    ];
    expect(refusal(() => change(...changes.flat()))).toBeUndefined();
    expect(JSON.stringify(listed())).toContain("HTTPS");
  });
});

test("a world is refused whose records Route 53 would refuse", () => {
  const spec = inventorySpec();
  spec.route53.zones[0]?.records?.push(cname("mycomputer.com", "x.example.com"));
  expect(refusal(() => openTraffic(spec))?.message).toContain("not permitted at apex");
});

test("a batch that moves a failover pair of a spec is accepted with its health check", () => {
  opened.stop();
  const spec = inventorySpec();
  const zone = spec.route53.zones[0];
  if (zone) zone.records = [];
  opened = openTraffic(spec);
  const record = (side: "PRIMARY" | "SECONDARY", hostedZone: string, name: string) => ({
    ...{ Name: "api.mycomputer.com", Type: "A", SetIdentifier: side, Failover: side, HealthCheckId: "home-deep" },
    AliasTarget: { HostedZoneId: hostedZone, DNSName: name, EvaluateTargetHealth: "true" },
  });
  change(
    { Action: "CREATE", ResourceRecordSet: record("PRIMARY", HOME_ZONE, HOME_NAME) },
    { Action: "CREATE", ResourceRecordSet: record("SECONDARY", STANDBY_ZONE, STANDBY_NAME) },
  );
  advance(opened.world, 51);
  expect(authoritative("api.mycomputer.com")).toMatchObject({ values: ["198.51.100.10"], ttlSeconds: 60 });
});
