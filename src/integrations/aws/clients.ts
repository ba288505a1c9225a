import { ApplicationAutoScalingClient } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { RDSClient } from "@aws-sdk/client-rds";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SNSClient } from "@aws-sdk/client-sns";
import type { Region } from "../../domain/service/service.ts";
import type { IdentitySource } from "./credentials.ts";
import type { ClientSettings } from "./settings.ts";

/** One client a region, made when it is first needed. Each has sockets of its own: a dark region starves no other. */
class Regional<C extends { destroy(): void }> {
  readonly #make: (region: Region) => C;
  readonly #made = new Map<Region, C>();

  constructor(make: (region: Region) => C) {
    this.#make = make;
  }

  in(region: Region): C {
    const client = this.#made.get(region) ?? this.#make(region);
    this.#made.set(region, client);
    return client;
  }

  close(): void {
    for (const client of this.#made.values()) client.destroy();
    this.#made.clear();
  }
}

export type Clients = ReturnType<typeof createClients>;

export function createClients(settings: ClientSettings, credentials: IdentitySource) {
  const inRegion = (region: Region) => ({ ...settings, region, credentials });
  const clients = {
    autoScaling: new Regional((region) => new ApplicationAutoScalingClient(inRegion(region))),
    cloudWatch: new Regional((region) => new CloudWatchClient(inRegion(region))),
    ec2: new Regional((region) => new EC2Client(inRegion(region))),
    ecs: new Regional((region) => new ECSClient(inRegion(region))),
    loadBalancing: new Regional((region) => new ElasticLoadBalancingV2Client(inRegion(region))),
    rds: new Regional((region) => new RDSClient(inRegion(region))),
    route53: new Regional((region) => new Route53Client(inRegion(region))),
    sns: new Regional((region) => new SNSClient(inRegion(region))),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.close();
  };
  return { ...clients, close };
}
