import type { Service } from "../../../src/domain/service/service.ts";
import { AT, type Day, rulesOn } from "../observed.ts";
import { siteOf, standbyOf, trafficOf } from "../site.ts";
import type { SaidCloud } from "./cloud.ts";

/** What the ports say on a day that the test has made, of a service that has one resource of each role. */
export function seenDay(service: Service, seen: Day, speed = 1): SaidCloud {
  const { sites, trafficRecords, databaseRecords, publicHealth } = seen;
  const at = (region: string) => {
    const site = sites[region];
    if (!site) throw new Error(`nothing is known of ${region}`);
    return site;
  };
  const regionOf = (via: string | undefined) =>
    [service.home, standbyOf(service)].find((region) => siteOf(service, region).load_balancer.dns_name === via);
  return {
    clock: { now: () => AT, speed },
    databases: {
      describe: async (region) => at(region).database,
      lag: async (region) => at(region).lag,
    },
    firewall: { rules: async (region) => rulesOn(at(region)) },
    compute: { describe: async (region) => at(region).compute, service: async (region) => at(region).compute },
    traffic: {
      records: async (_zone, name) => (name === trafficOf(service).name ? trafficRecords : databaseRecords),
    },
    probe: {
      health: async (_url, { via } = {}) => {
        const region = regionOf(via);
        return region === undefined ? publicHealth : at(region).deepHealth;
      },
    },
  };
}
