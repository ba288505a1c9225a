import { describe, expect, test } from "@jest/globals";
import { factOf, STANDBY, siteIn } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const ON_DEMAND = { code: "L-3032A538", name: "Fargate On-Demand vCPU resource count" };
const SPOT = { code: "L-36FBB829", name: "Fargate Spot vCPU resource count" };

const setService = (changes: object) =>
  inventory().control("/ecs/service", { region: STANDBY, cluster: "dr", service: "inventory", ...changes });
const setQuota = (vcpus: number | null, provider = "FARGATE") =>
  inventory().control("/ecs/quota", { region: STANDBY, provider, vcpus });

/** What the tasks of the standby may take. */
async function quotasSeen(service = "inventory") {
  const site = siteIn(STANDBY, { service });
  const facts = factOf(await inventory().aws.compute.describe(STANDBY, site));
  const { quotas, vcpusOfTask, unseenQuota } = factOf(
    await inventory().aws.compute.ground({ region: STANDBY, site, facts }),
  );
  return { quotas, vcpusOfTask, unseenQuota };
}

describe("the quota of what tasks start on", () => {
  test("is that of Fargate on demand for launch type FARGATE, with what one task takes of it", async () => {
    await inventory().control("/ecs/task-definition", { family: "inventory", cpuUnits: 2_048 });
    await setQuota(6);

    expect(await quotasSeen()).toEqual({
      ...{ quotas: [{ ...ON_DEMAND, vcpus: 6 }], vcpusOfTask: 2, unseenQuota: undefined },
    });
    expect(await inventory().reads("GetServiceQuota", STANDBY)).toBe(1);
    expect(await inventory().reads("GetServiceQuota")).toBe(1);
  });

  test.each([
    [["FARGATE_SPOT"], [{ ...SPOT, vcpus: 8 }]],
    [
      ["FARGATE_SPOT", "FARGATE"],
      [
        { ...SPOT, vcpus: 8 },
        { ...ON_DEMAND, vcpus: 6 },
      ],
    ],
  ])("is that of each capacity provider: %j", async (capacityProviders, quotas) => {
    await setQuota(6);
    await setQuota(8, "FARGATE_SPOT");
    await setService({ capacityProviders });

    expect(await quotasSeen()).toMatchObject({ quotas, vcpusOfTask: 0.25, unseenQuota: undefined });
  });

  test("is asked for once by services that are looked at in the same moment", async () => {
    const { compute } = inventory().aws;
    const sites = ["inventory", "inventory-mails"].map((service) => siteIn(STANDBY, { service }));
    const found = await Promise.all(
      sites.map(async (site) => ({ site, facts: factOf(await compute.describe(STANDBY, site)) })),
    );
    const seen = await Promise.all(found.map((of) => compute.ground({ region: STANDBY, ...of })));
    expect(seen.map(factOf)).toMatchObject([{ quotas: [ON_DEMAND] }, { quotas: [ON_DEMAND] }]);
    expect(await inventory().reads("GetServiceQuota")).toBe(1);
  });

  test("is unknown where machines are launched, and none is asked for where machines are there", async () => {
    await setService({ capacityProviders: ["machines"] });
    expect(await quotasSeen()).toMatchObject({
      quotas: undefined,
      unseenQuota: expect.stringContaining("capacity provider machines launches machines"),
    });
    await setService({ capacityProviders: [], launchType: "EC2" });
    expect(await quotasSeen()).toMatchObject({ quotas: undefined, unseenQuota: undefined });
    expect(await inventory().reads("GetServiceQuota")).toBe(0);
  });

  test("is unknown after three seconds where nobody answers, and the rest of the look does not wait longer", async () => {
    await inventory().control("/regions", { region: STANDBY, service: "servicequotas", mode: "dark" });
    const beganMs = performance.now();

    expect(await quotasSeen()).toEqual({
      ...{ quotas: undefined, vcpusOfTask: 0.25 },
      unseenQuota: `TwoKey waited 3 s for what Service Quotas says in ${STANDBY}, and no longer`,
    });
    expect(performance.now() - beganMs).toBeLessThan(8_000);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["Service Quotas has no value", () => setQuota(null), /AWS does not know it there/],
    [
      "TwoKey may not look",
      () =>
        inventory().world.faults.plan({
          ...{ vendor: "aws", operation: "GetServiceQuota" },
          effect: { kind: "error", status: 400, code: "AccessDeniedException" },
        }),
      /AccessDenied/,
    ],
    [
      "its control plane gives no answer",
      () => inventory().control("/regions", { region: STANDBY, service: "servicequotas", mode: "refusing" }),
      /no answer from AWS/,
    ],
  ])("is unknown where %s, and the rest of the look stands", async (_what, happen, why) => {
    await happen();

    expect(await quotasSeen()).toMatchObject({
      ...{ quotas: undefined, vcpusOfTask: 0.25, unseenQuota: expect.stringMatching(why) },
    });
  });
});
