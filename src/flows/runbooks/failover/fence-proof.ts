import type { z } from "zod";
import type { FenceOutput, FenceProof } from "../../../domain/plan-run/fence.ts";
import type { Known } from "../../../domain/service/observed.ts";
import type { LookContext, Verdict } from "../../../ports/step.ts";
import type { SessionsEnded } from "../../resources/fence.ts";
import type { FenceInput } from "./fence-input.ts";
import { isStore, leftOf, lookOf, notFenced, type Part, partOf } from "./fence-part.ts";
import { sessionsLeft } from "./sessions-left.ts";
import { howEnded, type Try, triesOf } from "./write-tries.ts";

type Input = z.infer<typeof FenceInput>;
type Context = Pick<LookContext, "cloud" | "signal" | "hold">;

/**
 * `silent`: what gave no answer and was left as it is, each with why. `later`: those that are closed when the writers have ended.
 * `sessions`: what has become of those that were open.
 */
interface Begun {
  readonly silent: Readonly<Record<string, string>>;
  readonly later?: readonly string[];
  readonly sessions?: Readonly<Record<string, SessionsEnded>>;
  readonly markers?: FenceOutput["markers"];
}

/**
 * Proves that the old side writes no more: what was closed is seen closed, what was stopped has ended, a write over a new
 * session fails, and, where the fence ends sessions, one over an earlier one fails too.
 */
export async function proveFenced(
  input: Input,
  { silent, later = [], sessions = {}, markers }: Begun,
  context: Context,
): Promise<Verdict<FenceOutput>> {
  const parts = input.parts.map(partOf);
  const stores = parts.filter(isStore);
  const waits = later.length > 0 ? await waitsFor(parts, input, { ...context, later }) : undefined;
  if (waits) return waits;
  const side = { input, stores, silent, sessions };
  const restarted: string[] = [];
  const found = await Promise.all([
    ...stores.map(async (part) => {
      const { resource } = part;
      const verdict = await proofOf(part, input, { ...context, why: silent[resource], sessions: sessions[resource] });
      const isFenced = verdict.done && verdict.output.fence === "fenced";
      if (isFenced && howEnded(part) === "at-once") restarted.push(resource);
      return stores.length === 1 ? verdict : { ...verdict, says: `${resource}: ${verdict.says}` };
    }),
    ...parts.filter((part) => isAsked(part, side)).map((part) => closed(part, input, context)),
    ...parts.filter((part) => isAwaited(part, side)).map((part) => ended(part, input, context)),
    ...parts.filter((part) => !isStore(part) && part.resource in silent).map((part) => leftOpen(part, side)),
  ]);
  const missing = missingOf(found, input);
  if (missing) return missing;
  const verdicts = found.flatMap((each) => (each.done ? [each] : []));
  const left = Object.keys(silent);
  for (const part of parts) await part.fence.letGo?.(part.things, lookOf(part, context));
  return {
    done: true,
    says: verdicts.flatMap(({ says }) => (says === "" ? [] : [says])).join("; "),
    output: {
      ...{ fence: weakest(verdicts), ...(markers && { markers }), ...provenOf(sessions, restarted) },
      ...(left.length > 0 && { silent: left }),
    },
  };
}

/** What nobody may look at. It passes by no waiting, so that people are asked, but hides nothing that was seen. */
interface Denied {
  readonly done: false;
  readonly says: string;
  readonly isDenied: true;
}

type Found = Verdict<FenceOutput> | Denied;
const isDenied = (found: Found): found is Denied => "isDenied" in found;

/**
 * What was seen open comes first; then what nobody may see; then what ends by itself, since while an instance restarts its write
 * check is silent too.
 */
