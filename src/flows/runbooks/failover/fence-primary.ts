import { z } from "zod";
import { StepFailed, TransientError } from "../../../domain/errors.ts";
import { FenceOutput, type FenceProof } from "../../../domain/plan-run/fence.ts";
import { isUnreachable, type Known } from "../../../domain/service/observed.ts";
import { enteredBy } from "../../../ports/elsewhere.ts";
import { type Step, type StepContext, UNCAPTURED, type Verdict } from "../../../ports/step.ts";
import type { Fence } from "../../resources/fence.ts";
import { KINDS, kindNamed } from "../../resources/index.ts";
import { MINUTE, SECOND } from "../../steps/schemas.ts";
import { FenceInput, type FencePart } from "./fence-input.ts";

type Input = z.infer<typeof FenceInput>;

/** Stores that gave no answer, by resource, each with why. */
const Data = z.object({ silent: z.record(z.string(), z.string()) });
type Data = z.infer<typeof Data>;

type Context = Pick<StepContext, "cloud" | "signal">;

export const fencePrimary: Step<Input, Data, FenceOutput> = {
  name: "fence-primary",
  role: "protects",
  input: FenceInput,
  data: Data,
  output: FenceOutput,
  title: ({ region, mode, parts }) =>
    mode === "planned" ? `Stop the writers of ${region}` : `Fence ${region}: ${whatIsClosed(parts)}`,
  times: () => ({ expectedMs: 5 * SECOND, deadlineMs: 3 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: ({ parts }) => parts.flatMap((part) => partOf(part).fence.byHand(partOf(part).things)),
  permissions: [...new Set(KINDS.flatMap(({ fence }) => fence?.permissions ?? []))],

  async run(input, context) {
    const parts = partsOf(input).map(partOf);
    const seen = await Promise.all(parts.map(async (part) => ({ part, now: await see(part, input, context) })));
    const stores = seen.filter(({ part }) => isStore(part));
    const refused = stores.find(({ now }) => !now.known && now.cause !== "unreachable");
    if (refused && !refused.now.known)
      throw notFenced(input, `${refused.part.resource} could not be read: ${refused.now.why}`);
    const silent = Object.fromEntries(
      stores.flatMap(({ part, now }) => (now.known ? [] : [[part.resource, now.why] as const])),
    );
    const isAllSilent = stores.length > 0 && Object.keys(silent).length === stores.length;
    // Nobody accepted that: the run stops, and nothing is taken away before people have looked.
    if (isAllSilent && !input.unfencedAccepted) return { requestIds: [], data: { silent } };
    // What works there is never taken away unseen. The promotion does not wait for it where no store answers: the watch comes back.
    const isLeft = (part: Part, now: Known<object>) =>
      part.resource in silent ||
      (isAllSilent && isUnreachable(now)) ||
      (isUncaptured(part, input) && (isAllSilent || isUnreachable(now)));
    const answering = seen.filter(({ part, now }) => !isLeft(part, now));
    if (answering.some(({ part }) => isUncaptured(part, input)))
      throw new TransientError(
        UNCAPTURED,
        `${input.region} answers again, and what stands there is not written down yet`,
      );
    const requestIds: string[] = [];
    for (const { part, now } of answering) {
      requestIds.push(...(await part.fence.close(part.things, now, contextOf(part, context))));
    }
    return { requestIds, data: { silent } };
  },

  async verify(input, { silent }, context) {
    const stores = input.parts.filter(isStore);
    const verdicts = await Promise.all(
      stores.map(async (part) => ({
        part,
        verdict: await proofOf(part, input, { ...context, why: silent[part.resource] }),
      })),
    );
    const says = ({ part, verdict }: (typeof verdicts)[number]) =>
      stores.length === 1 ? verdict.says : `${part.resource}: ${verdict.says}`;
    const open = verdicts.find(({ verdict }) => !verdict.done);
    if (open) return { done: false, says: says(open) };
    return {
      done: true,
      says: verdicts.map(says).join("; "),
      output: { fence: weakest(verdicts.map(({ verdict }) => verdict)) },
    };
  },

  async undo({ region, parts, captured }, context) {
    if (!captured) return { says: `${region} was not touched: it did not answer`, requestIds: [] };
    const requestIds: string[] = [];
    const says: string[] = [];
    for (const part of parts.map(partOf).toReversed()) {
      const { resource, fence, things } = part;
      if (!(resource in captured)) {
        says.push(`${resource} left as it is, for nobody could see how it stood`);
        continue;
      }
      const before = fence.captured.parse(captured[resource]);
      requestIds.push(...(await fence.reopen(things, before, contextOf(part, context))));
      says.push(fence.says(before));
    }
    return { says: `${says.join(", ")}, as before`, requestIds };
  },
};

interface Part extends Omit<FencePart, "things"> {
  readonly fence: Fence<never, never, object, object>;
  readonly things: object;
}

/** Throws TypeError for a kind that cannot be fenced: no plan has one. */
export function partOf(part: FencePart): Part {
  const { fence } = kindNamed(part.role, part.kind);
  if (!fence) throw new TypeError(`The kind ${part.kind} has nothing that can be fenced`);
  return { ...part, fence, things: fence.things.parse(part.things) };
}

const partsOf = ({ parts, leaveAlone = [] }: Input): readonly FencePart[] =>
  parts.filter(({ resource }) => !leaveAlone.includes(resource));

/** Has to be written down before it is touched, and is not yet. */
const isUncaptured = ({ resource }: Pick<FencePart, "resource">, { mustCapture, captured }: Input): boolean =>
  mustCapture === true && captured?.[resource] === undefined;

const isStore = ({ writeCheck }: Pick<FencePart, "writeCheck">): boolean => writeCheck !== undefined;

const WORK = {
  stores: ["close its", "database"],
  compute: ["stop its", "service"],
  entrances: ["close its", "entrance"],
} as const;

/** "stop its service, close its database", in the order of the parts. */
function whatIsClosed(parts: readonly FencePart[]): string {
  return [...new Set(parts.map(({ role }) => role))]
    .map((role) => {
      const [verb, noun] = WORK[role];
      return `${verb} ${noun}${parts.filter((part) => part.role === role).length > 1 ? "s" : ""}`;
    })
    .join(", ");
}

/** Machine time for a region whose silence was accepted: users wait for the promotion, and the watch fences it on its return. */
const ACCEPTED_SILENCE_MS = 2_000;

interface Entered {
  readonly roles?: FencePart["roles"] | undefined;
}

/** As it is entered. */
export const contextOf = ({ roles }: Entered, { cloud, signal }: Context): Context => ({
  ...{ cloud: enteredBy(roles, cloud), signal },
});

async function see(part: Part, input: Input, context: Context): Promise<Known<object>> {
  const { fence, things } = part;
  const { cloud, signal } = contextOf(part, context);
  if (!input.unfencedAccepted) return fence.see(things, { cloud, signal });
  const patience = AbortSignal.timeout(ACCEPTED_SILENCE_MS);
  const silent = {
    known: false,
    cause: "unreachable",
    why: `no answer for ${ACCEPTED_SILENCE_MS / 1_000} s`,
    atMs: cloud.clock.now(),
  } as const;
  try {
    const now = await fence.see(things, { cloud, signal: AbortSignal.any([signal, patience]) });
    return now.known || !patience.aborted ? now : silent;
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return silent;
  }
}

/** `why`: the store gave no answer when it was to be closed. */
async function proofOf(
  { resource, writeCheck = "" }: FencePart,
  input: Input,
  { cloud, signal, why }: Context & { readonly why: string | undefined },
): Promise<Verdict<FenceOutput>> {
  const { region, unfencedAccepted } = input;
  if (why !== undefined) {
    if (!unfencedAccepted)
      throw notFenced(input, `${resource} there does not answer, and nobody accepted that it stays unfenced`);
    const says = `cannot know whether ${region} still writes: it does not answer (accepted by the key holders)`;
    return { done: true, says, output: { fence: "cannot-know" } };
  }
  const write = await cloud.probe.writeCheck(writeCheck, signal);
  switch (write.kind) {
    case "refused": {
      const says = `fenced: a write on the old database fails (${write.reason})`;
      return { done: true, says, output: { fence: "fenced" } };
    }
    case "written":
      return { done: false, says: "the old database still takes writes" };
    case "unknown": {
      if (!unfencedAccepted)
        return { done: false, says: `the write check on the old side gives no answer (${write.why})` };
      const says = `closed, but no failing write proves it (${write.why}); accepted by the key holders`;
      return { done: true, says, output: { fence: "not-proven" } };
    }
  }
}

/** The weakest proof of all stores is what is known of the side. */
const WEAKEST_FIRST: readonly FenceProof[] = ["cannot-know", "not-proven", "fenced"];

function weakest(verdicts: readonly Verdict<FenceOutput>[]): FenceProof {
  const proofs = verdicts.map((verdict) => (verdict.done ? verdict.output.fence : "cannot-know"));
  return WEAKEST_FIRST.find((proof) => proofs.includes(proof)) ?? "cannot-know";
}

function notFenced(input: Input, why: string): StepFailed {
  // Without an acceptance people decide, even before the point of no return: going on might let both sides write.
  return new StepFailed("not-fenced", `${input.region} is not fenced: ${why}`, {
    facts: { mustAsk: true, region: input.region },
  });
}
