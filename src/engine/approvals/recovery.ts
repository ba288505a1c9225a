import { type Addressee, type CardDue, wantCard } from "../../domain/card/card-due.ts";
import { UserError } from "../../domain/errors.ts";
import type { Event } from "../../domain/event.ts";
import { fenceOf } from "../../domain/plan-run/fence.ts";
import { judgeSignature, whoCanSign } from "../../domain/plan-run/key.ts";
import { type Recovery, recoveryDigest, signableRecovery, standingSignatures } from "../../domain/plan-run/recovery.ts";
import { isOver, type RunState } from "../../domain/plan-run/run.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Who } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Ended, LostStore, Recoveries } from "../../ports/lost-store.ts";
import type { Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { eventOf as runEventOf } from "../runs/journal.ts";
import { confirmed } from "./proof.ts";

/**
 * The way on after a lost store (G17). Invariants:
 *  R1 who may sign is judged by the rules and the fresh question that keys are judged by (K1, G2)
 *  R2 the last signature, the end of every run of before, and the store's counting again are one atomic step
 *  R3 a signature waits 15 minutes for the next one, as a vote does; then its person has to look and sign again
 *  R4 it counts for the marks that were testified and shown, and for no others: signed once, it cannot be used again
 */
export interface RecoveryDeps {
  readonly inventory: () => Inventory;
  readonly recoveries: Recoveries;
  readonly lostStore: LostStore;
  readonly runs: Runs;
  readonly cards: Documents<CardDue>;
  readonly clock: Clock;
  readonly wake: Wake;
}

export interface SignatureTurn {
  readonly who: Who;
  readonly digest: string;
}

const UNPROVABLE = "A lost store is signed for in Slack only: this door cannot prove who is asking.";

/**
 * Puts a recovery up for signatures, in place of one that waits; its signatures are void then. Resolves to all whose cards are to be
 * shown now: it stands whether or not they can be.
 */
export async function proposeRecovery(
  recovery: Recovery,
  says: string,
  deps: RecoveryDeps,
): Promise<readonly Recovery[]> {
  for (;;) {
    const { value: before, revision } = await deps.recoveries.read();
    const event = eventOf(recovery, { kind: "store.recovery-asked", by: recovery.requester, says });
    if (!(await deps.recoveries.write(revision, recovery, { events: [{ ...event, atMs: recovery.askedAtMs }] })))
      continue;
    return before ? [before, recovery] : [recovery];
  }
}

/**
 * Signs, and with the last signature lets the store count again. Throws UserError where the signature does not count. What it resolves to
 * counts; its cards are to be shown now.
 */
export async function signRecovery({ who, digest }: SignatureTurn, deps: RecoveryDeps): Promise<Recovery> {
  const { person: id, proof } = await confirmed(who, UNPROVABLE);
  for (;;) {
    const { value: current, revision } = await deps.recoveries.read();
    if (!current) throw new UserError("recovery-unknown", "Nothing waits to be signed. Ask with /dr accept-store.");
    const nowMs = deps.clock.now();
    const answer = judgeSignature(
      signableRecovery(current, nowMs),
      { person: id, digest, nowMs, accepted: [] },
      deps.inventory(),
    );
    if (answer.kind === "refused") throw new UserError(`key-${answer.code}`, answer.why);
    const together = await whatItEnds(current, nowMs, deps);
    const { person, complete } = answer;
    const signed: Recovery = {
      ...current,
      state: complete ? "accepted" : "waiting",
      signatures: [...standingSignatures(current, nowMs), { by: person.id, door: proof.door, atMs: nowMs }],
    };
    const count = `${signed.signatures.length} of ${signed.keysRequired}`;
    const events = [
      eventOf(signed, { kind: "store.recovery-signed", by: person.id, says: `${person.name} signed ${count}` }),
    ];
    if (complete)
      events.push(
        eventOf(signed, { kind: "store.accepted", says: acceptedWords(signed) }),
        ...together.ends.map(({ run, entry }) =>
          runEventOf(run, entry, { says: `Ended with the lost store (${signed.id})` }),
        ),
      );
    if (!(await deps.recoveries.write(revision, signed, { events, ...(complete && together) }))) continue;
    // It counts. What is not in a ledger yet comes before its next line.
    if (complete) await deps.lostStore.keepUp().catch(() => undefined);
    await Promise.all(signed.ends.map((id) => deps.wake.run(id)));
    return signed;
  }
}

/** What is signed has to be what was shown: another testimony or another open run since makes it void. */
async function whatItEnds(recovery: Recovery, atMs: number, { lostStore, runs }: RecoveryDeps) {
  const shown = (process: string, mark: string) =>
    recovery.testimonies.some((testimony) => testimony.process === process && testimony.mark === mark);
  const news = (await lostStore.testimonies()).find(({ process, mark }) => !shown(process, mark));
  const open = await runs.openIds();
  if (news || open.some((id) => !recovery.ends.includes(id)))
    throw new UserError(
      "recovery-outdated",
      `${news ? `${news.process} has found more that is missing` : "Other runs are open"} than this card shows. Ask again with /dr accept-store.`,
    );
  const found = await Promise.all(open.map((id) => runs.read(id)));
  // One of which nothing stands there has no journal in which it could end.
  const gone = open.filter((_id, index) => found[index] === undefined);
  const ends = found.flatMap((run): Ended[] => (run ? [{ run, entry: endOf(run, recovery, atMs) }] : []));
  return { ends, gone };
}

function endOf(run: RunState, { id }: Recovery, atMs: number): Ended["entry"] {
  const why = `the state store was lost, and people signed for going on without it (${id})`;
  const fence = fenceOf(run);
  if (isOver(run) && fence) return { kind: "watch-ended", atMs, epoch: run.epoch, step: fence.id, why };
  return { kind: "abandoned", atMs, why };
}

/** One card where alarms go, and one for each person who can still sign; each shows the newest state when it is sent. */
export async function showRecovery(recovery: Recovery, deps: RecoveryDeps): Promise<void> {
  const inventory = deps.inventory();
  const nowMs = deps.clock.now();
  const signers = whoCanSign({ ...signableRecovery(recovery, nowMs), held: [] }, inventory);
  const shownTo: readonly Addressee[] = [
    { channel: inventory.file.alerts.channel },
    ...signers.map(({ id: person }) => ({ person })),
  ];
  for (const to of shownTo) {
    const id = `recovery:${recovery.id}:${"person" in to ? to.person : to.channel}`;
    await deps.cards.change(id, (current) => {
      const value = wantCard(current, { id, kind: "recovery", subject: recovery.id, to }, nowMs);
      return value && { value, events: [], dueAtMs: nowMs };
    });
    await deps.wake.card(id);
  }
}

function acceptedWords({ signatures }: Recovery): string {
  return `${signatures.map(({ by }) => by).join(" and ")} have looked and signed: this store counts from here on`;
}

function eventOf(
  recovery: Recovery,
  { kind, by, says }: { readonly kind: string; readonly by?: string | undefined; readonly says: string },
): Event {
  const last = recovery.signatures.at(-1);
  return {
    ...{ kind, says, door: last?.door ?? "slack", atMs: last?.atMs ?? recovery.askedAtMs },
    ...(by === undefined ? {} : { by }),
    facts: { recovery: recovery.id, digest: recoveryDigest(recovery), ends: [...recovery.ends] },
  };
}
