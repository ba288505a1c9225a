import { LOOK_ACTIONS } from "../../src/flows/resources/looks.ts";
import type { AwsOptions } from "../../src/integrations/aws/aws.ts";
import { createAws } from "../../src/integrations/aws/aws.ts";
import { createCloudWatch } from "../../src/simulators/aws/cloudwatch.ts";
import { startAws } from "../../src/simulators/aws/server.ts";
import { createSns } from "../../src/simulators/aws/sns.ts";
import { topicArn } from "../../src/simulators/aws/sns-topics.ts";
import type { CloudWatchSpecInput } from "../../src/simulators/aws/specs.ts";
import { createWorld } from "../../src/simulators/world/world.ts";
import { START_MS } from "./fakes/index.ts";

export const REGION = "us-east-1";
export const OTHER_REGION = "eu-west-1";
export const TOPIC = topicArn(REGION, "alarms");

export type AlarmSpec = NonNullable<CloudWatchSpecInput["alarms"]>[number];

/** A metric alarm that tells the topic. */
export const alarmCalled = (name: string, over: Partial<Extract<AlarmSpec, { kind: "metric" }>> = {}): AlarmSpec => ({
  ...{ kind: "metric", name, region: REGION, namespace: "AWS/RDS", metricName: "ReplicaLag", alarmActions: [TOPIC] },
  ...{ dimensions: { DBInstanceIdentifier: "a-db" }, threshold: 240, ...over },
});

/** Machine times: short enough to wait for a silent region in a test. */
const HASTY = { patience: { connectMs: 10_000, answerMs: 400 }, rememberSilenceMs: 1 };

/** CloudWatch and SNS of two regions behind the real SDK. World time stands still but for jumps. */
export async function startAlarmWorld(alarms: readonly AlarmSpec[], options: Partial<AwsOptions> = {}) {
  const world = createWorld({ startMs: START_MS, speed: 1e-6, seed: 7, regions: [REGION, OTHER_REGION] });
  const sns = createSns(world, { topics: [{ name: "alarms", region: REGION }] });
  const cloudwatch = createCloudWatch(
    world,
    { alarms: [...alarms] },
    { replicaLagAt: () => undefined, publish: sns.publish },
  );
  const server = await startAws(world, [cloudwatch.service, sns.service], { latencyMs: { low: 0, high: 0 } });
  const controlPort = await world.control.listen();
  const aws = createAws({
    ...{ stsRegion: REGION, clock: world.clock, endpoint: `http://127.0.0.1:${server.port}`, looks: LOOK_ACTIONS },
    credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" },
    ...HASTY,
    ...options,
  });
  return {
    ...{ world, sns, aws },
    /** The alarm changes; `isLost`: and its message never arrives. */
    alarm: async (name: string, state: "ALARM" | "OK", more: { isLost?: boolean; region?: string } = {}) => {
      const answer = await fetch(`http://127.0.0.1:${controlPort}/cloudwatch/alarm`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ region: REGION, name, state, ...more }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    /** How often the states of alarms were asked for, by this world's own count. */
    reads: async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${controlPort}/aws/reads`);
      const counts = (await answer.json()) as { operation: string; count: number }[];
      return counts
        .filter(({ operation }) => operation === "DescribeAlarms")
        .reduce((sum, { count }) => sum + count, 0);
    },
    stop: async () => {
      aws.close();
      sns.stop();
      world.clock.stop();
      await Promise.all([server.stop(), world.control.close()]);
    },
  };
}
export type AlarmWorld = Awaited<ReturnType<typeof startAlarmWorld>>;
