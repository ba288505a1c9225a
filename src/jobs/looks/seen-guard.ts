import { messageOf } from "../../domain/errors.ts";
import { OR_BACK, whyNotOurs } from "../../domain/plan-run/not-ours.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { readable } from "../../domain/readable.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Runs } from "../../ports/runs.ts";
import { lookingEvery } from "./looking.ts";

/** Machine time after which what this process has seen stands in its ledger too. */
const NOTE_EVERY_MS = 500;
/** Machine time between two looks at what gives authority: what a process has never seen it misses nothing of. */
const LOOK_EVERY_MS = 5_000;

export interface SeenGuardDeps {
  readonly runs: Pick<Runs, "openIds" | "read">;
  /** Runs of which this process has seen the plan, and whose keys may still authorise something: none of them is removed by TwoKey. */
  readonly standing: () => readonly string[];
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
  const { logger, announce } = deps;
  const said = new Set<string>();
  const look = async (): Promise<void> => {
    const looked = await Promise.allSettled([
      deps.keepFreezes().then((all) => all.map((says) => ({ says }))),
      wrongRuns(deps),
    ]);
    const wrong = looked.flatMap((each): readonly Wrong[] => (each.status === "fulfilled" ? each.value : []));
    const done = await Promise.allSettled(wrong.flatMap((each) => [tell(each), sayInJournal(each)]));
    const failures = [...looked, ...done].flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    for (const error of failures) failed("Not all that is wrong could be seen or said")(error);
    if (failures.length > 0) return;
    for (const says of said) if (!wrong.some((each) => each.says === says)) said.delete(says);
  };
  /** What could not be said is said at the next look. */
  const tell = async ({ says }: Wrong): Promise<void> => {
    if (said.has(says)) return;
    logger.error({ why: says }, "What is stored is not what TwoKey wrote");
    await announce(says);
    said.add(says);
  };
  const sayInJournal = async ({ run }: Wrong): Promise<void> => {
    if (run) await deps.sayLost(run);
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

async function wrongRuns({ runs, standing }: Pick<SeenGuardDeps, "runs" | "standing">): Promise<readonly Wrong[]> {
  const known = standing();
  const ids = new Set([...(await runs.openIds()), ...known]);
  const { read } = await readable([...ids].map(async (id) => ({ id, run: await runs.read(id) })));
  const gone = read.flatMap(({ id, run }) => (run === undefined && known.includes(id) ? [id] : [])).toSorted(byName);
  return [
    ...(gone.length === 0 ? [] : [{ says: sayGone(gone) }]),
    ...read.flatMap(({ run }) => (run ? wrongIn(run) : [])),
  ];
}

const byName = (one: string, other: string): number => one.localeCompare(other);

const sayGone = (ids: readonly string[]): string =>
  `Nothing of ${ids.join(", ")} stands in Redis any more, and TwoKey has seen it there: ${OR_BACK}. Nothing is changed for it. See “who can write to Redis” in the operations manual.`;

function wrongIn(run: RunState): readonly Wrong[] {
  const why = whyNotOurs(run);
  return why === undefined ? [] : [{ run, says: `${why}. Nothing is changed for that run.` }];
}
