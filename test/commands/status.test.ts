import { describe, expect, test } from "@jest/globals";
import { type StatusDeps, statusOfServices } from "../../src/commands/status.ts";
import { inForce } from "../../src/domain/plan-run/freeze.ts";
import type { Standing } from "../../src/domain/proof.ts";
import { inventoryFrom } from "../../src/domain/service/inventory.ts";
import type { RecordSet } from "../../src/ports/traffic.ts";
import { cardText } from "../../src/views/card-text.ts";
import { runStates } from "../cards/run-states.ts";
import { example } from "../harness/example.ts";
import { AT, type Day, dark, known, quietDay, seenOn } from "../harness/observed.ts";

const inventory = example("inventory");
const SERVER = "TwoKey's own state: Redis 7.0.15 writes each command to disk before it answers.";
const deps = (server: string | undefined): StatusDeps => ({
  runs: {
    openIds: async () => [],
    holderOf: async () => undefined,
    ofIncident: async () => [],
    read: async () => undefined,
    coolDownUntil: async () => undefined,
  },
  clock: { now: () => AT },
  inventory: () => inventory,
  observed: async () => undefined,
  incidentShown: async () => undefined,
  freezes: { inForce: async () => [] },
  waits: { get: async () => undefined },
  calls: { get: async () => undefined },
  ...{ server, standings: undefined },
  onCall: async () => ({ names: [], empty: [] }),
  times: { of: async () => [] },
});

const WRONG_ROLE: Standing = {
  ...{ id: "aws-role", proves: "STS lets TwoKey assume its role", neededBy: "every move", critical: undefined },
  ...{ sinceMs: AT, answeredAtMs: AT, isSilent: false },
  proven: { kind: "wrong", what: "STS refuses the role.", instead: "Mend its trust policy." },
};
const FREEZE = { id: "freeze-1", by: "Ana", why: "look first", atMs: AT, lifts: [] };

test("one service in depth shows what TwoKey stands on and is wrong, as the board does", async () => {
  const name = inventory.services[0]?.name;
  for (const each of [undefined, name]) {
    const shown = cardText(await statusOfServices(each, { ...deps(undefined), standings: () => [WRONG_ROLE] }));
    expect(shown).toMatch(/TwoKey is degraded\n=+\s+Wrong since .*: STS refuses the role\. Mend its trust policy\./);
  }
});

test("the board ends with what holds TwoKey's own state; a terminal, which has not looked, says nothing of it", async () => {
  const name = inventory.services[0]?.name;

  expect(cardText(await statusOfServices(undefined, deps(SERVER)))).toContain(SERVER);
  expect(cardText(await statusOfServices(undefined, deps(undefined)))).not.toContain("own state");
  expect(cardText(await statusOfServices(name, deps(SERVER)))).not.toContain("own state");
});

test("guard lost on the board: while the store is lost the board begins with that, and with the way on", async () => {
  const lost = { ...deps(SERVER), ledger: { disagreement: async () => "Redis came back empty" } };
  const name = inventory.services[0]?.name;

  for (const card of [await statusOfServices(undefined, lost), await statusOfServices(name, lost)])
    expect(cardText(card)).toMatch(
      /^State lost\. Redis came back empty\. Nothing is changed\. The way on: \/dr accept-store\./,
    );
  const agreed = { ...deps(SERVER), ledger: { disagreement: async () => undefined } };
  expect(cardText(await statusOfServices(undefined, agreed))).not.toContain("State lost");
});

