import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../harness/eventually.ts";
import { factOf, HASTY, HOME, STANDBY, siteIn } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const ECR = `111122223333.dkr.ecr.${STANDBY}.amazonaws.com`;

const addRule = (prefix: string) =>
  inventory().control("/ecr/pull-through", { region: STANDBY, prefix, upstream: "registry-1.docker.io" });

/** What the tasks of the standby would start from. */
async function groundWith(image?: string, aws = inventory().aws) {
  if (image !== undefined) await inventory().control("/ecs/task-definition", { family: "inventory", image });
  const site = siteIn(STANDBY);
  const facts = factOf(await aws.compute.describe(STANDBY, site));
  const { images, absentImages, unseenImages } = factOf(await aws.compute.ground({ region: STANDBY, site, facts }));
  return { images, absentImages, unseenImages };
}

describe("the image of a task definition", () => {
  test("is looked for by its tag in the registry of its region", async () => {
    expect(await groundWith()).toEqual({
      images: [`${ECR}/inventory:7`],
      absentImages: undefined,
      unseenImages: undefined,
    });
    expect(await inventory().reads("DescribeImages", STANDBY)).toBe(1);
  });

  test.each([
    [
      "a tag",
      async () => inventory().control("/ecr/remove", { region: STANDBY, image: `${ECR}/inventory:7` }),
      undefined,
    ],
    ["a digest", async () => undefined, `${ECR}/inventory@sha256:${"0".repeat(64)}`],
    [
      "a broken revision",
      async () => inventory().traffic.ecs.find(STANDBY, "dr", "inventory")?.deploy("inventory:8"),
      undefined,
    ],
  ])("that is not there under %s is absent", async (_what, happen, image) => {
    await happen();

    const { images, absentImages } = await groundWith(image);

    expect(absentImages).toEqual(images);
  });

  test("of another account is not seen, and the rest of the look stands", async () => {
    const image = `444455556666.dkr.ecr.${STANDBY}.amazonaws.com/shared/inventory:7`;

    expect(await groundWith(image)).toEqual({
      ...{ images: [image], absentImages: undefined },
      unseenImages: [{ image, why: expect.stringMatching(/AccessDenied/) }],
    });
  });

  test.each([
    ["hub", "hub/library/nginx:1", true],
    ["hub", "hubs/nginx:1", false],
    ["ROOT", "nginx:1", true],
  ])("that is not there may come by a pull-through rule: %s, %s", async (prefix, name, mayCome) => {
    const image = `${ECR}/${name}`;
    for (const other of ["quay", "mcr"]) await addRule(other);
    await addRule(prefix);
    await inventory().control("/ecr/remove", { region: STANDBY, image });

    const why = `ECR does not have it, and gets it from registry-1.docker.io by its pull-through rule ${prefix}`;
    expect(await groundWith(image)).toEqual(
      mayCome
        ? { images: [image], absentImages: undefined, unseenImages: [{ image, why }] }
        : { images: [image], absentImages: [image], unseenImages: undefined },
    );
  });

  test("that is not there is not seen where nobody may read those rules", async () => {
    const image = `${ECR}/hub/nginx:1`;
    await inventory().control("/ecr/remove", { region: STANDBY, image });
    inventory().world.faults.plan({
      ...{ vendor: "aws", operation: "DescribePullThroughCacheRules" },
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });

    expect(await groundWith(image)).toMatchObject({
      absentImages: undefined,
      unseenImages: [{ image, why: expect.stringMatching(/pull-through rules of registry .*AccessDenied/) }],
    });
  });

  test.each([HOME, "us-west-2"])("of another region is looked for there: %s", async (region) => {
    const image = `111122223333.dkr.ecr.${region}.amazonaws.com/inventory:7`;

    expect(await groundWith(image)).toEqual({ images: [image], absentImages: undefined, unseenImages: undefined });
    expect(await inventory().reads("DescribeImages", region)).toBe(1);
    await inventory().control("/ecr/remove", { region, image });
    expect(await groundWith(image)).toMatchObject({ absentImages: [image], unseenImages: undefined });
  });

  test.each(["dark", "refusing"])("of a region that is %s is not seen, and nobody waits long for it", async (mode) => {
    await inventory().control("/regions", { region: HOME, mode });
    const image = `111122223333.dkr-ecr.${HOME}.on.aws/inventory:7`;
    const beganMs = performance.now();

    expect(await groundWith(image, inventory().connect(HASTY))).toMatchObject({
      absentImages: undefined,
      unseenImages: [{ image, why: expect.stringContaining(`in ${HOME}`), isSilent: true }],
    });
    expect(performance.now() - beganMs).toBeLessThan(8_000);
  });

  test("is late where its registry takes longer than anybody waits, and silent once that has given no answer at all", async () => {
    await inventory().control("/regions", { region: HOME, service: "ecr", mode: "dark" });
    const patience = { connectMs: 10_000, answerMs: 3_500 };
    // It is asked again at once.
    const aws = inventory().connect({ patience, rememberSilenceMs: 1 });
    const image = `111122223333.dkr.ecr.${HOME}.amazonaws.com/inventory:7`;
    const why = `TwoKey waited 3 s for what ECR says in ${HOME}, and no longer`;

    expect(await groundWith(image, aws)).toMatchObject({ unseenImages: [{ image, why }] });
    const seen = await eventually("silence", async () => {
      const { unseenImages = [] } = await groundWith(image, aws);
      return unseenImages[0]?.isSilent ? unseenImages : undefined;
    });
    expect(seen).toEqual([{ image, why, isSilent: true }]);
  });

  test("is not silent where TwoKey keeps itself back, and looks that wait for the same one are one call", async () => {
    const effect = { kind: "error", status: 400, code: "ThrottlingException", message: "Rate exceeded" } as const;
    inventory().world.faults.plan({ vendor: "aws", operation: "DescribeImages", effect, times: 1 });
    const image = `111122223333.dkr.ecr.${HOME}.amazonaws.com/inventory:7`;
    const late = [{ image, why: `TwoKey waited 3 s for what ECR says in ${HOME}, and no longer` }];

    // World time stands still: nobody's turn comes after the throttle.
    expect((await groundWith(image)).unseenImages).toEqual(late);
    const again = [groundWith(image), groundWith(image), groundWith(image)];
    for (const seen of await Promise.all(again)) expect(seen.unseenImages).toEqual(late);
    const before = await inventory().reads("DescribeImages", HOME);
    inventory().advance(15);

    expect(await groundWith(image)).toEqual({ images: [image], absentImages: undefined, unseenImages: undefined });
    // The one that was throttled, the one that all others wait for, and this one.
    expect((await inventory().reads("DescribeImages", HOME)) - before).toBe(3);
  });

  test("of a registry that is not ECR's is asked for nowhere", async () => {
    expect(await groundWith("ghcr.io/mycomputer/inventory:7")).toMatchObject({ unseenImages: undefined });
    expect(await inventory().reads("DescribeImages")).toBe(0);
  });
});

test("the roles of a task definition, and how long its tasks may drain, come with it", async () => {
  const executionRoleArn = "arn:aws:iam::111122223333:role/teams/inventory-tasks";
  await inventory().control("/ecs/task-definition", { family: "inventory", executionRoleArn, stopTimeoutSeconds: 90 });
  const site = siteIn(STANDBY);
  const facts = factOf(await inventory().aws.compute.describe(STANDBY, site));

  expect(factOf(await inventory().aws.compute.ground({ region: STANDBY, site, facts }))).toMatchObject({
    roles: ["inventory-tasks"],
    drain: { deregistrationSeconds: 30, stopSeconds: 90 },
  });
});
