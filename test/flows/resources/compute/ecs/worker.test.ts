import { describe, expect, test } from "@jest/globals";
import { explainService, sayExplanation } from "../../../../../src/commands/explain.ts";
import { type Inventory, inventoryFrom } from "../../../../../src/domain/service/inventory.ts";
import type { Service } from "../../../../../src/domain/service/service.ts";
import { discover } from "../../../../../src/flows/discover.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import { openQuestions } from "../../../../../src/flows/resources/settings-of.ts";
import { computesIn, frontOf } from "../../../../../src/flows/resources/site.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { leftOut } from "../../../../harness/left-out.ts";
import { AT, known } from "../../../../harness/observed.ts";

const EVERY_KIND = example("every-kind");
const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];

function bookingsOf({ services }: Inventory): Service {
  const found = services.find(({ name }) => name === "bookings");
  if (!found) throw new Error("the example has bookings");
  return found;
}
const bookings = bookingsOf(EVERY_KIND);

/** The service with its second compute, the worker, written otherwise. */
function written(change: { readonly mails?: object; readonly entrance?: object }): Service {
  const { mails = { kind: "ecs" } } = bookings.compute;
  return {
    ...bookings,
    compute: { ...bookings.compute, mails: Object.assign(structuredClone(mails), change.mails) },
    entrance: Object.assign(structuredClone(bookings.entrance), change.entrance),
  };
}

const groupOf = (service: string) => `arn:aws:elasticloadbalancing:x:123456789012:targetgroup/${service}/1`;

/** AWS, which has a target group for these services and for no other. */
const awsWith = (balanced: readonly string[]) =>
  fakeCloud(
    {
      clock: { now: () => AT },
      discovery: {
        service: async (_region, { service }) => {
          const targetGroups = balanced.includes(service) ? [groupOf(service)] : [];
          return known({ service, taskDefinition: "app:7", targetGroups });
        },
        scaling: async () => known("not-scaled"),
        loadBalancers: async () => known([]),
        database: async () => ({ known: false, cause: "unreachable", why: "not asked here", atMs: AT }),
        zones: async () => known([]),
      },
    },
    "a look changes nothing",
  );

/** What people are told about the compute when AWS was asked. */
async function toldOf(service: Service, balanced: readonly string[]): Promise<string[]> {
  const { found } = await discover(service, awsWith(balanced));
  return openQuestions({ ...service, found }, AT).filter((question) => question.includes("healthy_means"));
}

describe("a service that nobody reaches by name", () => {
  test("leaves nothing to discover but what scales it, and what contradicts the file", async () => {
    const service = bookingsOf(inventoryFrom(leftOut(EVERY_KIND.file)));
    const { found } = await discover(service, awsWith(["bookings"]));

    const said = sayExplanation(explainService({ ...service, found }, AT));
    expect(said).toContain("compute.mails (ecs)");
    expect(said).toContain("in.eu-west-1.max_tasks: none (discovered 0 s ago)");
    expect(said).not.toMatch(/bookings-mails/);
    expect(computesIn(bookings, HOME).at(-1)).toMatchObject({ name: "mails", balancer: undefined });
  });

  test("is shown by its tasks alone", async () => {
    const { resources } = await observe(bookings, fakeCloud(ordinaryDay(bookings)));

    expect(resources["compute.mails"]?.in[HOME]?.facts[0]?.seen).toMatchObject({ value: "2 tasks of 2 run" });
    expect(resources["compute.api"]?.in[HOME]?.facts[0]?.seen).toMatchObject({
      value: "4 tasks of 4 run, 4 of 4 targets healthy",
    });
  });

  test("is a contradiction where AWS has a target group for it, in every region that has", async () => {
    expect(await toldOf(bookings, ["bookings"])).toEqual([]);
    expect(await toldOf(bookings, ["bookings", "bookings-mails"])).toEqual(
      [HOME, STANDBY].map(
        (region) =>
          `ECS service bookings-mails in ${region} is written with healthy_means: running-tasks, but AWS has a target group for it. Write what its health check proves: writable-database or process.`,
      ),
    );
  });

  test("is what a service for users turns out to be where AWS has no target group for it", async () => {
    const [question] = await toldOf(bookings, []);

    expect(question).toBe(
      "ECS service bookings in eu-west-1 is written with healthy_means: writable-database, but AWS has no target group for it. Write running-tasks, or give the service its target group.",
    );
  });
});

describe("the load balancer that users are led to", () => {
  const BALANCED = { load_balancer: { dns_name: "mails.eu-west-1.elb.amazonaws.com", zone: "Z32O12XQLNTSW2" } };
  const both = { healthy_means: "process", in: { [HOME]: { target_group: groupOf("mails"), ...BALANCED } } };

  test("is that of the first compute that has one, wherever in the file it stands", () => {
    const { api = { kind: "" }, mails = { kind: "" } } = bookings.compute;
    const workerFirst = { ...bookings, compute: { mails, api } };

    expect(frontOf(workerFirst, HOME)?.dns_name).toBe("bookings-a.eu-west-1.elb.amazonaws.com");
  });

  test("is that of the compute that the entrance names", () => {
    const named = written({ mails: both, entrance: { to: "mails" } });

    expect(frontOf(named, HOME)?.dns_name).toBe("mails.eu-west-1.elb.amazonaws.com");
    expect(frontOf(written({ mails: both, entrance: { to: "api" } }), HOME)).toEqual(frontOf(bookings, HOME));
  });
});
