import { describe, expect, test } from "@jest/globals";
import type { FoundZone } from "../../../src/domain/service/discovered.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { pointApplication } from "../../../src/flows/steps/change-records.ts";
import { alsoLookAt } from "../../../src/flows/steps/directly.ts";
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

  test.each<[string, Known<readonly FoundZone[]>, string]>([
    ["of a private zone", zone(true), "private"],
    ["of a zone that nobody tells of", dark("Route 53"), "unknown"],
    ["of a zone that Route 53 does not list", known([{ id: "Z2", name: "example.com", isPrivate: true }]), "unknown"],
  ])("%s is handed on as one that nobody here can see, and why", async (_what, zones, kind) => {
    expect(await verified(zones)).toMatchObject({ done: true, output: { unseen: NAME, zone: kind } });
  });

  test("guard unknown zone: is called private by nobody who could not see that, and what it gives counts as unseen", async () => {
    const said = async (zones: Known<readonly FoundZone[]>) => {
      const verdict = await verified(zones);
      const output = verdict.done ? verdict.output : undefined;
      const { lookAt } = alsoLookAt(
        { ledBy: ["point"] },
        { outputOf: (_id, { output: parsed }) => parsed.parse(output) },
      );
      return [verdict.says, lookAt];
    };

    expect(await said(zone(true))).toEqual([
      "db.example.com is changed on all name servers",
      "The application finds its database by db.example.com, and TwoKey cannot see what that private zone gives",
    ]);
    expect(await said(dark("Route 53"))).toEqual([
      "db.example.com is changed on all name servers; whether its zone is public is not known, so nobody has looked at what it gives",
      "The application finds its database by db.example.com. Whether that zone is public is not known, so TwoKey has not looked at what it gives",
    ]);
  });
});
