import { z } from "zod";
import { partitionOf } from "./arn.ts";
import { tokenPage } from "./ecs-lists.ts";
import type { EcsSpec, FargateQuota } from "./ecs-spec.ts";
import { FARGATE_QUOTAS, fargateQuota } from "./fargate.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";

const Code = z.string().min(1).max(128);
const Get = z.strictObject({ ServiceCode: Code, QuotaCode: Code });
const List = z.strictObject({
  ...{ ServiceCode: Code, QuotaCode: Code.optional(), NextToken: z.string().optional() },
  MaxResults: z.number().int().min(1).max(100).default(100),
});

const PROVIDERS: readonly FargateQuota["provider"][] = ["FARGATE", "FARGATE_SPOT"];
const CLASSES = { FARGATE: "Standard/OnDemand", FARGATE_SPOT: "Standard/Spot" };

/** Simulated Service Quotas, of Fargate alone: what the scheduler of ECS holds to. Steered by `POST /ecs/quota`. */
export function createServiceQuotas({
  ecs,
  accountId,
}: {
  readonly ecs: EcsSpec;
  readonly accountId: string;
}): AwsService {
  const quotasIn = (region: string) =>
    PROVIDERS.flatMap((provider) => {
      const value = fargateQuota(ecs, region, provider);
      return value === null ? [] : [view({ region, provider, value, accountId })];
    });
  const fargateAlone = (code: string) => {
    if (code === "fargate") return;
    throw new AwsError("NoSuchResourceException", "The request failed because the specified service does not exist.");
  };
  const get = ({ input, region }: AwsCall) => {
    const { ServiceCode, QuotaCode } = Get.parse(input);
    fargateAlone(ServiceCode);
    const Quota = quotasIn(region).find((each) => each.QuotaCode === QuotaCode);
    if (Quota) return { Quota };
    throw new AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.");
  };
  const list = ({ input, region }: AwsCall) => {
    const { ServiceCode, QuotaCode, MaxResults: size, NextToken: token } = List.parse(input);
    fargateAlone(ServiceCode);
    const all = quotasIn(region).filter((each) => QuotaCode === undefined || each.QuotaCode === QuotaCode);
    const { entries, nextToken } = tokenPage(all, { size, token });
    return { Quotas: entries, ...(nextToken !== undefined && { NextToken: nextToken }) };
  };
  return {
    ...{ name: "servicequotas", protocol: "json-1.1", invalidParameter: "IllegalArgumentException" },
    operations: {
      GetServiceQuota: { mutates: false, handle: get },
      ListServiceQuotas: { mutates: false, handle: list },
    },
  };
}

interface Shown {
  readonly region: string;
  readonly provider: FargateQuota["provider"];
  readonly value: number;
  readonly accountId: string;
}

function view({ region, provider, value, accountId }: Shown) {
  const { code, name } = FARGATE_QUOTAS[provider];
  return {
    ...{ ServiceCode: "fargate", ServiceName: "AWS Fargate", QuotaCode: code, QuotaName: name, Value: value },
    QuotaArn: `arn:${partitionOf(region)}:servicequotas:${region}:${accountId}:fargate/${code}`,
    ...{ Unit: "None", Adjustable: true, GlobalQuota: false, QuotaAppliedAtLevel: "ACCOUNT" },
    UsageMetric: {
      ...{ MetricNamespace: "AWS/Usage", MetricName: "ResourceCount", MetricStatisticRecommendation: "Maximum" },
      MetricDimensions: { Class: CLASSES[provider], Resource: "vCPU", Service: "Fargate", Type: "Resource" },
    },
  };
}
