import { failedStep } from "../../src/domain/plan-run/decision.ts";
import type { Mode } from "../../src/domain/plan-run/plan.ts";
import { type PlannedStep, stepOf } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { STEPS } from "../../src/flows/index.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import { type Effect, everyEffectIn, madeAlways } from "./calls.ts";
import { drive } from "./drive.ts";
import { runOf, startRun } from "./failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "./failover-world.ts";
import type { Play } from "./plays.ts";
import { standingOf } from "./standing.ts";

const SPEED = 200;
const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;

export const commitsOf = ({ plan }: RunState): PlannedStep[] =>
  plan.steps.filter(({ wayBack }) => wayBack === "irreversible");

/** Every call of this step is refused for good: what it may ask for is what its permissions say. */
export function denialsOf(run: RunState, id: string): FaultInput[] {
  const { does, input } = stepOf(run.plan, id);
  const permissions = STEPS[does]?.permissions(input) ?? [];
  return permissions.flatMap(({ actions, on }) =>
    actions.flatMap((action) =>
      on.map(({ region, resource }) => ({
        ...{ vendor: "aws" as const, operation: action.slice(action.indexOf(":") + 1), effect: DENIED },
        ...{ parameter: resource.slice(resource.indexOf(":") + 1) },
        ...(region === undefined ? {} : { region }),
      })),
    ),
  );
}

/** Two approvers choose the way back, where the run stands now. */
export const twoUnwind = (at: FailoverWorld): Promise<void> => twoSay(at, { decision: "unwind" });

/** Two approvers say that they did the failed step by hand, and what they did. */
export const twoTakeOver = (at: FailoverWorld, words: string): Promise<void> =>
  twoSay(at, { decision: "take-over", words });

type Said = Pick<Extract<RunEntry, { kind: "vote" }>, "decision" | "words">;

async function twoSay(at: FailoverWorld, said: Said): Promise<void> {
  const { memory, clock } = at;
  const run = await runOf(at);
  const step = failedStep(run);
  if (step === undefined) throw new Error(`a run that is ${run.state} has no failure to vote about`);
  const vote = (by: string): RunEntry => ({
    ...{ kind: "vote", atMs: clock.now(), by, door: "slack" },
    ...{ ...said, step, position: run.intents },
  });
  const answer = await memory.runs.append(run, { entries: [vote("ana"), vote("ben")], events: [] });
  if (answer.kind !== "appended") throw new Error(`the votes were not taken: ${answer.kind}`);
}

/** How a play is asked for. */
export interface Asked {
  readonly play: Play;
  readonly mode: Mode;
}

export const everyCommit = (run: RunState): string[] => commitsOf(run).map(({ id }) => id);

/** The run after all that comes before the point of no return, stopped there because these steps were refused. */
export async function refusedRun(
  at: FailoverWorld,
  { play, mode }: Asked,
  refused: (run: RunState) => readonly string[] = everyCommit,
): Promise<RunState> {
  const run = await startRun(at, { ...play, mode });
  for (const id of refused(run)) for (const denial of denialsOf(run, id)) at.whole.world.faults.plan(denial);
  const stopped = await drive(at);
  at.whole.world.faults.clear();
  return stopped;
}

/** What two approvers get who unwind a run that was refused at its point of no return. */
export interface Unwound {
  readonly stopped: RunState;
  readonly run: RunState;
  /** Every call of the way back. */
  readonly undone: readonly Effect[];
  readonly before: Awaited<ReturnType<typeof standingOf>>;
  readonly after: Awaited<ReturnType<typeof standingOf>>;
  /** Who holds the service afterwards. */
  readonly holder: string | undefined;
}

export async function unwoundRun(asked: Asked): Promise<Unwound> {
  const at = await startFailoverWorld({ ...asked.play, speed: SPEED });
  try {
    const before = await standingOf(at);
    const stopped = await refusedRun(at, asked);
    const earlier = everyEffectIn(at).length;
    await twoUnwind(at);
    const run = await drive(at);
    const undone = madeAlways(everyEffectIn(at).slice(earlier));
    const holder = await at.memory.runs.holderOf(at.service.name);
    return { stopped, run, undone, before, after: await standingOf(at), holder };
  } finally {
    await at.stop();
  }
}
