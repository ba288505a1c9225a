import { expect, test } from "@jest/globals";
import type { Aws } from "../../../src/integrations/aws/aws.ts";
import { PACE } from "../../../src/integrations/aws/read-pace.ts";
import { eventually } from "../../harness/eventually.ts";
import { factOf, HOME, PRIMARY, STANDBY, siteIn, TOPIC, ZONE } from "./inventory-world.ts";
import { quietWire } from "./quiet-wire.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

type Look = (aws: Aws, signal: AbortSignal) => Promise<unknown>;

const sinceMs = Date.parse("2026-11-21T08:00:00Z");
const events: Look = ({ databases }, signal) => databases.events({ region: HOME, instance: PRIMARY, sinceMs }, signal);

async function lookForImages(aws: Aws): Promise<Look> {
  // Its load balancer would be asked more often than its registry.
  const { target_group: _none, ...site } = siteIn(STANDBY);
  const facts = factOf(await aws.compute.service(STANDBY, site));
  return ({ compute }, signal) => compute.ground({ region: STANDBY, site, facts }, signal);
}

const proofOfTopic: Look = async (aws, signal) => {
  const proofs = aws.proofs({ account: "111122223333", roles: [], topics: [TOPIC] });
  return proofs.find(({ id }) => id === `topic:${TOPIC}`)?.prove(signal);
};

const throttling = { status: 400, code: "Throttling", message: "Rate exceeded" };
const exception = { ...throttling, code: "ThrottlingException" };
const limit = { status: 503, code: "RequestLimitExceeded", message: "Request limit exceeded." };

/** Each API, as it itself says that it is asked too often; and RDS in every other way that is known. */
const ROWS: readonly (readonly [
  operation: string,
  says: typeof throttling,
  lookOf: (aws: Aws) => Look | Promise<Look>,
])[] = [
  ["DescribeEvents", throttling, () => events],
  ["DescribeEvents", limit, () => events],
  ["DescribeEvents", { status: 503, code: "SlowDown", message: "Please reduce your request rate." }, () => events],
  ["DescribeEvents", { status: 429, code: "Busy", message: "" }, () => events],
  ["DescribeEvents", { status: 400, code: "Busy", message: "Rate exceeded" }, () => events],
  [
    "DescribeSecurityGroups",
    limit,
    () =>
      ({ firewall }, signal) =>
        firewall.rules(HOME, "sg-home", signal),
  ],
  [
    "DescribeSecurityGroups",
    { ...limit, code: "EC2ThrottledException" },
    () =>
      ({ firewall }, signal) =>
        firewall.rules(HOME, "sg-home", signal),
  ],
  [
    "DescribeServices",
    exception,
    () =>
      ({ compute }, signal) =>
        compute.service(HOME, siteIn(HOME), signal),
  ],
  [
    "DescribeScalableTargets",
    exception,
    () =>
      ({ discovery }, signal) =>
        discovery.scaling(HOME, siteIn(HOME), signal),
  ],
  [
    "DescribeTargetGroups",
    throttling,
    () =>
      ({ discovery }, signal) =>
        discovery.loadBalancers(HOME, "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/none/0", signal),
  ],
  [
    "DescribeAlarms",
    throttling,
    () =>
      ({ alarms }, signal) =>
        alarms.named(HOME, ["lag"], signal),
  ],
  [
    "ListResourceRecordSets",
    throttling,
    () =>
      ({ traffic }, signal) =>
        traffic.records(ZONE, "api.mycomputer.com", signal),
  ],
  ["DescribeImages", exception, lookForImages],
  [
    "DescribeKey",
    exception,
    () =>
      ({ snapshots }, signal) =>
        snapshots.keyState(STANDBY, "alias/databases", signal),
  ],
  ["ListSubscriptionsByTopic", { status: 429, code: "Throttled", message: "Rate exceeded" }, () => proofOfTopic],
];

test.each(ROWS)(
  "%s, throttled by %j, is asked half as often, and later as often as before",
  async (operation, says, lookOf) => {
    const look = await lookOf(inventory().aws);
    const aws = inventory().connect({ pace: PACE });
    const arrived = () => inventory().reads(operation);
    const settled = (least: number) => quietWire(arrived, least);
    const before = await arrived();
    inventory().world.faults.plan({ vendor: "aws", operation, effect: { kind: "error", ...says }, times: 1 });
    const looking = lookAgainAndAgain((signal) => look(aws, signal));
    await eventually("throttled call", async () => (await arrived()) === before + 1);
    inventory().advance(1);
    // The same read again, after its back-off in machine time.
    await eventually("the call once more", async () => (await arrived()) === before + 2);

    inventory().advance(6);
    expect((await settled(before + 2 + 6)) - before - 2).toBe(6);

    inventory().advance(120);
    const recovered = await settled(before + 2 + 6 + PACE.burst);
    inventory().advance(4);
    expect(await settled(recovered + 2 * 4)).toBe(recovered + 2 * 4);
    await looking.end();
  },
);

/** One look after the other, so that no two share a call. */
function lookAgainAndAgain(look: (signal: AbortSignal) => Promise<unknown>) {
  const over = new AbortController();
  const loop = async () => {
    while (!over.signal.aborted) await look(over.signal);
  };
  const ended = loop().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  return {
    end: async () => {
      over.abort(new Error("over"));
      await ended;
    },
  };
}
