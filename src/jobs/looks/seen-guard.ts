import { messageOf } from "../../domain/errors.ts";
import { whyNotOurs } from "../../domain/plan-run/not-ours.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { readIfReadable } from "../../domain/readable.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Runs } from "../../ports/runs.ts";
import { lookingEvery } from "./looking.ts";

/** Machine time after which what this process has seen stands in its ledger too. */
const NOTE_EVERY_MS = 500;
/** Machine time between two looks at what gives authority: what a process has never seen it misses nothing of. */
const LOOK_EVERY_MS = 5_000;

export interface SeenGuardDeps {
  readonly runs: Pick<Runs, "openIds" | "read">;
  /** Tells the other processes, in the journal. */
  readonly sayLost: (run: RunState) => Promise<void>;
  /** Puts back what was taken of a freeze; what people have to know of that, in words. */
  readonly keepFreezes: () => Promise<readonly string[]>;
  /** Writes into the ledger what this process has seen. */
  readonly noteSeen: () => Promise<void>;
  readonly announce: (says: string) => Promise<void>;
  readonly logger: Logger;
  /** Machine time between two looks; absent: 5 s. */
  readonly lookEveryMs?: number;
}

/**
 * Every process looks at every open journal and at the freezes, also while it drives nothing: what one has seen cannot be taken away
 * unseen by that one (G18). It tells the others in the journal, and people once.
 */
export function startSeenGuard(deps: SeenGuardDeps): { stop(): void } {
  const { runs, logger, announce } = deps;
  const said = new Set<string>();
  const look = async (): Promise<void> => {
    const open = await Promise.all((await runs.openIds()).map((id) => readIfReadable(runs.read(id))));
    const wrong: readonly Wrong[] = [
      ...(await deps.keepFreezes()).map((says) => ({ says })),
      ...open.flatMap((run) => (run ? wrongIn(run) : [])),
    ];
    for (const { says, run } of wrong.filter((each) => !said.has(each.says))) {
      logger.error({ why: says }, "What is stored is not what TwoKey wrote");
      if (run) await deps.sayLost(run);
      await announce(says);
      // What could not be said is said at the next look.
      said.add(says);
    }
    for (const says of said) if (!wrong.some((each) => each.says === says)) said.delete(says);
  };
  const failed = (what: string) => (error: unknown) => logger.warn({ why: messageOf(error) }, what);
  const looks = [
    lookingEvery(deps.lookEveryMs ?? LOOK_EVERY_MS, look, failed("The journals could not be looked at")),
    lookingEvery(NOTE_EVERY_MS, deps.noteSeen, () => undefined),
  ];
  return {
    stop: () => {
      for (const each of looks) each.stop();
    },
  };
}

interface Wrong {
  readonly says: string;
  readonly run?: RunState;
}

function wrongIn(run: RunState): readonly Wrong[] {
  const why = whyNotOurs(run);
  return why === undefined ? [] : [{ run, says: `${why}. Nothing is changed for that run.` }];
}
