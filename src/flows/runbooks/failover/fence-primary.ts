import { z } from "zod";
import { TransientError } from "../../../domain/errors.ts";
import { FenceOutput, hasMore, Marker } from "../../../domain/plan-run/fence.ts";
import { isUnanswered, isUnreachable, type Known } from "../../../domain/service/observed.ts";
import {
  type Asked,
  type Hold,
  type LookContext,
  type Step,
  type StepContext,
  UNCAPTURED,
} from "../../../ports/step.ts";
import type { Closed, SessionsEnded } from "../../resources/fence.ts";
import { MINUTE, SECOND } from "../../steps/schemas.ts";
import { fencedByHand, reopenedByHand } from "./fence-by-hand.ts";
import { FenceInput, type FencePart } from "./fence-input.ts";
import { contextOf, isStore, leftOf, notFenced, type Part, partOf, seenInTime } from "./fence-part.ts";
import { proveFenced } from "./fence-proof.ts";
import { isAllSilent, mayStay, whatIsFenced } from "./fence-title.ts";

type Input = z.infer<typeof FenceInput>;

const Data = z.object({
  /** What gave no answer and was left as it is, by resource, each with why. */
  silent: z.record(z.string(), z.string()),
  /** Stores that are closed when what writes to them has ended. */
  later: z.array(z.string()).exactOptional(),
  /** What has become of the sessions of those that TwoKey signed in to, by resource. */
  sessions: z.record(z.string(), z.object({ isProven: z.boolean(), says: z.string() })).exactOptional(),
  /** Rows that were written when their stores were closed to everybody, by resource. */
  markers: z.record(z.string(), Marker).exactOptional(),
});
type Data = z.infer<typeof Data>;

type Context = Pick<LookContext, "cloud" | "signal">;

/** World time for the rest of a planned fence: its stores are closed and proven once the last task is gone. */
const AFTER_DRAIN_MS = 5 * MINUTE;

