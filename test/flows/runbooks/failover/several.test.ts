import { describe, expect, test } from "@jest/globals";
import { type Plan, stepOf } from "../../../../src/domain/plan-run/plan.ts";
import type { Observation } from "../../../../src/domain/service/observation.ts";
import type { Service } from "../../../../src/domain/service/service.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import type { Planned } from "../../../../src/flows/runbooks/runbook.ts";
import { example } from "../../../harness/example.ts";
import { type Change, countOf, fakeCloud, ordinaryDay, type SaidCloud } from "../../../harness/fakes/index.ts";
import { AT, dark } from "../../../harness/observed.ts";

const inventory = example("every-kind");
const service = (name: string): Service => {
  const found = inventory.services.find((each) => each.name === name);
  if (!found) throw new Error(`the example has no ${name}`);
  return found;
};
const bookings = service("bookings");

interface Asked {
  readonly of: Service;
  readonly runbook?: string;
  readonly wish?: Readonly<Record<string, string>>;
  readonly change?: Change;
  /** A look at another day. */
  readonly observed?: Observation;
}

async function asked({ of, runbook = "failover", wish = {}, change = {}, ...look }: Asked): Promise<Planned> {
  const observed = look.observed ?? (await observe(of, fakeCloud(ordinaryDay(of, change))));
  return runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service: of, inventory, observed, nowMs: AT },
      ...{ reason: "a rehearsal", requester: "farid", incident: undefined },
    },
    wish,
  );
}

async function planOf(wanted: Asked): Promise<Plan> {
  const made = await asked(wanted);
  if (made.kind === "refused") throw new Error(made.reasons.join(" "));
  return made.plan;
}

const refusals = async (wanted: Asked): Promise<readonly string[]> => {
  const made = await asked(wanted);
  return made.kind === "refused" ? made.reasons : [];
};

describe("a service of two stores and two names", () => {
  test("is one plan, in which each of them goes through every phase", async () => {
    expect(countOf(bookings)).toEqual({ stores: 2, computes: 2 });
    const plan = await planOf({ of: bookings });

    expect(plan.steps.map(({ id }) => id)).toEqual([
      "fence",
      ...["record-position-orders", "record-position-guests", "promote-orders", "promote-guests"],
      ...["check-writable-orders", "check-writable-guests", "forbid-deletion-orders", "forbid-deletion-guests"],
      ...["point-application-orders", "point-application-guests"],
      ...["scale-out-api", "scale-out-mails", "check-direct-api", "shift-traffic-book-example-com"],
      "settle-dns-book-example-com",
      ...["shift-traffic-tables-example-com", "settle-dns-tables-example-com", "check-public"],
    ]);
  });

  test("cuts no store loose before the position of each of them is written down, and the tasks run that users need", async () => {
    const plan = await planOf({ of: bookings });
    const positions = ["record-position-orders", "record-position-guests"];

    expect(stepOf(plan, "promote-orders").after).toEqual([...positions, "scale-out-api"]);
    expect(stepOf(plan, "promote-guests").after).toEqual([...positions, "scale-out-api"]);
  });

  test("sends users only where every store was led to the new side and every name has settled", async () => {
    const plan = await planOf({ of: bookings });

    expect(stepOf(plan, "check-direct-api").after).toEqual([
      ...["point-application-orders", "point-application-guests", "scale-out-api"],
    ]);
    expect(stepOf(plan, "check-public").after).toEqual([
      ...["settle-dns-book-example-com", "settle-dns-tables-example-com"],
    ]);
    expect(stepOf(plan, "check-public").input["names"]).toHaveLength(2);
  });

  test("starts a worker when the application finds the new writers, and makes no user wait for it", async () => {
    const plan = await planOf({ of: bookings });
    const waiting = plan.steps.filter(({ after }) => after.includes("scale-out-mails"));

    expect(stepOf(plan, "scale-out-mails").after).toEqual(["point-application-orders", "point-application-guests"]);
    expect(stepOf(plan, "scale-out-api").after).toEqual(["fence"]);
    expect(waiting).toEqual([]);
  });

  test("fences both databases in one step, and would give each back what it had", async () => {
    const { input, title } = stepOf(await planOf({ of: bookings }), "fence");

    expect(title).toBe("Fence eu-west-1: stop its services, close its databases");
    expect(Object.keys(Object(input["captured"]))).toEqual([
      ...["compute.api", "compute.mails", "stores.orders", "stores.guests"],
    ]);
  });

  test("may lose what the store loses that is furthest behind, and needs words where that is beyond its own objective", async () => {
    const late = await planOf({ of: bookings, change: { lag: { "bookings-guests-replica": 90 } } });
    const within = await planOf({ of: bookings, change: { lag: { "bookings-orders-replica": 90 } } });

    expect(late.dataLoss).toMatchObject({ kind: "after", atMs: AT - 100_000 });
    expect(late.acceptances.map(({ words }) => words)).toContainEqual(
      expect.stringMatching(/more than the objective of 1 min/),
    );
    expect(within.acceptances.map(({ words }) => words)).toContainEqual(expect.stringMatching(/may be lost$/));
  });

  test("says which store is meant where it speaks of one of them", async () => {
    const { assumptions } = await planOf({ of: bookings });

    expect(assumptions.map(({ fact }) => fact)).toEqual(
      expect.arrayContaining([
        "standby-source-orders",
        "standby-source-guests",
        "lag-seconds-orders",
        "lag-seconds-guests",
      ]),
    );
  });

  test("names the stores that key holders accept as writers, where they were promoted before", async () => {
    const quiet = fakeCloud(
      ordinaryDay(bookings, {
        database: (facts) => ({ ...facts, role: "standalone", source: undefined, replicating: undefined }),
      }),
    );
    const isHome = (region: string) => region === bookings.home;
    const said: SaidCloud = {
      databases: {
        describe: async (region, id) => (isHome(region) ? dark("RDS") : quiet.databases.describe(region, id)),
      },
      firewall: {
        rules: async (region, group) => (isHome(region) ? dark("EC2") : quiet.firewall.rules(region, group)),
      },
      compute: {
        describe: async (region, site) => (isHome(region) ? dark("ECS") : quiet.compute.describe(region, site)),
      },
    };
    const observed = await observe(bookings, fakeCloud(said, quiet));
    const { acceptances } = await planOf({ of: bookings, observed });

    expect(acceptances.find(({ id }) => id === "promoted-already")?.words).toMatch(
      /^I accept the database \(orders\) and the database \(guests\) in eu-central-1 as the writers: they follow nobody/,
    );
  });

  test("of which one store has moved already is nobody's to judge", async () => {
    const turned: Change = {
      database: (facts) =>
        facts.instance.startsWith("bookings-guests")
          ? { ...facts, role: facts.role === "replica" ? "standalone" : "replica", source: "bookings-guests-replica" }
          : facts,
    };

    expect((await refusals({ of: bookings, change: turned })).join(" ")).toContain(
      "its stores take writes in different regions: orders in eu-west-1, guests in eu-central-1",
    );
  });
});

