import { describe, expect, test } from "@jest/globals";
import { recordsByHand } from "../../../src/flows/steps/records-by-hand.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";

const VALUES = {
  ...{ name: "db.example.com", type: "CNAME", setIdentifier: "west", weight: 0, ttlSeconds: 30 },
  ...{ values: ["db-1.example.net", "db-2.example.net"], healthCheck: "check-1" },
} satisfies RecordSet;
const ALIAS = {
  ...{ name: "shop.example.com", type: "A", setIdentifier: "east", failover: "SECONDARY" },
  alias: { zone: "Z0LB", dnsName: "lb.example.net", evaluateTargetHealth: false },
} satisfies RecordSet;

const commandsFor = (...records: readonly RecordSet[]): readonly string[] =>
  recordsByHand("Z0ZONE", records).flatMap(({ commands }) => commands);

/** What is handed to Route 53. */
function changesIn(commands: readonly string[]): unknown {
  const [, batch = ""] = /--change-batch '([^']*)'/.exec(commands.join("\n")) ?? [];
  return JSON.parse(batch);
}

describe("A change of records by hand", () => {
  test("hands Route 53 every part of each record, and no other", () => {
    expect(changesIn(commandsFor(VALUES, ALIAS))).toEqual({
      Changes: [
        {
          Action: "UPSERT",
          ResourceRecordSet: {
            ...{ Name: "db.example.com", Type: "CNAME", SetIdentifier: "west", Weight: 0, TTL: 30 },
            ResourceRecords: [{ Value: "db-1.example.net" }, { Value: "db-2.example.net" }],
            HealthCheckId: "check-1",
          },
        },
        {
          Action: "UPSERT",
          ResourceRecordSet: {
            ...{ Name: "shop.example.com", Type: "A", SetIdentifier: "east", Failover: "SECONDARY" },
            AliasTarget: { HostedZoneId: "Z0LB", DNSName: "lb.example.net", EvaluateTargetHealth: false },
          },
        },
      ],
    });
  });

  test("saves what stands there under each name before anything is changed", () => {
    const commands = commandsFor(VALUES, { ...VALUES, setIdentifier: "east" }, ALIAS);
    const changing = commands.findIndex((line) => line.includes("change-resource-record-sets"));
    const saving = commands.filter((line) => line.includes("list-resource-record-sets"));

    expect(saving).toEqual([
      expect.stringMatching(/--start-record-name '?db\.example\.com'? .* > "\$saved\.json"$/),
      expect.stringMatching(/--start-record-name '?shop\.example\.com'? .* > "\$saved\.json"$/),
    ]);
    expect(saving.every((line) => commands.indexOf(line) < changing)).toBe(true);
  });
});
