import { expect, test } from "@jest/globals";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { DB_NAME, factOf, mutations, NAME, PRIVATE_ZONE, STANDBY, TOPIC, ZONE } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const records = async (name: string, zone = ZONE) => factOf(await inventory().aws.traffic.records(zone, name));
const weights = (sets: readonly RecordSet[]) => sets.map(({ setIdentifier, weight }) => `${setIdentifier} ${weight}`);

test("every set of exactly the name is listed, in a comparable form", async () => {
  expect(await records(NAME)).toEqual([
    {
      ...{ name: NAME, type: "A", setIdentifier: "Primary", weight: 100 },
      alias: {
        ...{ zone: "Z32O12XQLNTSW2", dnsName: "primary-alb.eu-west-1.elb.amazonaws.com" },
        evaluateTargetHealth: true,
      },
    },
    {
      ...{ name: NAME, type: "A", setIdentifier: "Secondary", weight: 0 },
      alias: {
        ...{ zone: "Z215JYRZR1TBD5", dnsName: "secondary-alb.eu-central-1.elb.amazonaws.com" },
        evaluateTargetHealth: true,
      },
    },
  ]);
  expect(await records(DB_NAME, PRIVATE_ZONE)).toEqual([
    { name: DB_NAME, type: "CNAME", ttlSeconds: 20, values: ["inventory-db.abc.eu-west-1.rds.amazonaws.com"] },
  ]);
  expect(await records("*.mycomputer.com")).toEqual([
    { name: "*.mycomputer.com", type: "TXT", ttlSeconds: 60, values: ['"Any"'] },
  ]);
  expect(await records("apj.mycomputer.com")).toEqual([]);
});

test("sets that fill more than one page are all found", async () => {
  const many = Array.from({ length: 310 }, (_, index) => ({
    ...{ name: "many.mycomputer.com", type: "A", setIdentifier: `s${1_000 + index}`, weight: 1, ttlSeconds: 60 },
    values: ["192.0.2.1"],
  }));
  await inventory().aws.traffic.upsert({ zone: ZONE, records: many, comment: "many" });
  expect(await records("many.mycomputer.com")).toEqual(many);
});

test("attributes that TwoKey does not change are recognised, and such a set is refused", async () => {
  const geo = await records("geo.mycomputer.com");
  expect(geo.map(({ foreign }) => foreign)).toEqual([["GeoLocation"], ["GeoLocation"]]);
  const changed = inventory().aws.traffic.upsert({ zone: ZONE, records: geo, comment: "no" });
  await expect(changed).rejects.toMatchObject({ name: "StepFailed", code: "foreign-record" });
  expect(mutations(inventory(), "ChangeResourceRecordSets")).toEqual([]);
});

test("a change is pending until it is in sync, and what was read can be written back unchanged", async () => {
  const { traffic } = inventory().aws;
  const before = await records(NAME);
  const moved = before.map((set) => ({ ...set, weight: set.setIdentifier === "Primary" ? 0 : 100 }));
  const { changeId, requestIds } = await traffic.upsert({ zone: ZONE, records: moved, comment: "run 1" });
  expect(changeId).toMatch(/^C[0-9A-Z]+$/);
  expect(mutations(inventory(), "ChangeResourceRecordSets")).toMatchObject([{ requestId: requestIds[0] }]);
  expect(await traffic.changeState(changeId)).toBe("pending");
  expect(weights(await records(NAME))).toEqual(["Primary 0", "Secondary 100"]);
  inventory().advance(51);
  expect(await traffic.changeState(changeId)).toBe("in-sync");
  await traffic.upsert({ zone: ZONE, records: before, comment: "back" });
  expect(await records(NAME)).toEqual(before);
});

test("an upsert is all or nothing", async () => {
  const [first, second] = await records(NAME);
  if (!first || !second) throw new Error("Two records were expected");
  const broken = {
    ...second,
    alias: { zone: "Z215JYRZR1TBD5", dnsName: "gone.elb.amazonaws.com", evaluateTargetHealth: true },
  };
  const changed = inventory().aws.traffic.upsert({
    zone: ZONE,
    records: [{ ...first, weight: 7 }, broken],
    comment: "half",
  });
  await expect(changed).rejects.toMatchObject({
    ...{ name: "StepFailed", code: "aws-refused" },
    message: expect.stringContaining("InvalidChangeBatch"),
  });
  expect(await records(NAME)).toEqual([first, second]);
});

test("a zone that is still busy is asked again later", async () => {
  const sets = await records(NAME);
  await inventory().aws.traffic.upsert({ zone: ZONE, records: sets, comment: "one" });
  const again = inventory().aws.traffic.upsert({ zone: ZONE, records: sets, comment: "two" });
  await expect(again).rejects.toMatchObject({
    name: "TransientError",
    message: expect.stringContaining("PriorRequestNotComplete"),
  });
});

test("a lost answer to a change is an unknown outcome, and the records show that it happened", async () => {
  inventory().world.faults.plan({
    vendor: "aws",
    operation: "ChangeResourceRecordSets",
    effect: { kind: "drop-after" },
  });
  const [first] = await records(NAME);
  if (!first) throw new Error("A record was expected");
  const changed = inventory().aws.traffic.upsert({ zone: ZONE, records: [{ ...first, weight: 7 }], comment: "lost" });
  await expect(changed).rejects.toMatchObject({ name: "OutcomeUnknown" });
  expect(mutations(inventory(), "ChangeResourceRecordSets")).toHaveLength(1);
  expect(weights(await records(NAME))).toEqual(["Primary 7", "Secondary 0"]);
});

test("an unknown change and an unknown zone are refused", async () => {
  await expect(inventory().aws.traffic.changeState("CNOBODY")).rejects.toMatchObject({
    name: "StepFailed",
    code: "aws-absent",
  });
  expect(await inventory().aws.traffic.records("ZNOBODY", NAME)).toMatchObject({ known: false, cause: "absent" });
});

test("a topic's subscription is confirmed in the topic's region", async () => {
  const wrong = inventory().aws.confirmSnsSubscription(TOPIC, "not-the-token");
  await expect(wrong).rejects.toMatchObject({ name: "StepFailed", message: expect.stringContaining(STANDBY) });
  await expect(inventory().aws.confirmSnsSubscription("no-arn", "x")).rejects.toMatchObject({ name: "UserError" });
});
