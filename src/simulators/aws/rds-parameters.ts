import { page } from "./paging.ts";
import { DescribeParameters, ModifyParameters } from "./rds-input.ts";
import { AwsError, type AwsOperation, type DatabaseRef, XmlList } from "./service.ts";
import type { RdsSpec } from "./specs.ts";

/** Names that MySQL and MariaDB have for it, each by its versions. */
const NET_TIMEOUTS = ["replica_net_timeout", "slave_net_timeout"] as const;
const DEFAULT_NET_TIMEOUT_SECONDS = 60;

/** What somebody has set in parameter groups; every other parameter is as the engine has it. */
export class ParameterGroups {
  readonly #set = new Map<string, Map<string, string>>();

  constructor(groups: RdsSpec["parameterGroups"]) {
    for (const { region, name, parameters } of groups)
      this.#set.set(`${region}/${name}`, new Map(Object.entries(parameters)));
  }

  /** Undefined: nobody has set anything there, and perhaps there is no such group. */
  find(region: string, name: string): Map<string, string> | undefined {
    return this.#set.get(`${region}/${name}`);
  }

  set(region: string, name: string, values: ReadonlyMap<string, string>): void {
    this.#set.set(`${region}/${name}`, new Map([...(this.find(region, name) ?? []), ...values]));
  }

  /** World milliseconds until a replica with this group notices that nothing arrives any more. */
  netTimeoutMs(region: string, name: string): number {
    const set = NET_TIMEOUTS.flatMap((timeout) => this.find(region, name)?.get(timeout) ?? []);
    return Number(set[0] ?? DEFAULT_NET_TIMEOUT_SECONDS) * 1_000;
  }
}

interface Fleet {
  readonly parameters: ParameterGroups;
  readonly instances: readonly (Omit<DatabaseRef, "instance"> & { readonly parameterGroup: string })[];
}

export function parameterOperations(fleet: Fleet): Record<string, AwsOperation> {
  const require = (region: string, name: string): ReadonlyMap<string, string> => {
    const isCarried = fleet.instances.some((one) => one.region === region && one.parameterGroup === name);
    const found = fleet.parameters.find(region, name);
    if (found || isCarried) return found ?? new Map();
    throw new AwsError("DBParameterGroupNotFound", `DBParameterGroup not found: ${name}`, 404);
  };
  return {
    DescribeDBParameters: {
      mutates: false,
      handle: ({ input, region }) => {
        const wanted = DescribeParameters.parse(input);
        const set = require(region, wanted.DBParameterGroupName);
        const all = [
          ...[...set].map(([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue, Source: "user" })),
          ...NET_TIMEOUTS.filter((name) => !set.has(name)).map((ParameterName) => ({
            ...{ ParameterName, Source: "engine-default" },
          })),
        ];
        const found = all.filter(({ Source }) => wanted.Source === undefined || wanted.Source === Source);
        const { entries, marker } = page(found, ({ ParameterName }) => ParameterName, {
          size: wanted.MaxRecords,
          marker: wanted.Marker,
        });
        return { Marker: marker, Parameters: new XmlList("Parameter", entries) };
      },
    },
    ModifyDBParameterGroup: {
      mutates: true,
      handle: ({ input, region }) => {
        const { DBParameterGroupName: name, Parameters: wanted } = ModifyParameters.parse(input);
        if (name.startsWith("default."))
          throw new AwsError("InvalidDBParameterGroupState", `The parameter group ${name} is a default group.`);
        require(region, name);
        fleet.parameters.set(region, name, new Map(wanted.map((one) => [one.ParameterName, one.ParameterValue])));
        return { DBParameterGroupName: name };
      },
    },
  };
}
