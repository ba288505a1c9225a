import { describe, expect, test } from "@jest/globals";
import type { FoundZone } from "../../../src/domain/service/discovered.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { pointApplication } from "../../../src/flows/steps/change-records.ts";
import { RecordsInput } from "../../../src/flows/steps/schemas.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { contextIn, fakeCloud } from "../../harness/fakes/index.ts";
import { dark, known } from "../../harness/observed.ts";

const NAME = "db.example.com";
const record = (value: string): RecordSet => ({ name: NAME, type: "CNAME", ttlSeconds: 60, values: [value] });
const NEW = "new.rds.amazonaws.com";
const INPUT = RecordsInput.parse({
  ...{ region: "eu-central-1", zone: "Z1", name: NAME, write: "sentinel", mark: [] },
  ...{ before: [record("old.rds.amazonaws.com")], after: [record(NEW)] },
});

const zone = (isPrivate: boolean): Known<readonly FoundZone[]> => known([{ id: "Z1", name: "example.com", isPrivate }]);

/** The change is in sync, and this is what the zone's name servers give. */
function verified(zones: Known<readonly FoundZone[]>, ...values: string[]) {
  const cloud = fakeCloud({
    clock: { now: () => 7_000 },
    traffic: { changeState: async () => "in-sync" },
    discovery: { zones: async () => zones },
    probe: {
      resolve: async () => [{ server: "8.8.8.8", values: ["10.0.0.1"], ttlSeconds: 60 }],
      resolveAuthoritative: async () => [{ server: "ns-1", values, ttlSeconds: 60 }],
    },
  });
  return pointApplication.verify(INPUT, { changeId: "C1" }, contextIn(cloud));
}

describe("the name by which the application finds its database", () => {
  test("guard database name seen: of a public zone is asked for at its name servers: one that they have lost calls people at once", async () => {
    await expect(verified(zone(false))).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-lost", facts: { mustAsk: true } },
      message: expect.stringContaining(`ns-1 gives no A record`),
    });
    expect(await verified(zone(false), NEW)).toMatchObject({ done: true, output: { changeId: "C1" } });
  });

  test.each<[string, Known<readonly FoundZone[]>]>([
    ["of a private zone", zone(true)],
    ["of a zone that nobody tells of", dark("Route 53")],
  ])("%s is handed on as one that nobody here can see", async (_what, zones) => {
    expect(await verified(zones)).toMatchObject({ done: true, output: { unseen: NAME } });
  });
});