test("a freeze stands above the board, also one that TwoKey has not written, and the board is shown all the same (G22)", async () => {
  const forged = inForce([], ["somebody else's"]);
  const frozen = { ...deps(SERVER), freezes: { inForce: async () => forged } };

  const board = cardText(await statusOfServices(undefined, frozen));

  expect(board).toMatch(/^FROZEN\. Every change is stopped \(something in Redis says so that TwoKey has not written/);
  expect(board).toContain("inventory");
  const lost = { ...deps(SERVER), freezes: { inForce: () => Promise.reject(new Error("Redis is away")) } };
  await expect(statusOfServices(undefined, lost)).rejects.toThrow("Redis is away");
});

describe("could we, right now?", () => {
  const [service] = inventory.services;
  if (service === undefined) throw new Error("the example has no service");
  const board = async (day: Day, over: Partial<StatusDeps> = {}) => {
    const all = { ...deps(undefined), observed: async () => seenOn(service, day), ...over };
    // On a phone no line ends between a number and its unit.
    return cardText(await statusOfServices(undefined, all)).replaceAll("\u00a0", " ");
  };

  test("a service that could move says how long it takes and what it loses", async () => {
    expect(await board(quietDay(service))).toContain(
      "✓ inventory · ready\n    Can move to eu-central-1 now: about 10 min (estimate, no run yet), losing about the last 12 s of writes, 3 things to accept in words.",
    );
  });

  test("the times of runs stand in it", async () => {
    const times = { of: async () => [{ run: "F-1", step: "promote", tookMs: 1_000, atMs: AT }] };
    expect(await board(quietDay(service), { times })).toMatch(
      /now: about \d+ s \(1 run\), losing about the last 12 s of writes/,
    );
  });

  test("a service whose standby cannot be seen says why there can be no plan, and is not ready", async () => {
    const day = quietDay(service);
    const [, standby = ""] = service.regions;
    const site = day.sites[standby];
    if (site === undefined) throw new Error("the day has no standby");
    const blind = { ...day, sites: { ...day.sites, [standby]: { ...site, database: dark<never>("RDS") } } };

    expect(await board(blind)).toMatch(/✗ inventory · not ready: .*\n {4}Cannot move now: .*RDS does not answer/);
  });

  test("what refuses a plan makes a service not ready, also where each part looks well", async () => {
    const day = quietDay(service);
    const gone = { ...day, trafficRecords: known<readonly RecordSet[]>([]) };

    expect(await board(gone)).toMatch(/✗ inventory · not ready: .*record/);
  });

  test("a plan that waits stands below its service, with who must agree until when", async () => {
    const waiting = runStates()["one-key"];
    if (waiting === undefined) throw new Error("no plan waits");
    const runs = { ...deps(undefined).runs, openIds: async () => [waiting.plan.id], read: async () => waiting };

    const shown = await board(quietDay(service), { runs });

    expect(shown).toMatch(
      /✓ inventory · ready\n {4}Plan F-\S+ \(Move inventory to eu-central-1\) waits: .* must agree by /,
    );
    expect(shown).not.toContain("Can move");
  });

  test("a look that no plan can be made of says so, and the rest of the board stands", async () => {
    const observed = { ...seenOn(service, quietDay(service)), resources: {} };
    expect(await board(quietDay(service), { observed: async () => observed })).toMatch(
      /✗ inventory · not ready: .*\n {4}Cannot move now: .*was not looked at yet/,
    );
  });

  test("a service of which AWS contradicts the file is not ready, as no plan is made before people decide", async () => {
    const database = {
      [`rds-replica/${service.home}/mycomputer-inventory-db`]: {
        endpoint: { value: "other.c1.eu-west-1.rds.amazonaws.com", atMs: AT },
      },
    };
    const contradicted = () => inventoryFrom(inventory.file, database);

    expect(await board(quietDay(service), { inventory: contradicted })).toMatch(
      /✗ inventory · not ready: \S+\.endpoint is \S+ in twokey\.yaml, but AWS says other\.c1\./,
    );
  });

  test.each<[string, Partial<StatusDeps>, RegExp]>([
    ["a secret is wrong", { standings: () => [WRONG_ROLE] }, /STS refuses the role\. Mend its trust policy\./],
    [
      "everything is frozen",
      { freezes: { inForce: async () => [FREEZE] } },
      /Ana stopped every change \(look first\)\./,
    ],
    [
      "the store is lost",
      { ledger: { disagreement: async () => "Redis came back empty" } },
      /Redis came back empty\. The way on: \/dr accept-store/,
    ],
    [
      "it cools down",
      { runs: { ...deps(undefined).runs, coolDownUntil: async () => AT + 600_000 } },
      /It was moved a short while ago\. The next run may start at /,
    ],
    [
      "a step's session is refused",
      { sessionTrouble: () => "its session policy is too long" },
      /its session policy is too long/,
    ],
  ])("while %s nobody reads that it can move now, on the board or in depth", async (_why, over, why) => {
    const all = { ...deps(undefined), observed: async () => seenOn(service, quietDay(service)), ...over };
    for (const name of [undefined, service.name]) {
      const shown = cardText(await statusOfServices(name, all)).replaceAll("\u00a0", " ");
      expect(shown).not.toMatch(/can move/i);
      expect(shown).toMatch(new RegExp(`not ready: .*${why.source}`));
    }
  });

  test("what is wrong with something else than this service's moves keeps it ready", async () => {
    const elsewhere = { ...WRONG_ROLE, neededBy: ["another-service"] };
    expect(await board(quietDay(service), { standings: () => [elsewhere] })).toContain("Can move to eu-central-1 now");
  });

  test("while a plan waits or a run has the service there is nothing to ask for", async () => {
    const held = { ...deps(undefined).runs, holderOf: async () => "F-1" };
    expect(await board(quietDay(service), { runs: held })).not.toContain("an move");
  });
});