function missingOf(found: readonly Found[], input: Input): Extract<Verdict, { done: false }> | undefined {
  const missing = found.flatMap((each) => (each.done || isDenied(each) ? [] : [each]));
  const refuted = missing.filter(({ refutes }) => refutes);
  const denied = found.find(isDenied);
  if (denied && refuted.length === 0) throw notFenced(input, denied.says);
  const [first = missing.find(({ isUnderWay }) => isUnderWay) ?? missing[0]] = refuted;
  const refutes = [...new Set(refuted.flatMap((verdict) => verdict.refutes ?? []))];
  const letsIn = refuted.some((verdict) => verdict.letsIn);
  return first && { ...first, ...(refutes.length > 0 && { refutes }), ...(letsIn && { letsIn }) };
}

function provenOf(sessions: Side["sessions"], restarted: readonly string[]): Pick<FenceOutput, "ended"> {
  const proven = [
    ...restarted.map((resource) => [resource, "every session ended with a restart"] as const),
    ...Object.entries(sessions).flatMap(([resource, { isProven, says }]) =>
      isProven ? [[resource, says] as const] : [],
    ),
  ];
  return proven.length === 0 ? {} : { ended: Object.fromEntries(proven) };
}

/** What is still missing before the stores are closed, and that they can be; undefined once they are. */
async function waitsFor(
  parts: readonly Part[],
  input: Input,
  { later, ...context }: Context & { readonly later: readonly string[] },
): Promise<Verdict<FenceOutput> | undefined> {
  const writers = parts.filter((part) => !isStore(part));
  const stopped = await Promise.all(
    writers.flatMap((part) => [closed(part, input, context), ended(part, input, context)]),
  );
  const writing = missingOf(stopped, input);
  if (writing) return writing;
  const stores = parts.filter(({ resource }) => later.includes(resource));
  const open = missingOf(await Promise.all(stores.map((part) => closed(part, input, context))), input);
  if (!open?.refutes) return open;
  return {
    ...open,
    says: `the writers have ended: ${stores.map(({ resource }) => resource).join(", ")} is closed now`,
    nextPart: true,
  };
}

interface Side {
  readonly input: Input;
  readonly stores: readonly Part[];
  readonly silent: Readonly<Record<string, string>>;
  readonly sessions: Readonly<Record<string, SessionsEnded>>;
}

/** What gave no answer when it was to be closed is not asked again here. */
const isAsked = (part: Part, { input: { leaveAlone = [] }, silent }: Side): boolean =>
  !leaveAlone.includes(part.resource) && !(part.resource in silent);

/** What works there and gave no answer goes on: closed stores may refuse it, but nobody has seen it end. */
function leftOpen({ resource }: Part, { stores, silent }: Side): Verdict<FenceOutput> {
  const isAllSilent = stores.every((store) => store.resource in silent);
  const says = isAllSilent ? "" : `${resource} was not stopped (${silent[resource]}); accepted by the key holders`;
  return { done: true, says, output: { fence: "not-proven" } };
}

/** A write may fail for a reason of its own: it proves nothing of a side that stands open. */
async function closed(part: Part, input: Input, context: Context): Promise<Found> {
  const now = await part.fence.see(part.things, lookOf(part, context));
  if (now.known && part.fence.isClosed(part.fence.captured.parse(now.value)))
    return { done: true, says: "", output: { fence: "fenced" } };
  if (now.known) return { done: false, says: `${part.resource} stands open`, refutes: [part.resource], letsIn: true };
  return unseen(part, input, { what: "whether it is closed", ...now });
}

/** What keeps no data is waited for only where something else ends the sessions that it holds. */
function isAwaited(part: Part, side: Side): boolean {
  if (!part.fence.left || !isAsked(part, side)) return false;
  return (
    isStore(part) ||
    !side.stores.every((store) => howEnded(store) === "at-once" || side.sessions[store.resource]?.isProven)
  );
}

async function ended(part: Part, input: Input, context: Context): Promise<Found> {
  const left = await leftOf(part, context);
  if (left.known && left.value === undefined) return { done: true, says: "", output: { fence: "fenced" } };
  if (left.known) return { done: false, says: `not over yet: ${left.value}`, isUnderWay: true };
  return unseen(part, input, { what: "what is left of it", ...left });
}

