import { GetServiceQuotaCommand, type ServiceQuota } from "@aws-sdk/client-service-quotas";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

export const quotas = (clients: Clients, region: Region): Kind<ServiceQuota> => ({
  ...{ api: "servicequotas", region, most: 1 },
  async page([QuotaCode], _from, options) {
    const command = new GetServiceQuotaCommand({ ServiceCode: "fargate", QuotaCode });
    const { Quota } = await clients.serviceQuotas.in(region).send(command, options);
    return { items: Quota && [Quota], next: undefined };
  },
  isOf: ({ QuotaCode }, id) => QuotaCode === id,
});
