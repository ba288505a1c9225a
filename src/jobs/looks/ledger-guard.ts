import { sayTime } from "../../domain/duration.ts";
import { messageOf } from "../../domain/errors.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink } from "./announce.ts";
import { inProcess } from "./in-process.ts";
import { lookingEvery } from "./looking.ts";
import type { MemoryGuardDeps } from "./memory-guard.ts";
import { outagesOf } from "./own-calls.ts";

export interface LedgerGuardDeps extends Omit<MemoryGuardDeps, "memory"> {
  /** Why the ledger takes no line now; undefined: it does. */
  whyUnwritable(): Promise<string | undefined>;
}

const CHECK_EVERY_MS = 30_000;

interface Broken {
  readonly why: string;
  readonly sinceMs: number;
}

/** On a quiet day nobody writes a line, and whose disk is full hears of it before the day that needs one (G22). */
export function startLedgerGuard(deps: LedgerGuardDeps): { stop(): void } {
  const memory = deps.calls ?? inProcess();
  const outages = outagesOf(memory, () => deps.clock.now());
  let said: string | undefined;
  let now: Broken | undefined;
  const warn = (error: unknown) =>
    deps.logger.warn({ why: messageOf(error) }, "Nobody could be told how the ledger's disk is");
  const say = async (): Promise<void> => {
    if (now?.why !== said) await deps.announce(now ? broken(now, deps) : mended(deps));
    // What could not be said is said at the next look.
    said = now?.why;
  };
  const check = async (): Promise<void> => {
    const why = await deps.whyUnwritable();
    const sinceMs = await outages(why !== undefined);
    now = why === undefined || sinceMs === undefined ? undefined : { why, sinceMs };
    // Whom the channel does not reach the pager does.
    await say().catch(warn);
    await reach(now && needOf(now, deps), { ...deps, memory, againMs: 0 });
  };
  return lookingEvery(deps.checkEveryMs ?? CHECK_EVERY_MS, check, warn);
}

const broken = ({ why, sinceMs }: Broken, { process }: LedgerGuardDeps): string =>
  `The ledger of ${process} cannot be written since ${sayTime(sinceMs)}: ${why}. No run asks the cloud for anything, and no key counts there, until that is mended. See “the ledger” in the operations manual.`;

const mended = ({ process, clock }: LedgerGuardDeps): string =>
  `The ledger of ${process} can be written again since ${sayTime(clock.now())}. A run that waited goes on when somebody says so: /dr resume.`;

function needOf(now: Broken, deps: LedgerGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:ledger-unwritable:${process}`;
  return {
    // Why it cannot be written may change while it lasts: that is no other outage.
    ...{ occasion: "ledger-unwritable", reason: `unwritable:${now.sinceMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${now.sinceMs}` },
    why: broken(now, deps),
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "No run goes on until the ledger can be written",
    },
  };
}