export const fencePrimary: Step<Input, Data, FenceOutput> = {
  name: "fence-primary",
  role: "protects",
  // Of each service itself, its tasks that run, those that stop, and what they are.
  callsALook: 4,
  input: FenceInput,
  data: Data,
  dataByHand: () => ({ silent: {} }),
  output: FenceOutput,
  title: (input) =>
    input.mode === "planned" ? `Stop the writers of ${input.region}` : `Fence ${input.region}${whatIsFenced(input)}`,
  times: (input) => ({
    // Tasks drain for their deregistration delay and their stop time-out, or an instance restarts meanwhile.
    expectedMs: isAllSilent(input) ? 5 * SECOND : 75 * SECOND,
    // An unplanned move asks people after that: users wait meanwhile.
    deadlineMs: Math.max(15 * MINUTE, (input.drainsMs ?? 0) + AFTER_DRAIN_MS),
  }),
  controlPlane: ({ region }) => region,
  byHand: fencedByHand,
  silent: (input) => (isAllSilent(input) ? input.region : undefined),
  permissions: ({ parts, captured }) =>
    parts.flatMap((part) => {
      const { resource, fence, things, roles } = partOf(part);
      const before = captured?.[resource];
      return fence
        .permissions(things, before && fence.captured.parse(before))
        .map((permission) => ({ ...permission, ...(roles && { roles }) }));
    }),

  async run(input, context) {
    const parts = partsOf(input).map(partOf);
    const seen = await Promise.all(parts.map(async (part) => ({ part, now: await see(part, input, context) })));
    const stores = seen.filter(({ part }) => isStore(part));
    const refused = stores.find(({ part, now }) => !now.known && !isGivenUpOn(part, now, input));
    if (refused && !refused.now.known)
      throw notFenced(input, `${refused.part.resource} could not be read: ${refused.now.why}`);
    const areStoresSilent = stores.length > 0 && stores.every(({ now }) => !now.known);
    // Nobody accepted that: the run stops, and nothing is taken away before people have looked.
    if (areStoresSilent && !stores.every(({ part }) => mayStay(part, input)))
      return { requestIds: [], data: { silent: whyOf(stores) } };
    // What works there is never taken away unseen. The promotion does not wait for it where no store answers: the watch comes back.
    const isLeft = ({ part, now }: Standing) =>
      (isStore(part) && !now.known) ||
      (areStoresSilent && isUnreachable(now)) ||
      (isUnanswered(now) && mayStay(part, input)) ||
      (isUncaptured(part, now, input) && (areStoresSilent || isUnreachable(now)));
    const isGivenUp = ({ part }: Standing) => isStore(part) || areStoresSilent || mayStay(part, input);
    const left = seen.filter(isLeft);
    const silent = whyOf(left.filter(isGivenUp));
    const answering = seen.filter((each) => !left.includes(each));
    if (answering.some(({ part, now }) => isUncaptured(part, now, input)))
      throw new TransientError(UNCAPTURED, `what stands in ${input.region} now is not written down yet`);
    const opened = answering.filter((each) => isReopened(each, input)).map(({ part }) => part.resource);
    if (opened.length > 0)
      throw new TransientError(UNCAPTURED, `${opened.join(", ")} was opened since it was closed`, {
        facts: { opened: opened.join("\n") },
      });
    const isCalm = input.mode === "planned" && Object.keys(silent).length === 0;
    const closing = { ...context, ended: input.ended };
    if (isCalm) return closeInOrder(answering, closing);
    const closed = await closeAll(answering, closing);
    return { requestIds: closed.requestIds, data: { silent, ...seenAt(closed) } };
  },

  verify: proveFenced,

  undoByHand: reopenedByHand,

  async undo({ region, parts, captured }, context) {
    if (!captured) return { says: `${region} was not touched: it did not answer`, requestIds: [] };
    const requestIds: string[] = [];
    const says: string[] = [];
    const failures: unknown[] = [];
    for (const part of parts.map(partOf).toReversed()) {
      const { resource, fence, things } = part;
      if (!(resource in captured)) {
        says.push(`${resource} left as it is, for nobody could see how it stood`);
        continue;
      }
      const before = fence.captured.parse(captured[resource]);
      try {
        requestIds.push(...(await fence.reopen(things, before, contextOf(part, context))));
        await fence.letGo?.(things, contextOf(part, context));
        says.push(fence.says(before));
      } catch (error) {
        context.signal.throwIfAborted();
        failures.push(error);
      }
    }
    // What can be given back is given back, whatever else cannot.
    if (failures.length > 0) throw failures[0];
    return { says: `${says.join(", ")}, as before`, requestIds };
  },
};

interface Standing {
  readonly part: Part;
  readonly now: Known<object>;
}

interface AllClosed {
  readonly requestIds: readonly string[];
  readonly sessions: Readonly<Record<string, SessionsEnded>>;
  readonly markers: Readonly<Record<string, Marker>>;
}

/** `marks`: as of `Fence.close`. `ended`: as of the input. */
type Closing = StepContext & { readonly marks?: Hold; readonly ended: Input["ended"] };

/**
 * All at once: what keeps the data is closed also where what works refuses or gives no answer, and waits for no time-out of it.
 * TwoKey signs in to each store before the first one is closed, since they may share a security group.
 */
async function closeAll(standing: readonly Standing[], context: Closing): Promise<AllClosed> {
  // Who cannot sign in closes all the same, and says later what that leaves unproven.
  const signedIn = Promise.allSettled(
    standing.map(async ({ part, now }) => {
      if (endedBefore(part, now, context) === undefined)
        await part.fence.signIn?.(part.things, contextOf(part, context));
    }),
  );
  const closings = standing.map(async (each) => {
    if (isStore(each.part)) await signedIn;
    return [each.part.resource, await closeOne(each, context)] as const;
  });
  const settled = await Promise.allSettled(closings);
  context.signal.throwIfAborted();
  const failed = settled.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  const closed = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  return {
    requestIds: closed.flatMap(([, { requestIds }]) => requestIds),
    sessions: Object.fromEntries(closed.flatMap(([id, { sessions }]) => (sessions ? [[id, sessions]] : []))),
    markers: Object.fromEntries(closed.flatMap(([id, { marker }]) => (marker ? [[id, marker]] : []))),
  };
}

