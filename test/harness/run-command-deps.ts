import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import type { Ledger } from "../../src/ports/runs.ts";
import type { FailoverWorld } from "./failover-world.ts";
import { quietLedger } from "./fakes/index.ts";

const nothing = async () => undefined;

/** What a command about runs has in a world: its store and its cloud are real, and nobody is called. */
export function runCommandDeps(at: FailoverWorld, ledger: Partial<Ledger> = {}): RunCommandDeps {
  const { memory, cloud, clock, inventory } = at;
  let made = 0;
  return {
    ...{ runs: memory.runs, cards: memory.cards, cloud, clock, inventory: () => inventory },
    ledger: quietLedger(ledger),
    wake: {
      ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing },
      ...{ incidentChat: nothing, card: nothing },
    },
    times: { of: async () => [] },
    ...{ incidentOf: nothing, lastLook: nothing, rememberChannel: nothing, channelOf: nothing },
    newId: () => {
      made += 1;
      return `F-NEW${made}`;
    },
  };
}
