import { ApplicationAutoScalingClient } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { KMSClient } from "@aws-sdk/client-kms";
import { RDSClient } from "@aws-sdk/client-rds";
import { Route53Client } from "@aws-sdk/client-route-53";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SNSClient } from "@aws-sdk/client-sns";
import { type Region, route53RegionOf } from "../../domain/service/region.ts";
import type { IdentitySource } from "./credentials.ts";
import { Door } from "./departure.ts";
import type { LooksBy } from "./looks-by.ts";
import type { ClientSettings } from "./settings.ts";
import { withoutLog } from "./without-log.ts";

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

/** Connections by API and region: all sessions of one run share them, whatever session a call is signed for. */
export class Sockets {
  readonly #made = new Map<string, Door>();

  door(key: string, settings: ClientSettings["requestHandler"]): Door {
    const door = this.#made.get(key) ?? new Door(settings);
    this.#made.set(key, door);
    return door;
  }
}

interface Made extends Omit<ClientSettings, "requestHandler"> {
  readonly region: Region;
  readonly credentials: IdentitySource;
  readonly requestHandler: Door;
}
type SdkClient = { destroy(): void } & Parameters<typeof withoutLog>[0];

export interface ClientsWish {
  readonly settings: ClientSettings;
  readonly credentials: IdentitySource;
  /** A region of the account's partition: Route 53 has one API for all of them. */
  readonly home: Region;
  readonly sockets: Sockets;
}

/** What changes something: only `Caller.write` hands them out, and only behind a guard. */
export type ActingClients = ReturnType<typeof createClients>;

/** What looks: the same clients, of which a command that changes something does not compile. */
export interface Clients {
  readonly autoScaling: In<typeof import("@aws-sdk/client-application-auto-scaling")>;
  readonly cloudWatch: In<typeof import("@aws-sdk/client-cloudwatch")>;
  readonly ec2: In<typeof import("@aws-sdk/client-ec2")>;
  readonly ecr: In<typeof import("@aws-sdk/client-ecr")>;
  readonly ecs: In<typeof import("@aws-sdk/client-ecs")>;
  readonly kms: In<typeof import("@aws-sdk/client-kms")>;
  readonly loadBalancing: In<typeof import("@aws-sdk/client-elastic-load-balancing-v2")>;
  readonly rds: In<typeof import("@aws-sdk/client-rds")>;
  readonly route53: {
    readonly region: Region;
    client(): LooksBy<typeof import("@aws-sdk/client-route-53")>;
  };
  readonly serviceQuotas: In<typeof import("@aws-sdk/client-service-quotas")>;
  readonly sns: In<typeof import("@aws-sdk/client-sns")>;
}

interface In<Sdk> {
  in(region: Region): LooksBy<Sdk>;
}

/** Nothing but the types is narrower. */
export const looksOf = (clients: ActingClients): Clients => clients;

export function createClients({ settings, credentials, home, sockets }: ClientsWish) {
  const made = <C extends SdkClient>(api: string, Made: new (settings: Made) => C) => {
    return (region: Region) => {
      const requestHandler = sockets.door(`${api} ${region}`, settings.requestHandler);
      return withoutLog(new Made({ ...settings, region, credentials, requestHandler }));
    };
  };
  const clients = {
    autoScaling: new Regional(made("ApplicationAutoScaling", ApplicationAutoScalingClient)),
    cloudWatch: new Regional(made("CloudWatch", CloudWatchClient)),
    ec2: new Regional(made("EC2", EC2Client)),
    ecr: new Regional(made("ECR", ECRClient)),
    ecs: new Regional(made("ECS", ECSClient)),
    kms: new Regional(made("KMS", KMSClient)),
    loadBalancing: new Regional(made("ElasticLoadBalancingV2", ElasticLoadBalancingV2Client)),
    rds: new Regional(made("RDS", RDSClient)),
    // With an endpoint of its own the SDK signs for the client's region, so it has to be the right one.
    route53: new Single(route53RegionOf(home), made("Route53", Route53Client)),
    serviceQuotas: new Regional(made("ServiceQuotas", ServiceQuotasClient)),
    sns: new Regional(made("SNS", SNSClient)),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.close();
  };
  return { ...clients, close };
}
