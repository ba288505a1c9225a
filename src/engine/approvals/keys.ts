import { sayDuration, sayTime } from "../../domain/duration.ts";
import { messageOf, TransientError, UserError } from "../../domain/errors.ts";
import type { PersonId } from "../../domain/people/person.ts";
import { acceptedIn, judgeKey, type KeyAnswer, type KeyTurn } from "../../domain/plan-run/key.ts";
import { planDigest } from "../../domain/plan-run/plan.ts";
import type { RunKey, RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Proof, StillMay, Who } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AppendAnswer, Ledger, Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { eventOf } from "../runs/journal.ts";
import { confirmed } from "./proof.ts";

/**
 * Two keys. Invariants:
 *  K1 who may turn is asked fresh at the click, and any doubt is a no (fail closed)
 *  K2 the rules of `domain/plan-run/key` judge the journal as it stands, and the key is written only if it still stands so
 *  K4 before the last key starts anything, who holds the others is asked about once more: people who may not sign any more lose
 *     theirs; where nobody answers, what was said at their click counts, and its age is told (G1, G15)
 *  K5 a key stands in the ledger before it counts
 *  K3 the last key, the claim on the service and the start are one atomic step: keys are consumed once
 */
export interface KeyDeps {
  readonly inventory: () => Inventory;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wake: Wake;
  /** Asks the vendor of their accounts, for `ASK_HOLDERS_MS` at most. */
  readonly stillMay: (person: PersonId) => Promise<StillMay>;
}

export interface KeyTurned {
  readonly answer: KeyAnswer;
  readonly run: RunState;
  readonly started: boolean;
  /** Whose keys were found to count no more, as sentences. */
  readonly lapsed: readonly string[];
}

/** A key as somebody turns it: who they are, and what they read and agreed to. */
export interface Turning extends Pick<KeyTurn, "digest" | "accepted"> {
  readonly who: Who;
}

const UNPROVABLE =
  "A key can only be turned in Slack: this door cannot prove who is asking. Press “Review and turn my key” on the plan card.";

export async function turnKey(runId: string, { who, digest, accepted }: Turning, deps: KeyDeps): Promise<KeyTurned> {
  const inventory = deps.inventory();
  const { person, proof } = await confirmed(who, UNPROVABLE);
  let noted = false;
  let unsure: readonly string[] | undefined;
  let lapsed: readonly string[] = [];
  for (;;) {
    const run = await deps.runs.read(runId);
    if (!run) throw new UserError("plan-unknown", "This plan is not in the store any more. Ask for a new one.");
    const { restOf } = run.plan;
    const continued = restOf && (await deps.runs.read(restOf.run));
    const turn = { person, digest, accepted, nowMs: deps.clock.now(), ...(continued ? { continued } : {}) };
    const answer = judgeKey(run, turn, inventory);
    if (answer.kind === "refused") {
      if (noted) await noteKey(run, { person, proof, atMs: turn.nowMs, kind: "key-void", says: answer.why }, deps);
      return { answer, run, started: false, lapsed };
    }
    if (answer.complete && unsure === undefined) {
      const asked = await askHolders(run, deps);
      const dropped = asked.flatMap(lapsedOf);
      if (dropped.length > 0) {
        if (await dropKeys(run, dropped, deps)) lapsed = dropped.map(sayLapsed);
        continue;
      }
      unsure = asked.flatMap(({ key, may }) => (may.kind === "unknown" ? [sayUnsure(key, may.why, deps)] : []));
    }
    if (!noted) await noteBeforeItCounts(run, { person, proof, atMs: turn.nowMs }, { accepted, deps });
    noted = true;
    const written = await writeKey(run, { ...turn, answer, proof, unsure: unsure ?? [] }, deps);
    if (written.kind === "conflict") continue;
    if (written.kind !== "appended") {
      const why = whyNotStarted(run, written, deps);
      await noteKey(run, { person, proof, atMs: turn.nowMs, kind: "key-void", says: why.message }, deps);
      throw why;
    }
    if (answer.complete) await Promise.all([runId, ...(restOf ? [restOf.run] : [])].map((id) => deps.wake.run(id)));
    return { answer, run: written.run, started: answer.complete, lapsed };
  }
}

function whyNotStarted(
  { plan }: RunState,
  written: Extract<AppendAnswer, { kind: "claimed-by" | "cooling-down" }>,
  { clock }: KeyDeps,
): UserError {
  if (written.kind === "claimed-by")
    return new UserError(
      "service-claimed",
      `Your key was not turned: another run (${written.run}) holds ${plan.service}. Two runs of one service cannot go on at once.`,
    );
  return new UserError(
    "service-cooling-down",
    `Your key was not turned: ${plan.service} was moved a short while ago. The next run may start at ${sayTime(written.untilMs, clock.now())} (cool_down in twokey.yaml).`,
  );
}

/** Machine time for the question about everybody who holds a key: the people who wait for a start wait for this as well. */
const ASK_HOLDERS_MS = 2_000;

interface Holder {
  readonly key: RunKey;
  readonly may: StillMay;
}

function askHolders(run: RunState, { stillMay }: KeyDeps): Promise<Holder[]> {
  return Promise.all(
    run.keys.map(async (key): Promise<Holder> => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<StillMay>((resolve) => {
        timer = setTimeout(() => resolve({ kind: "unknown", why: "there was no answer" }), ASK_HOLDERS_MS);
      });
      const asked = stillMay(key.by).catch((error: unknown): StillMay => ({ kind: "unknown", why: messageOf(error) }));
      const may = await Promise.race([asked, late]);
      clearTimeout(timer);
      return { key, may };
    }),
  );
}

