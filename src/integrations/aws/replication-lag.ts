import type { MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { sayTime } from "../../domain/duration.ts";
import type { LagFacts, LagSample } from "../../domain/service/observed.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import { NotGiven } from "./errors.ts";
import { OVERLAP_MS } from "./lag-memory.ts";
import type { Lookups } from "./lookups.ts";

/** World time. An older sample says nothing about now. */
const OLDEST_SAMPLE_MS = 3 * 60_000;

const MetricData = z.object({
  Timestamps: z.array(z.date()).default([]),
  Values: z.array(z.number()).default([]),
  StatusCode: z.string(),
});

/**
 * `ReplicaLag` of the replica, from CloudWatch in its own region: seconds, or -1 while it does not replicate. A sample
 * carries the start of its minute and the most of it, so that its position is never later than the true one.
 */
export function replicationLag(caller: Caller, { lags, lagMemory }: Lookups, now: () => number): Databases["lag"] {
  return async (region, instance, signal) => {
    const atMs = now();
    const wish = { id: instance, doing: `read the replication lag of ${instance}`, signal };
    const known = await caller.known(async () => samplesOf(instance, await lags(region).ask(wish)));
    if (!known.known) return withLastGood(known, lagMemory.lastGood(region, instance));
    const lastGood = lagMemory.learn(region, instance, { atMs, samples: known.value });
    return newest(known.value, instance, { atMs, lastGood });
  };
}

/** Newest first. Throws NotGiven where CloudWatch does not have all of them: that few came says nothing then. */
function samplesOf(instance: string, found: MetricDataResult | undefined): LagSample[] {
  const { Timestamps, Values, StatusCode } = MetricData.parse(found);
  if (StatusCode !== "Complete") {
    throw new NotGiven(`CloudWatch does not tell all of the replication lag of ${instance} (it said “${StatusCode}”)`);
  }
  const samples = Timestamps.flatMap((at, index) => {
    const seconds = Values[index];
    return seconds === undefined ? [] : [{ seconds, measuredAtMs: at.getTime() }];
  });
  return samples.toSorted((one, other) => other.measuredAtMs - one.measuredAtMs);
}

function newest(
  samples: readonly LagSample[],
  instance: string,
  { atMs, lastGood }: { readonly atMs: number; readonly lastGood: LagSample | undefined },
): LagFacts {
  const unknown = (why: string) =>
    withLastGood({ known: false, why, cause: "failed", atMs, isStopped: true }, lastGood);
  const [sample] = samples;
  if (!sample) return unknown(`CloudWatch has no recent replication lag of ${instance}`);
  const time = sayTime(sample.measuredAtMs, atMs);
  if (sample.seconds < 0) return unknown(`no replication: ReplicaLag ${sample.seconds} at ${time}`);
  if (atMs - sample.measuredAtMs > OLDEST_SAMPLE_MS) {
    return unknown(`The newest replication lag of ${instance} is from ${time}, too old to count`);
  }
  const recent = samples.filter(({ measuredAtMs }) => atMs - measuredAtMs <= OVERLAP_MS);
  return { known: true, value: sample, atMs, recent };
}

function withLastGood(unknown: LagFacts, lastGood: LagSample | undefined): LagFacts {
  return lastGood ? { ...unknown, lastGood } : unknown;
}
