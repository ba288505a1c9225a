import { ApplicationAutoScalingClient } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { KMSClient } from "@aws-sdk/client-kms";
import { RDSClient } from "@aws-sdk/client-rds";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SNSClient } from "@aws-sdk/client-sns";
import { type Region, route53RegionOf } from "../../domain/service/region.ts";
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

/** The one client of an API that lives in one region for the whole partition, made when it is first needed. */
class Single<C extends { destroy(): void }> {
  readonly region: Region;
  readonly #regional: Regional<C>;

  constructor(region: Region, make: (region: Region) => C) {
    this.region = region;
    this.#regional = new Regional(make);
  }

  client(): C {
    return this.#regional.in(this.region);
  }

  close(): void {
    this.#regional.close();
  }
}

export type Clients = ReturnType<typeof createClients>;

/** `home` is a region of the account's partition: Route 53 has one API for all of them. */
export function createClients(settings: ClientSettings, credentials: IdentitySource, home: Region) {
  const inRegion = (region: Region) => ({ ...settings, region, credentials });
  const clients = {
    autoScaling: new Regional((region) => new ApplicationAutoScalingClient(inRegion(region))),
    cloudWatch: new Regional((region) => new CloudWatchClient(inRegion(region))),
    ec2: new Regional((region) => new EC2Client(inRegion(region))),
    ecs: new Regional((region) => new ECSClient(inRegion(region))),
    kms: new Regional((region) => new KMSClient(inRegion(region))),
    loadBalancing: new Regional((region) => new ElasticLoadBalancingV2Client(inRegion(region))),
    rds: new Regional((region) => new RDSClient(inRegion(region))),
    // With an endpoint of its own the SDK signs for the client's region, so it has to be the right one.
    route53: new Single(route53RegionOf(home), (region) => new Route53Client(inRegion(region))),
    sns: new Regional((region) => new SNSClient(inRegion(region))),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.close();
  };
  return { ...clients, close };
}
