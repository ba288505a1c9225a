import { type StatusDeps, statusOfServices } from "../../src/commands/status.ts";
import { observe } from "../../src/flows/observe.ts";
import { cardText } from "../../src/views/card-text.ts";
import type { FailoverWorld } from "./failover-world.ts";
import { runCommandDeps } from "./run-command-deps.ts";

/** What `/dr status` shows of a world, from a look of now. */
export async function boardOf(at: FailoverWorld): Promise<string> {
  const nothing = async () => undefined;
  const deps: StatusDeps = {
    ...runCommandDeps(at),
    observed: (service) => observe(service, at.cloud),
    ...{
      incidentShown: nothing,
      freezes: { inForce: async () => [] },
      waits: { get: nothing },
      calls: { get: nothing },
    },
    ...{ server: undefined, standings: undefined, onCall: nothing },
  };
  return cardText(await statusOfServices(undefined, deps)).replaceAll("\u00a0", " ");
}