describe("a service whose name people move", () => {
  const desk = service("desk");

  test("is planned without a step for tasks, asks its machines before users come, and waits for people", async () => {
    const plan = await planOf({ of: desk });

    expect(plan.steps.map(({ does }) => does)).toEqual([
      ...["fence-primary", "record-data-position", "promote-replica", "check-writable", "forbid-deletion"],
      ...["check-answer", "await-dns", "settle-dns", "check-public"],
    ]);
    expect(stepOf(plan, "check-direct").input).toMatchObject({ via: "desk-b.machines.example" });
    expect(plan.acceptances.map(({ words }) => words)).toContain(
      "I accept that people move desk.hotels.example by hand",
    );
    expect(stepOf(plan, "names-by-hand").byHand[0]?.before).toContain("Network team, +44 7700 900199");
  });

  test("says what TwoKey does not start", async () => {
    expect((await planOf({ of: desk })).unchecked).toContain(
      "whether what uses desk runs in eu-central-1: TwoKey starts nothing of it",
    );
  });
});

describe("a service whose store is a cluster inside one region", () => {
  const archive = service("archive");

  test("cannot fail over to another region, and the refusal says why", async () => {
    expect(await refusals({ of: archive })).toEqual([
      "stores.years cannot go to another region: it is an Aurora cluster inside one region, without a copy elsewhere.",
    ]);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["the reader that is first in line", {}, "archive-years-3"],
    ["the reader that is named", { target: "archive-years-2" }, "archive-years-2"],
  ])("moves its writer onto %s", async (_which, wish, target) => {
    const { steps } = await planOf({ of: archive, runbook: "reboot-failover", wish });

    expect(steps[0]?.input).toMatchObject({ cluster: "archive-years", leaves: "archive-years-1", target });
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "an instance that is no reader",
      { target: "other" },
      "other is no reader of archive-years. Its readers: archive-years-2, archive-years-3.",
    ],
    ["a store that it does not have", { store: "months" }, "archive has no store called months. It has: years."],
  ])("is refused onto %s", async (_what, wish, says) => {
    expect(await refusals({ of: archive, runbook: "reboot-failover", wish })).toEqual([says]);
  });

  test("is snapshotted under the key that the file has for the other region", async () => {
    const { steps } = await planOf({ of: archive, runbook: "snapshot" });

    expect(steps.map(({ input }) => [input["of"], input["kmsKey"]])).toEqual([
      ["cluster", undefined],
      ["cluster", "alias/aws/rds"],
    ]);
  });
});

test("of several stores that could, a reboot asks which is meant", async () => {
  const [why] = await refusals({
    of: bookings,
    runbook: "reboot-failover",
    change: { database: (facts) => ({ ...facts, multiAz: true }) },
  });

  expect(why).toBe(
    "bookings has several stores: orders, guests. Say which: /dr reboot-failover bookings store orders.",
  );
});