async function closeOne({ part, now }: Standing, context: Closing): Promise<Closed> {
  const ended = endedBefore(part, now, context);
  if (ended !== undefined) return { requestIds: [], sessions: { isProven: true, says: ended } };
  const { marks } = context;
  return part.fence.close(part.things, now, { ...contextOf(part, context), ...(marks && { marks }) });
}

/** Where nobody came in since its sessions ended nothing is left to be closed, and TwoKey cannot sign in to look again. */
function endedBefore(part: Part, now: Known<object>, { ended }: Closing): string | undefined {
  return isShut({ part, now }) ? ended?.[part.resource] : undefined;
}

const isShut = ({ part: { fence }, now }: Standing): boolean =>
  now.known && fence.isClosed(fence.captured.parse(now.value));

const seenAt = ({ sessions, markers }: AllClosed): Pick<Data, "sessions" | "markers"> => ({
  ...(Object.keys(sessions).length > 0 && { sessions: { ...sessions } }),
  ...(Object.keys(markers).length > 0 && { markers: { ...markers } }),
});

/** Nobody is in a hurry: what still works off its last requests may write until it has ended, and fails none of them. */
async function closeInOrder(standing: readonly Standing[], context: Closing): Promise<Asked<Data>> {
  const stores = standing.filter(({ part }) => isStore(part));
  const writers = standing.filter(({ part }) => !isStore(part));
  const { hold: marks } = context;
  // What can fail before anything is stopped costs users nothing.
  if (!writers.some(isShut)) await signInFirst(stores, { ...context, marks });
  const { requestIds } = await closeAll(writers, context);
  const left = await Promise.all(writers.map(({ part }) => leftOf(part, context)));
  if (left.some((now) => !now.known || now.value !== undefined))
    return { requestIds, data: { silent: {}, later: stores.map(({ part }) => part.resource) } };
  const closed = await closeAll(stores, { ...context, marks });
  return { requestIds: [...requestIds, ...closed.requestIds], data: { silent: {}, ...seenAt(closed) } };
}

async function signInFirst(stores: readonly Standing[], context: Closing & { readonly marks: Hold }): Promise<void> {
  const open = stores.filter((each) => !isShut(each));
  await Promise.all(
    open.map(({ part }) => part.fence.signIn?.(part.things, { ...contextOf(part, context), marks: context.marks })),
  );
}

/** Silence may be waited out or accepted; what people did not accept and AWS says in any other way is a failure. */
const isGivenUpOn = (part: Part, now: Known<object>, input: Input): boolean =>
  isUnreachable(now) || (isUnanswered(now) && mayStay(part, input));

const whyOf = (all: readonly Standing[]): Data["silent"] =>
  Object.fromEntries(
    all.map(({ part, now }) => [part.resource, now.known ? "what stands there is not written down yet" : now.why]),
  );

const partsOf = ({ parts, leaveAlone = [] }: Input): readonly FencePart[] =>
  parts.filter(({ resource }) => !leaveAlone.includes(resource));

/** What is known of its sessions counts no more, which has to be written down before it is closed again. */
function isReopened(each: Standing, { mustCapture, ended }: Input): boolean {
  const isKnown = mustCapture === true && ended?.[each.part.resource] !== undefined;
  return isKnown && each.now.known && !isShut(each);
}

/** Something of it has to be written down before it is touched, and is not yet, such as a security group or a rule that it has since. */
function isUncaptured({ resource }: Pick<FencePart, "resource">, now: Known<object>, input: Input): boolean {
  const { mustCapture, captured } = input;
  const before = captured?.[resource];
  if (!mustCapture || !before) return mustCapture === true;
  return now.known && hasMore({ ...now.value }, before);
}

/** Machine time for what was silent when that was accepted: users wait for the promotion, and the watch fences it on its return. */
const ACCEPTED_SILENCE_MS = 2_000;

const see = (part: Part, input: Input, context: Context): Promise<Known<object>> =>
  seenInTime(part, context, mayStay(part, input) ? ACCEPTED_SILENCE_MS : undefined);
