import { describe, expect, test } from "@jest/globals";
import { decodeQuery } from "../../../src/simulators/aws/query-protocol.ts";
import { MYSQL_SILENCE, Replication } from "../../../src/simulators/aws/replication.ts";
import { XmlList } from "../../../src/simulators/aws/service.ts";
import { readCredentialScope } from "../../../src/simulators/aws/sigv4-scope.ts";
import { readXml, writeXml } from "../../../src/simulators/aws/xml.ts";

describe("the wire", () => {
  test("named and numbered lists of Query become arrays, and a structure of one member stays a structure", () => {
    const form =
      "Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.1=a&Filters.Filter.1.Values.Value.2=b" +
      "&Tags.member.2.Key=second&Tags.member.1.Key=first&Outer.Inner.member.1=x&FailoverState.Status=s";
    expect(decodeQuery(form, "query")).toEqual({
      Filters: [{ Name: "n", Values: ["a", "b"] }],
      Tags: [{ Key: "first" }, { Key: "second" }],
      Outer: { Inner: ["x"] },
      FailoverState: { Status: "s" },
    });
  });

  test("EC2's lists are numbered directly, also where an entry has a single list", () => {
    expect(decodeQuery("IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8", "ec2")).toEqual({
      IpPermissions: [{ IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
    });
  });

  test("names that would reach an object's prototype are plain data", () => {
    const decoded = decodeQuery("__proto__.polluted=yes&constructor.x=1", "query");
    expect(Object.hasOwn(decoded, "__proto__")).toBe(true);
    expect("polluted" in {}).toBe(false);
  });

  test("XML that is written reads back as the same text, whatever the text", () => {
    const nasty = `<a href="x">&amp;' ]]> \u00e9\u{1f600}`;
    expect(readXml(writeXml("Root", { Value: nasty }))).toEqual({ Root: { Value: nasty } });
    expect(writeXml("Root", { Value: "bell\u0007" })).toBe("<Root><Value>bell\ufffd</Value></Root>");
  });

  test("lists name their entries, dates are ISO-8601, and absent members leave nothing behind", () => {
    const value = { When: new Date(0), None: undefined, Ids: new XmlList("Id", ["a", "b"]), Names: ["n"], Zero: 0 };
    expect(writeXml("R", value)).toBe(
      "<R><When>1970-01-01T00:00:00.000Z</When><Ids><Id>a</Id><Id>b</Id></Ids><Names><member>n</member></Names><Zero>0</Zero></R>",
    );
  });

  test("only a whole SigV4 authorization has a scope", () => {
    const signature = "a".repeat(64);
    const header = `AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-west-2/rds/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
    expect(readCredentialScope(header)).toEqual({ accessKeyId: "AKIA", region: "us-west-2", service: "rds" });
    for (const broken of [undefined, "", "Bearer x", header.replace("rds/", ""), header.slice(0, -1)]) {
      expect(readCredentialScope(broken)).toBeUndefined();
    }
  });
});

describe("replication", () => {
  test("a position never moves back, and never passes the clock minus the lag", () => {
    const replication = new Replication(0, 2_000);
    replication.change(10_000, { lagMs: 60_000 });
    replication.change(50_000, { link: "broken" });
    replication.change(200_000, { link: "up", lagMs: 1_000 });
    let last = Number.NEGATIVE_INFINITY;
    for (let atMs = -5_000; atMs < 300_000; atMs += 500) {
      const position = replication.positionAt(atMs);
      expect(position).toBeGreaterThanOrEqual(last);
      expect(position).toBeLessThan(atMs);
      last = position;
    }
    expect(replication.lagSecondsAt(9_000)).toBe(2);
    expect(replication.lagSecondsAt(100_000)).toBe("broken");
    expect(replication.lagSecondsAt(299_000)).toBe(1);
  });

  test("a backlog is worked off over time and not at once", () => {
    const replication = new Replication(0, 0);
    replication.change(0, { link: "broken" });
    replication.change(100_000, { link: "up" });
    expect(replication.lagSecondsAt(101_000)).toBeCloseTo(81, 6);
    expect(replication.lagSecondsAt(110_000)).toBe(0);
  });

  test("PostgreSQL's lag grows over a silent link, and is truly as far behind, until the replica notices", () => {
    const replication = new Replication(0, 2_000);
    replication.change(100_000, { link: "silent" });
    expect(replication.lagSecondsAt(120_000)).toBe(22);
    expect(replication.linkSeenAt(129_999)).toBe("up");
    expect(replication.lagSecondsAt(130_000)).toBe("broken");
    expect(replication.positionAt(500_000)).toBe(98_000);
  });

  test("MySQL's lag falls to 0 over a silent link, as what has arrived is applied, until the replica notices", () => {
    const replication = new Replication(0, 60_000, MYSQL_SILENCE);
    replication.change(100_000, { link: "silent" });
    expect(replication.lagSecondsAt(102_000)).toBe(22);
    expect(replication.lagSecondsAt(159_999)).toBe(0);
    expect(replication.linkSeenAt(159_999)).toBe("up");
    expect(replication.lagSecondsAt(160_000)).toBe("broken");
    expect(replication.positionAt(500_000)).toBe(100_000);
  });

  test("what has ended has no lag and takes no change any more", () => {
    const replication = new Replication(0, 1_000);
    replication.end(5_000);
    replication.change(6_000, { link: "up" });
    expect(replication.lagSecondsAt(5_000)).toBeUndefined();
    expect(replication.lagSecondsAt(4_999)).toBe(1);
    expect(replication.positionAt(60_000)).toBe(4_000);
  });
});
