import { describe, expect, test } from "@jest/globals";
import type { Observation } from "../../src/domain/service/observation.ts";
import type { LagSample } from "../../src/domain/service/observed.ts";
import { directIn, observe } from "../../src/flows/observe.ts";
import type { Cloud } from "../../src/ports/step.ts";
import { example } from "../harness/example.ts";
import { fakeCloud, type SaidCloud, seenDay } from "../harness/fakes/index.ts";
import { AT, type Day, homeIsDark, quietDay, type SiteSeen, seenOn, siteOn } from "../harness/observed.ts";
import { serviceIn } from "../harness/plans.ts";
import { standbyOf } from "../harness/site.ts";

const service = serviceIn(example("inventory"));
const SAMPLE: LagSample = { seconds: 2, measuredAtMs: AT - 600_000 };

const cloudOn = (seen: Day, speed = 1): Cloud => fakeCloud(seenDay(service, seen, speed), "a look changes nothing");

function withLag(observation: Day, lag: Partial<SiteSeen>): Day {
  const standby = observation.sites[standbyOf(service)];
  if (!standby) throw new Error("standby");
  return { ...observation, sites: { ...observation.sites, [standbyOf(service)]: { ...standby, ...lag } } };
}

describe("the replica's position", () => {
  const lookAt = (now: Day, lastLook?: Day) =>
    observe(service, cloudOn(now), { lastLook: lastLook && seenOn(service, lastLook) });
  const lastGoodOf = async (now: Day, lastLook?: Day) =>
    siteOn(await lookAt(now, lastLook), standbyOf(service)).lag.lastGood;
  const dark = homeIsDark(service);

  test("over a link that RDS calls broken is unknown, whatever CloudWatch says (G19)", async () => {
    const day = quietDay(service);
    const { database } = siteOn(await lookAt(day), standbyOf(service));
    if (!database.known) throw new Error("a quiet day is known");
    const broken = { ...database, value: { ...database.value, replicating: false } };
    const lag = { known: true, value: { seconds: 0, measuredAtMs: AT }, atMs: AT } as const;

    expect(siteOn(await lookAt(withLag(day, { lag })), standbyOf(service)).lag).toMatchObject({ known: true });
    expect(siteOn(await lookAt(withLag(day, { lag, database: broken })), standbyOf(service)).lag).toMatchObject({
      ...{ known: false, why: expect.stringContaining("does not replicate") },
    });
  });

  test("is remembered from the last look, whether that saw a lag or remembered one", async () => {
    const before = withLag(quietDay(service), { lag: { known: true, value: SAMPLE, atMs: AT } });
    const once = await lookAt(dark, before);
    const twice = await observe(service, cloudOn(dark), { lastLook: once });

    expect(siteOn(once, standbyOf(service)).lag).toMatchObject({ known: false, lastGood: SAMPLE });
    expect(siteOn(twice, standbyOf(service)).lag.lastGood).toEqual(SAMPLE);
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
    const database = before.sites[standbyOf(service)]?.database;
    if (!database?.known) throw new Error("a quiet day is known");
    const other = withLag(before, { database: { ...database, value: { ...database.value, source: "another-db" } } });

    expect(await lastGoodOf(dark, other)).toBeUndefined();
  });
});

test("what ends a look ends each of its questions about the application's health", async () => {
  const quiet = cloudOn(quietDay(service));
  const asked: [string | undefined, AbortSignal | undefined][] = [];
  const health: Cloud["probe"]["health"] = (url, how = {}) => {
    asked.push([how.via, how.signal]);
    return quiet.probe.health(url, how);
  };
  const { signal } = new AbortController();

  await observe(service, fakeCloud({ probe: { health } }, quiet), { signal });

  const fronts = service.regions.map((region) => directIn(service, region));
  expect(new Map(asked)).toEqual(new Map([...fronts, undefined].map((via) => [via, signal])));
});

describe("how a database is set up", () => {
  const dark = homeIsDark(service);
  const quiet = quietDay(service);
  const atHome = (seen: Observation) => siteOn(seen, service.home);
  const facts = atHome(seenOn(service, quiet)).database;
  const withHome = (day: Day, { database }: Pick<SiteSeen, "database">): Day => {
    const home = day.sites[service.home];
    if (!home) throw new Error("home");
    return { ...day, sites: { ...day.sites, [service.home]: { ...home, database } } };
  };

  test("is remembered of one that gives no answer, from look to look, with when it answered last", async () => {
    const once = await observe(service, cloudOn(dark), { lastLook: seenOn(service, quiet) });
    const twice = await observe(service, cloudOn({ ...dark, atMs: AT + 60_000 }), { lastLook: once });

    expect(atHome(once)).toMatchObject({ database: { known: false }, lastKnown: facts });
    expect(atHome(twice).lastKnown).toEqual(facts);
    expect(atHome(await observe(service, cloudOn(dark))).lastKnown).toBeUndefined();
    expect(atHome(await observe(service, cloudOn(quiet), { lastLook: twice })).lastKnown).toBeUndefined();
  });

  test("is not taken from another instance, nor for one that AWS says is not there", async () => {
    const home = quiet.sites[service.home];
    if (!home?.database.known) throw new Error("a quiet day is known");
    const other = withHome(quiet, { database: { ...home.database, value: { ...home.database.value, instance: "b" } } });
    const gone = withHome(dark, { database: { known: false, cause: "absent", why: "no such instance", atMs: AT } });

    expect(
      atHome(await observe(service, cloudOn(dark), { lastLook: seenOn(service, other) })).lastKnown,
    ).toBeUndefined();
    expect(
      atHome(await observe(service, cloudOn(gone), { lastLook: seenOn(service, quiet) })).lastKnown,
    ).toBeUndefined();
  });
});

