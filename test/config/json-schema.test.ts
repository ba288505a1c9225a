import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { RUNBOOK_RULES } from "../../src/app/runbook-rules.ts";
import { configurationSchema, type JsonSchema, schemaAt, writeDuration } from "../../src/config/json-schema.ts";
import { exampleAt, shippedExamples } from "../../src/config/reference-examples.ts";
import { referencePage } from "../../src/config/reference-page.ts";
import {
  BALANCER_REGIONS,
  canonicalZone,
  readBalancerName,
  zoneOwner,
} from "../../src/flows/resources/load-balancers.ts";

describe("the JSON Schema", () => {
  const root = configurationSchema();

  test("shows durations and their defaults as people write them", () => {
    const at = (...path: string[]) => schemaAt(root, path, {});
    expect(at("approvals", "start_within")).toMatchObject({ type: "string", default: "15m" });
    expect(at("services", "any", "fence_watch")).toMatchObject({ type: "string", default: "7d" });
    expect(at("escalation", "throttle")).toMatchObject({ default: { pages: 3, per: "15m" } });
  });

  test("asks for a default nowhere", () => {
    expect(schemaAt(root, ["approvals"], {})?.required).toEqual(["approvers"]);
    expect(schemaAt(root, ["incidents"], {})?.required).toBeUndefined();
  });

  test("refuses unknown keys in every block", () => {
    const open: string[] = [];
    eachBlock(root, "", (block, path) => {
      if (block.properties && block.additionalProperties !== false) open.push(path);
    });
    expect(open).toEqual([]);
  });

  test("says in words what every key means", () => {
    const silent: string[] = [];
    eachBlock(root, "", (block, path) => {
      for (const [key, property] of Object.entries(block.properties ?? {})) {
        const isSpokenFor = typeof property === "object" && (property.description ?? property.const);
        if (isSpokenFor === undefined) silent.push(`${path}.${key}`);
      }
    });
    expect(silent).toEqual([]);
  });

  test.each([
    [0, "0s"],
    [90_000, "90s"],
    [900_000, "15m"],
    [7_200_000, "2h"],
    [604_800_000, "7d"],
  ])("%d ms is written %s", (ms, text) => {
    expect(writeDuration(ms)).toBe(text);
  });
});

describe("docs/configuration.md", () => {
  test("is the page that the schema makes (npm run --silent twokey -- schema --markdown > docs/configuration.md)", () => {
    expect(readFileSync("docs/configuration.md", "utf8").trimEnd()).toBe(
      referencePage(RUNBOOK_RULES, shippedExamples()).trimEnd(),
    );
  });

  test("names every variable and every key of a service", () => {
    const page = referencePage(RUNBOOK_RULES, shippedExamples());
    expect(page).not.toContain("undefined");
    expect(page).toContain("`services.<name>.compute.<name>.max_tasks` | whole number 1–5000 or `none` |");
    for (const text of [
      "`TWOKEY_SANDBOX`",
      "`services.<name>.stores.<name>.in.<region>.write_check`",
      "`balancer-zone`",
    ]) {
      expect(page).toContain(text);
    }
  });
});

describe("an example in the reference", () => {
  /** What its type column says already. */
  const SAID_BY_TYPE = /^(?:`|list of `|boolean|block|text or block|list of (?:block|text or block)|entries by)/;

  test("stands beside each field whose form its type, its default or its alternatives do not show", () => {
    const rows = referencePage(RUNBOOK_RULES, shippedExamples()).split("\n");
    const fields = rows.filter((row) => /^\| `[a-z]/.test(row)).map((row) => row.slice(2).split(" | "));
    const settings = fields.filter((cells) => cells.length >= 5);
    expect(settings.length).toBeGreaterThan(150);
    const bare = settings.filter(
      ([, type = "", need, example]) =>
        example === "–" && /^(?:required|–)$/.test(need ?? "") && !SAID_BY_TYPE.test(type),
    );
    expect(bare.map(([key]) => key)).toEqual([]);
  });

  const files = [
    { a: { one: { kind: "x", at: "1" }, two: { kind: "y", at: "2", list: [{ label: "L" }], plain: ["p", "q"] } } },
  ];
  test.each([
    { place: { key: "a.<name>.at" }, has: '"1"' },
    { place: { key: "a.<name>.at", kind: ["kind", "y"] as const }, has: '"2"' },
    { place: { key: "a.<name>.list[].label" }, has: "L" },
    { place: { key: "a.*.plain" }, has: "[p, q]" },
    { place: { key: "a.<name>" }, has: undefined },
    { place: { key: "b.c" }, has: undefined },
  ])("is what the first file has there: $place.key", ({ place, has }) => {
    expect(exampleAt(place, files)).toBe(has);
  });
});

describe("load balancers", () => {
  test("tell their region and kind by their name", () => {
    expect(readBalancerName("primary-alb.eu-west-1.elb.amazonaws.com")).toEqual({
      region: "eu-west-1",
      kind: "application",
    });
    expect(readBalancerName("net-0a1b2c.elb.us-west-2.amazonaws.com")).toEqual({
      region: "us-west-2",
      kind: "network",
    });
    expect(readBalancerName("dualstack.internal-a-1.us-east-1.elb.amazonaws.com")?.kind).toBe("application");
    expect(readBalancerName("web-1.us-gov-west-1.elb.amazonaws.com")?.region).toBe("us-gov-west-1");
    expect(readBalancerName("web-1.cn-north-1.elb.amazonaws.com.cn")?.region).toBe("cn-north-1");
    for (const name of [
      "web-1.cn-north-1.elb.amazonaws.com",
      "api.mycomputer.com",
      "eu-west-1.elb.amazonaws.com",
      "a.eu-west-1.elb.amazonaws.com.evil.com",
    ]) {
      expect(readBalancerName(name)).toBeUndefined();
    }
  });

  test("have one zone for each region and kind, and each zone has one owner", () => {
    const zones = BALANCER_REGIONS.flatMap((region) =>
      (["application", "network"] as const).map((kind) => {
        const zone = canonicalZone(region, kind) ?? "";
        expect(zoneOwner(zone)).toEqual({ region, kind });
        return zone;
      }),
    );
    expect(new Set(zones).size).toBe(zones.length);
    expect(canonicalZone("eu-west-1", "application")).toBe("Z32O12XQLNTSW2");
    expect(canonicalZone("us-west-2", "network")).toBe("Z18D5FSROUN65G");
    expect(zoneOwner("Z215JYRZR8TBV5")).toBeUndefined();
  });
});

function eachBlock(schema: JsonSchema, path: string, visit: (block: JsonSchema, path: string) => void): void {
  visit(schema, path);
  const inner: [string, unknown][] = [
    ...Object.entries(schema.properties ?? {}).map(([key, property]): [string, unknown] => [
      `${path}.${key}`,
      property,
    ]),
    [`${path}.*`, schema.additionalProperties],
    [`${path}[]`, Array.isArray(schema.items) ? undefined : schema.items],
    ...(schema.oneOf ?? []).map((option, at): [string, unknown] => [`${path}|${at}`, option]),
  ];
  for (const [name, child] of inner) if (isSchema(child)) eachBlock(child, name, visit);
}

function isSchema(value: unknown): value is JsonSchema {
  return value !== null && typeof value === "object";
}
