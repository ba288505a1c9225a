import { describe, expect, test } from "@jest/globals";
import type { LagSample, Observation } from "../../src/domain/observed.ts";
import { observe } from "../../src/flows/observe.ts";
import type { Cloud } from "../../src/ports/step.ts";
import { example } from "../harness/example.ts";
import { AT, homeIsDark, quietDay } from "../harness/observed.ts";
import { serviceIn } from "../harness/plans.ts";

const service = serviceIn(example("inventory"));
const SAMPLE: LagSample = { seconds: 2, measuredAtMs: AT - 600_000 };

/** The ports that tell what is in the observation. */
function cloudThatSees({ sites, trafficRecords, databaseRecord, publicHealth }: Observation): Cloud {
  const refuse = () => Promise.reject(new Error("a look changes nothing"));
  const at = (region: string) => {
    const site = sites[region];
    if (!site) throw new Error(`nothing is known of ${region}`);
    return site;
  };
  const regionOf = (via: string | undefined) =>
    [service.home, service.standby].find((region) => service.sites[region]?.load_balancer.dns_name === via);
  return {
    clock: { now: () => AT, speed: 1, sleep: async () => undefined },
    databases: {
      ...{ promote: refuse, closeFirewall: refuse, openFirewall: refuse },
      describe: async (region) => at(region).database,
      lag: async (region) => at(region).lag,
      firewall: async (region) => at(region).firewall,
    },
    compute: {
      ...{ scaleOut: refuse, stop: refuse, restore: refuse },
      describe: async (region) => at(region).compute,
    },
    traffic: {
      ...{ upsert: refuse, changeState: refuse },
      records: async (_zone, name) => {
        if (name === service.traffic.name) return trafficRecords;
        if (!databaseRecord.known) return databaseRecord;
        return { ...databaseRecord, value: databaseRecord.value ? [databaseRecord.value] : [] };
      },
    },
    probe: {
      ...{ writeCheck: refuse, resolve: refuse, resolveAuthoritative: refuse },
      health: async (_url, { via } = {}) => {
        const region = regionOf(via);
        return region === undefined ? publicHealth : at(region).deepHealth;
      },
    },
  };
}

function withLag(observation: Observation, lag: Partial<Observation["sites"][string]>): Observation {
  const standby = observation.sites[service.standby];
  if (!standby) throw new Error("standby");
  return { ...observation, sites: { ...observation.sites, [service.standby]: { ...standby, ...lag } } };
}

describe("the replica's position", () => {
  const lastGoodOf = async (now: Observation, lastLook?: Observation) =>
    (await observe(service, cloudThatSees(now), { lastLook })).sites[service.standby]?.lag.lastGood;
  const dark = homeIsDark(service);

  test("is remembered from the last look, whether that saw a lag or remembered one", async () => {
    const before = withLag(quietDay(service), { lag: { known: true, value: SAMPLE, atMs: AT } });
    const once = await observe(service, cloudThatSees(dark), { lastLook: before });

    expect(once.sites[service.standby]?.lag).toMatchObject({ known: false, lastGood: SAMPLE });
    expect(await lastGoodOf(dark, once)).toEqual(SAMPLE);
    expect(await lastGoodOf(dark)).toBeUndefined();
  });

  test("is the newer one of what CloudWatch and the last look know", async () => {
    const known = (lastGood: LagSample) =>
      withLag(dark, { lag: { known: false, cause: "failed", why: "broken", atMs: AT, lastGood } });
    const older = { seconds: 1, measuredAtMs: AT - 700_000 };

    expect(await lastGoodOf(known(older), known(SAMPLE))).toEqual(SAMPLE);
    expect(await lastGoodOf(known(SAMPLE), known(older))).toEqual(SAMPLE);
  });

  test("of another replica is not taken for it", async () => {
    const before = quietDay(service);
    const database = before.sites[service.standby]?.database;
    if (!database?.known) throw new Error("a quiet day is known");
    const other = withLag(before, { database: { ...database, value: { ...database.value, source: "another-db" } } });

    expect(await lastGoodOf(dark, other)).toBeUndefined();
  });
});