interface Lapsed {
  readonly by: PersonId;
  readonly why: string;
}

const lapsedOf = ({ key: { by }, may }: Holder): Lapsed[] => (may.kind === "no" ? [{ by, why: may.why }] : []);
const sayLapsed = ({ by, why }: Lapsed): string => `The key of ${by} does not count any more: ${why}`;

/** K4. False: the journal has grown meanwhile, and the keys are judged as they stand now. */
async function dropKeys(run: RunState, lapsed: readonly Lapsed[], deps: KeyDeps): Promise<boolean> {
  const atMs = deps.clock.now();
  const both = lapsed.map((each) => {
    const entry: RunEntry = { kind: "key-lapsed", atMs, ...each };
    return { entry, event: eventOf(run, entry, { says: sayLapsed(each) }) };
  });
  const change = { entries: both.map(({ entry }) => entry), events: both.map(({ event }) => event) };
  return (await deps.runs.append(run, change)).kind === "appended";
}

const sayUnsure = ({ by, atMs }: RunKey, why: string, { clock }: KeyDeps): string =>
  `whether ${by} may still turn keys is not known (${why}); ${sayDuration(clock.now() - atMs)} ago they could`;

interface JudgedTurn extends Pick<KeyTurn, "person" | "accepted" | "nowMs" | "continued"> {
  readonly answer: Extract<KeyAnswer, { kind: "turned" }>;
  readonly proof: Proof;
  /** Sentences about holders of whom nobody could say once more that they may sign. */
  readonly unsure: readonly string[];
}

function writeKey(run: RunState, { answer, ...turn }: JudgedTurn, deps: KeyDeps) {
  const atMs = turn.nowMs;
  const digest = planDigest(run.plan);
  const by = { by: answer.person.id, door: turn.proof.door };
  const key: RunEntry = { kind: "key-turned", atMs, ...by, digest, accepted: [...turn.accepted] };
  const started: RunEntry = { kind: "started", atMs, keys: [...run.keys.map((held) => held.by), answer.person.id] };
  const count = run.keys.length + 1;
  const events = [
    eventOf(run, key, { says: `${answer.person.name} turned key ${count} of ${run.plan.keysRequired}` }),
    ...(answer.complete
      ? [
          eventOf(run, started, {
            says: [`${run.plan.title}: the keys are complete, and it starts`, ...turn.unsure].join("; "),
          }),
        ]
      : []),
  ];
  const write = deps.runs.append(run, {
    entries: answer.complete ? [key, started] : [key],
    events,
    ...(answer.complete ? { claim: { action: "hold" as const, service: run.plan.service } } : {}),
    ...(answer.complete && turn.continued ? { continues: endOf(turn.continued, run, atMs) } : {}),
  });
  return write.catch(async (error: unknown) => {
    // Of a key of which nobody can say whether it counts, the ledger says that it was turned.
    if (error instanceof TransientError)
      await voided(run, { person: turn.person, proof: turn.proof, atMs }, { error, deps });
    throw error;
  });
}

/** K3 for a plan for the rest: the run before it ends, and hands the service on, in the step in which this one starts. */
function endOf(continued: RunState, run: RunState, atMs: number) {
  const entry: RunEntry = { kind: "superseded", atMs, plan: run.plan.id };
  const says = `${continued.plan.service}: the rest of ${continued.plan.id} goes on as ${run.plan.id}`;
  return { run: continued, entry, event: eventOf(continued, entry, { says }) };
}

interface Noted {
  readonly person: PersonId;
  readonly proof: Proof;
  readonly atMs: number;
}

/** K5. Throws UserError that says that the key does not count, where the ledger takes nothing. */
async function noteBeforeItCounts(
  run: RunState,
  noted: Noted,
  { accepted, deps }: { readonly accepted: readonly string[]; readonly deps: KeyDeps },
): Promise<void> {
  const agreed = acceptedIn(run.plan, { accepted }).map((words) => `“${words}”`);
  const turned = `${noted.person} turns key ${run.keys.length + 1} of ${run.plan.keysRequired} on ${run.digest}`;
  const says = [turned, ...(agreed.length > 0 ? [`agreed to in words: ${agreed.join(", ")}`] : [])].join("; ");
  await noteKey(run, { ...noted, kind: "key-turned", says }, deps).catch((cause: unknown) => {
    throw new UserError(
      "key-not-kept",
      `Your key does not count: it could not be written down (${messageOf(cause)}). Nothing was changed. Turn it again when that is mended.`,
      { cause },
    );
  });
}

/** Best effort: what the person reads does not depend on it. */
const voided = (run: RunState, noted: Noted, { error, deps }: { readonly error: unknown; readonly deps: KeyDeps }) =>
  noteKey(run, { ...noted, kind: "key-void", says: messageOf(error) }, deps).catch(() => undefined);

function noteKey(
  run: RunState,
  { person, proof, atMs, kind, says }: Noted & { readonly kind: "key-turned" | "key-void"; readonly says: string },
  deps: KeyDeps,
): Promise<void> {
  const { id, service } = run.plan;
  const { door, strength } = proof;
  return deps.ledger.append({ atMs, run: id, service, epoch: run.epoch, kind, by: person, door, strength, says });
}