describe("a look that somebody waits for", () => {
  /** Machine time: more than a silent part of it is waited for, less than a part gets that answered last time. */
  const ANSWERS_AFTER_MS = 2_500;
  const dark = homeIsDark(service);
  const quiet = quietDay(service);

  /** Home's side of the world comes so late; the rest at once. */
  function lateAtHome(seen: Day, speed = 1): Cloud {
    const cloud = cloudOn(seen, speed);
    const late = async <T>(region: string, answer: Promise<T>): Promise<T> => {
      if (region === service.home) await new Promise((resolve) => setTimeout(resolve, ANSWERS_AFTER_MS));
      return answer;
    };
    const { databases, firewall, compute } = cloud;
    const said: SaidCloud = {
      databases: { describe: (region, name) => late(region, databases.describe(region, name)) },
      firewall: { rules: (region, group) => late(region, firewall.rules(region, group)) },
      compute: { describe: (region, site) => late(region, compute.describe(region, site)) },
    };
    return fakeCloud(said, cloud);
  }

  async function looked(cloud: Cloud, before: Day | undefined, isHurried = true) {
    const lastLook = before && seenOn(service, before);
    const seen = await observe(service, cloud, { lastLook, isHurried });
    return { home: siteOn(seen, service.home), standby: siteOn(seen, standbyOf(service)) };
  }

  test("waits shortly for a region that was dark a moment ago, and says so", async () => {
    const { home, standby } = await looked(lateAtHome(quiet), { ...dark, atMs: AT - 20_000 });

    // The answer that came later is not in it.
    const silent = { known: false, cause: "unreachable", why: "no answer within 1.5 s, nor any at 03:12:25Z" };
    expect([home.database, home.compute, home.firewall]).toMatchObject([silent, silent, silent]);
    expect(standby.database.known).toBe(true);
  });

  test("takes the answer of a region that is back", async () => {
    const { home } = await looked(cloudOn(quiet), { ...dark, atMs: AT - 20_000 });

    expect([home.database.known, home.compute.known, home.deepHealth.kind]).toEqual([true, true, "healthy"]);
  });

  test("never takes a slow region for dark: one that answered last time gets all its time", async () => {
    const [home, quietHome] = [dark.sites[service.home], quiet.sites[service.home]];
    if (!home || !quietHome) throw new Error("home");
    const oneAnswered = { ...home, compute: quietHome.compute };
    const partly = { ...dark, sites: { ...dark.sites, [service.home]: oneAnswered } };
    const looks = await Promise.all([quiet, partly, undefined].map((lastLook) => looked(lateAtHome(quiet), lastLook)));

    expect(looks.map(({ home: seen }) => seen.database.known)).toEqual([true, true, true]);
  });

  test("is given up after 4 s in the region that is left, also where the last look had an answer: the rest of it is there", async () => {
    const cloud = cloudOn(quiet);
    const never = new Promise<never>(() => undefined);
    const describe: Cloud["compute"]["describe"] = (region, site) =>
      region === service.home ? never : cloud.compute.describe(region, site);
    const mute = fakeCloud({ compute: { describe } }, cloud);

    const { home, standby } = await looked(mute, quiet);

    expect(home.compute).toMatchObject({ known: false, cause: "unreachable", why: "no answer within 4 s" });
    expect([home.database.known, standby.compute.known]).toEqual([true, true]);
  });

  test("does not go by a verdict that is old in machine time, or that nobody asked it to use", async () => {
    const aged = (machineMs: number, speed: number) => ({ ...dark, atMs: AT - machineMs * speed });

    const looks = await Promise.all([
      looked(lateAtHome(quiet, 10), aged(31_000, 10)),
      looked(lateAtHome(quiet, 10), aged(29_000, 10)),
      looked(lateAtHome(quiet), aged(1_000, 1), false),
    ]);

    expect(looks.map(({ home }) => home.database.known)).toEqual([true, false, true]);
  });
});
