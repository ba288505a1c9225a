import { describe, expect, test } from "@jest/globals";
import { factOf, HOME, STANDBY, siteIn } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const ECR = `111122223333.dkr.ecr.${STANDBY}.amazonaws.com`;

/** What the tasks of the standby would start from. */
async function groundWith(image?: string) {
  if (image !== undefined) await inventory().control("/ecs/task-definition", { family: "inventory", image });
  const site = siteIn(STANDBY);
  const facts = factOf(await inventory().aws.compute.describe(STANDBY, site));
  const { images, absentImages, unseenImages } = factOf(
    await inventory().aws.compute.ground({ region: STANDBY, site, facts }),
  );
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

    expect(await groundWith(image)).toMatchObject({
      absentImages: undefined,
      unseenImages: [{ image, why: expect.stringContaining(`in ${HOME}`), isSilent: true }],
    });
    expect(performance.now() - beganMs).toBeLessThan(8_000);
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
