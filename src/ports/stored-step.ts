import type { ByHandBlock } from "../domain/plan-run/by-hand.ts";
import type { StepRole, WayBack } from "../domain/plan-run/plan.ts";
import type { Permission } from "./permission.ts";
import {
  type Asked,
  type Foreseeing,
  type Happened,
  type LookContext,
  type Step,
  type StepContext,
  type Stored,
  type Undone,
  type Verdict,
  wayBackOf,
} from "./step.ts";

/** A step with its types parsed at the edge and forgotten inside, as the engine holds it. */
export interface StoredStep {
  readonly name: string;
  readonly role: StepRole;
  readonly wayBack: WayBack;
  readonly callsALook: number;
  readonly waitsOutRefusals?: true;
  /** Undefined for an input that it cannot read. */
  readonly leftToPeople?: (input: unknown) => string | undefined;
  permissions(input: unknown): readonly Permission[];
  readonly foreseen?: (input: unknown, context: Foreseeing) => Promise<string | undefined>;
  run(input: unknown, context: StepContext): Promise<Asked<Stored>>;
  verify(input: unknown, data: unknown, context: LookContext): Promise<Verdict>;
  dataByHand(nowMs: number, isRefused: boolean): Stored;
  undo(input: unknown, context: StepContext): Promise<Undone>;
  /** What people paste in its place; of an irreversible step what shows whether it happened. */
  backByHand(input: unknown): readonly ByHandBlock[];
  /** Of an irreversible step; every other one answers "no". */
  happened(input: unknown, context: StepContext): Promise<Happened>;
}

export function storedStep<Input, Data extends Stored, Output extends Stored>(
  step: Step<Input, Data, Output>,
): StoredStep {
  const { undo, leftToPeople } = step;
  const foreseen = step.foreseen?.bind(step);
  return {
    name: step.name,
    role: step.role,
    wayBack: wayBackOf(step),
    callsALook: step.callsALook ?? 1,
    ...(step.waitsOutRefusals && { waitsOutRefusals: true }),
    ...(leftToPeople && {
      leftToPeople: (input) => {
        const parsed = step.input.safeParse(input);
        return parsed.success ? leftToPeople(parsed.data) : undefined;
      },
    }),
    ...(foreseen && { foreseen: async (input, context) => foreseen(step.input.parse(input), context) }),
    permissions: (input) => step.permissions(step.input.parse(input)),
    run: async (input, context) => step.run(step.input.parse(input), context),
    verify: async (input, data, context) => step.verify(step.input.parse(input), step.data.parse(data), context),
    dataByHand: (nowMs, isRefused) => step.dataByHand(nowMs, isRefused),
    backByHand: (input) => {
      const parsed = step.input.parse(input);
      if ("undoByHand" in step) return step.undoByHand(parsed);
      return "happenedByHand" in step ? [step.happenedByHand(parsed)] : [];
    },
    undo: async (input, context) => {
      if (typeof undo !== "function") return { says: "nothing to undo", requestIds: [] };
      return undo(step.input.parse(input), context);
    },
    happened: async (input, context) =>
      typeof undo === "object" ? undo.irreversible(step.input.parse(input), context) : "no",
  };
}
