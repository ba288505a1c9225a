import { isDeepStrictEqual } from "node:util";
import type { Mode, Plan } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { STEPS } from "../../src/flows/index.ts";
import type { StepContext } from "../../src/ports/step.ts";
import type { StoredStep } from "../../src/ports/stored-step.ts";
import { type Call, callsOf, effectsOf, namesOf } from "./calls.ts";
import { drive } from "./drive.ts";
import { mutationsOf, startRun } from "./failover-runs.ts";
import { startFailoverWorld } from "./failover-world.ts";
import type { Play } from "./plays.ts";

const SPEED = 200;

/** A run of a play in a world in which nothing goes wrong, each of its steps run twice. */
export interface Undisturbed {
  readonly run: RunState;
  /** Every call that it makes, with the step that makes it: the tables of faults walk these. */
  readonly calls: readonly Call[];
  /** What took effect, as `operation region`, sorted. */
  readonly effects: readonly string[];
  /** What was done more than once. */
  readonly repeated: readonly string[];
  /** What it asked for and its session does not allow. */
  readonly denied: readonly unknown[];
  /** Who holds the service afterwards. */
  readonly holder: string | undefined;
}

export async function undisturbed(play: Play, mode: Mode): Promise<Undisturbed> {
  const at = await startFailoverWorld({ ...play, speed: SPEED });
  try {
    const { plan } = await startRun(at, { ...play, mode });
    const asked = new Map<string, readonly string[]>();
    const run = await drive(at, {
      steps: Object.fromEntries(
        Object.entries(STEPS).map(([name, step]) => [
          name,
          twice(step, (input) => {
            const id = idOf(plan, name, input);
            return {
              hasAsked: asked.has(id),
              hear: (requestIds) => asked.set(id, [...(asked.get(id) ?? []), ...requestIds]),
            };
          }),
        ]),
      ),
    });
    return {
      ...{
        run,
        calls: callsOf(at, run, asked),
        effects: namesOf(effectsOf(at)),
        repeated: repeatedIn(mutationsOf(at)),
      },
      denied: at.whole.world.log.read(0, "iam.denied").map(({ facts }) => facts),
      holder: await at.memory.runs.holderOf(at.service.name),
    };
  } finally {
    await at.stop();
  }
}

/** One that stands twice in a plan is told by its choices. */
function idOf({ steps }: Plan, name: string, input: unknown): string {
  const [only, ...others] = steps.filter(({ does }) => does === name);
  const meant =
    others.length === 0 ? only : steps.find((step) => step.does === name && isDeepStrictEqual(step.input, input));
  if (!meant) throw new Error(`the plan has no such ${name}`);
  return meant.id;
}

export const repeatedIn = (mutations: readonly string[]): string[] =>
  mutations.filter((call, index) => mutations.indexOf(call) !== index);

/** What a step of these choices has asked for so far. */
type Asking = (input: unknown) => {
  readonly hasAsked: boolean;
  readonly hear: (requestIds: readonly string[]) => unknown;
};

function twice(step: StoredStep, asking: Asking): StoredStep {
  const ask = async (input: unknown, context: StepContext) => {
    const { hasAsked, hear } = asking(input);
    const asked = await step.run(input, { ...context, mayHaveAsked: context.mayHaveAsked || hasAsked });
    hear(asked.requestIds);
    return asked;
  };
  return {
    ...step,
    async run(input, context) {
      await ask(input, { ...context, tries: 1 });
      return ask(input, { ...context, tries: 2 });
    },
  };
}