type Unseen = Extract<Known<unknown>, { known: false }> & { readonly what: string };

function unseen({ resource }: Part, input: Input, { what, cause, why }: Unseen): Found {
  if (cause === "denied") return { done: false, says: `${resource}: nobody can see ${what}: ${why}`, isDenied: true };
  if (!input.unseenAccepted.includes(resource))
    return { done: false, says: `${resource}: ${what} cannot be seen (${why})` };
  const says = `${resource}: ${what} cannot be seen (${why}); accepted by the key holders`;
  return { done: true, says, output: { fence: "not-proven" } };
}

interface Store {
  /** The store gave no answer when it was to be closed. */
  readonly why: string | undefined;
  readonly sessions: SessionsEnded | undefined;
}

async function proofOf(
  part: Part,
  input: Input,
  { why, sessions, ...context }: Context & Store,
): Promise<Verdict<FenceOutput>> {
  const { region, unseenAccepted } = input;
  if (why !== undefined) {
    if (!unseenAccepted.includes(part.resource))
      throw notFenced(input, `${part.resource} there does not answer, and nobody accepted that it stays unfenced`);
    const says = `cannot know whether ${region} still writes: it does not answer (accepted by the key holders)`;
    return { done: true, says, output: { fence: "cannot-know" } };
  }
  const isLeftOpen = howEnded(part) === "over-connection" && !sessions?.isProven;
  if (isLeftOpen && !input.byHand)
    throw sessionsLeft(part, { region, run: context.hold.run, why: sessions?.says ?? "nobody has ended them" });
  const tries = await triesOf(part, context);
  const open = openIn(tries, part, input);
  if (open) return open;
  const said = tries.flatMap(({ session, write }) =>
    write.kind === "refused" ? [`${session} (${write.reason})`] : [],
  );
  const fails = `a write on the old database fails over ${said.join(", and over ")}`;
  if (isLeftOpen) {
    const others = "that no other session is open, two people said";
    return { done: true, says: `closed: ${fails}; ${others}`, output: { fence: "closed" } };
  }
  return { done: true, says: `fenced: ${fails}${sessionsOf(part, sessions)}`, output: { fence: "fenced" } };
}

/** Where nothing ends those that were open, also of tasks of the new side, who reads “fenced” reads that too. */
const sessionsOf = (part: Part, sessions: SessionsEnded | undefined): string =>
  sessions?.isProven ? `; ${sessions.says}` : howEnded(part) ? "" : "; sessions that were open before may still write";

/** A write that succeeded, or one that gave no answer; undefined: each was refused. */
function openIn(
  tries: readonly Try[],
  { resource }: Part,
  { unprovenAccepted }: Input,
): Verdict<FenceOutput> | undefined {
  const written = tries.find(({ write }) => write.kind === "written");
  if (written)
    return {
      ...{ done: false, says: `the old database still takes writes over ${written.session}` },
      refutes: [resource],
      ...(written.isNew && { letsIn: true }),
    };
  const unknown = tries.find(({ write }) => write.kind === "unknown");
  if (unknown?.write.kind !== "unknown") return undefined;
  const { why: because } = unknown.write;
  if (!unprovenAccepted.includes(resource))
    return { done: false, says: `the write check on the old side gives no answer (${because})` };
  const says = `closed, but no failing write proves it (${because}); accepted by the key holders`;
  return { done: true, says, output: { fence: "not-proven" } };
}

type Proven = Extract<Verdict<FenceOutput>, { done: true }>;

/** The weakest proof of all stores is what is known of the side. */
const WEAKEST_FIRST: readonly FenceProof[] = ["cannot-know", "not-proven", "closed", "fenced"];

function weakest(verdicts: readonly Proven[]): FenceProof {
  const proofs = verdicts.map(({ output }) => output.fence);
  return WEAKEST_FIRST.find((proof) => proofs.includes(proof)) ?? "cannot-know";
}
