import { describe, expect, test } from "@jest/globals";
import { factOf, STANDBY, siteIn } from "./inventory-world.ts";
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

  test("of another account, or of another region, is not seen, and the rest of the look stands", async () => {
    for (const [image, why] of [
      [`444455556666.dkr.ecr.${STANDBY}.amazonaws.com/shared/inventory:7`, /AccessDenied/],
      ["111122223333.dkr.ecr.us-west-2.amazonaws.com/inventory:7", /lies in us-west-2, which is not asked/],
    ] as const) {
      const { images, absentImages, unseenImages } = await groundWith(image);
      expect({ images, absentImages, unseenImages }).toEqual({
        ...{ images: [image], absentImages: undefined },
        unseenImages: [{ image, why: expect.stringMatching(why) }],
      });
    }
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
