import { type Plan, stepOf } from "../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import type { FailoverWorld } from "./failover-world.ts";

/** One call that changes the world, as a run of a play makes it. */
export interface Call {
  /** The step that makes it, by its id in the plan. */
  readonly step: string;
  readonly operation: string;
  readonly region: string;
  /** Where the plan has the one thing that tells it from the run's other calls of that operation there; absent: it is the only one. */
  readonly about?: About;
  /** Asked again after a lost answer there may be nothing left to ask for. */
  readonly isFollowed?: true;
}

interface About {
  /** Within the step's input. */
  readonly path: readonly string[];
  readonly value: string;
}

/** What took effect, as the world's log has it. */
export interface Effect {
  readonly operation: string;
  readonly region: string;
  readonly requestId: string;
  readonly input: unknown;
}

/** Without changes of a mark alone: a run that finds its own beside planned records exchanges it, to hear when they are out. */
export const everyEffectIn = ({ whole }: FailoverWorld): Effect[] =>
  whole.world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => ({
      ...{ operation: String(facts["operation"]), region: String(facts["region"]) },
      ...{ requestId: String(facts["requestId"]), input: facts["input"] },
    }))
    .filter(({ input }) => !isOfMarkAlone(input));

function isOfMarkAlone(input: unknown): boolean {
  const types = [...JSON.stringify(input ?? {}).matchAll(/"ResourceRecordSet":\{[^}]*?"Type":"([A-Z]+)"/g)].map(
    ([, type]) => type,
  );
  return types.length > 0 && types.every((type) => type === "TXT");
}

/**
 * Where auto scaling is registered, the registration moves the count by itself: whether `UpdateService` still had anything to
 * ask for is a race, and it asks for the same. So it is not counted.
 */
export function effectsOf(at: FailoverWorld): Effect[] {
  const all = everyEffectIn(at);
  return all.filter((effect) => !isFollowed(effect, all));
}

function isFollowed({ operation, region, input }: Effect, all: readonly Effect[]): boolean {
  const { service } = Object(input);
  return (
    operation === "UpdateService" &&
    all.some(
      (other) =>
        other.operation === "RegisterScalableTarget" &&
        other.region === region &&
        String(Object(other.input).ResourceId).endsWith(`/${service}`),
    )
  );
}

/** Calls that are made in any case. Stopping asks for the count always, everything else only where it has not followed yet. */
export const madeAlways = (all: readonly Effect[]): Effect[] =>
  all.filter((effect) => !(isFollowed(effect, all) && Object(effect.input).desiredCount !== 0));

/** Every call of a run whose answers all arrived, in the order of their effects. `asked`: the request ids of each step. */
export function callsOf(at: FailoverWorld, { plan }: RunState, asked: ReadonlyMap<string, readonly string[]>): Call[] {
  const all = everyEffectIn(at);
  const effects = madeAlways(all);
  return effects.flatMap((effect) => {
    const { operation, region, requestId } = effect;
    const step = plan.steps.find(({ id }) => asked.get(id)?.includes(requestId));
    if (!step) return [];
    const others = effects.filter((other) => other !== effect && isAlike(other, effect));
    const about = others.length === 0 ? undefined : aboutOf(effect, others, step.input);
    const follows = isFollowed(effect, all) && ({ isFollowed: true } as const);
    return [{ step: step.id, operation, region, ...(about && { about }), ...follows }];
  });
}

const isAlike = (one: Omit<Call, "step">, other: Omit<Call, "step">): boolean =>
  one.operation === other.operation && one.region === other.region;

function aboutOf({ input }: Effect, others: readonly Effect[], planned: unknown): About | undefined {
  const own = new Set(textsIn(input).map(({ value }) => value));
  const theirs = new Set(others.flatMap((other) => textsIn(other.input).map(({ value }) => value)));
  return textsIn(planned).find(({ value }) => own.has(value) && !theirs.has(value));
}

function textsIn(input: unknown, path: readonly string[] = []): About[] {
  if (typeof input === "string") return [{ path, value: input }];
  if (typeof input !== "object" || input === null) return [];
  return Object.entries(input).flatMap(([key, value]) => textsIn(value, [...path, key]));
}

/** A parameter that tells this one from the others of its operation there; undefined where there are none. */
export function ownParameter(effect: Effect, all: readonly Effect[]): string | undefined {
  const others = all.filter((other) => other !== effect && isAlike(other, effect));
  const theirs = new Set(others.flatMap((other) => textsIn(other.input).map(({ value }) => value)));
  return others.length === 0 ? undefined : textsIn(effect.input).find(({ value }) => !theirs.has(value))?.value;
}

/** The misbehaviour of a call in a run of this plan; without `times` for good. */
export function fault(
  plan: Plan,
  { step, operation, region, about }: Call,
  { effect, times }: { readonly effect: FaultInput["effect"]; readonly times?: number | undefined },
): FaultInput {
  const parameter = about && valueAt(stepOf(plan, step).input, about.path);
  return {
    ...{ vendor: "aws", operation, region, effect },
    ...(parameter === undefined ? {} : { parameter }),
    ...(times === undefined ? {} : { times }),
  };
}

function valueAt(input: unknown, path: readonly string[]): string {
  const found = path.reduce((value, key) => Object(value)[key], input);
  if (typeof found !== "string") throw new Error(`there is no ${path.join(".")} in this plan`);
  return found;
}

/** In words; the thing only where the step makes several such calls. */
export function sayCall(call: Call, all: readonly Call[]): string {
  const isOne = all.filter((other) => other.step === call.step && isAlike(other, call)).length === 1;
  const about = isOne || !call.about ? "" : ` for ${call.about.value}`;
  return `${call.operation} of ${call.step} in ${call.region}${about}`;
}

const named = ({ operation, region }: Pick<Call, "operation" | "region">): string => `${operation} ${region}`;

/** As `operation region`, sorted. */
export const namesOf = (calls: readonly Pick<Call, "operation" | "region">[]): string[] =>
  calls.map(named).toSorted((one, other) => one.localeCompare(other));

/** Of the calls of a play those of the steps that this run has done. */
export const callsOfDone = (calls: readonly Call[], run: RunState): Call[] =>
  calls.filter(({ step, isFollowed: follows }) => !follows && stateOf(run, step).state === "done");
