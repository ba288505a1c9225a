import { UserError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { type Act, isKnown, type Recovery, type Testimony, withoutRepeats } from "../domain/plan-run/recovery.ts";
import { proposeRecovery, type RecoveryDeps, showRecovery, signRecovery } from "../engine/approvals/recovery.ts";
import { observe } from "../flows/observe.ts";
import { peopleLeft } from "../views/names.ts";
import { seenLines } from "../views/status.ts";
import { RECOVERY_SHOWN_WORDS, RECOVERY_WORDS, SIGNATURE_WORDS, signedWords } from "../views/store-answers.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { knownPerson, listed, type RunCommandDeps, VERBS_THAT_MOVE } from "./run-deps.ts";
import { toldOf } from "./told.ts";

export interface AcceptStoreDeps extends RecoveryDeps, Pick<RunCommandDeps, "cloud" | "newId"> {
  /** What the store's stream still holds about a run. */
  eventsOfRun(run: string): Promise<readonly Event[]>;
}

/** Fewer than two people never make a lost store count again, whatever the file says of plans. */
const FEWEST_KEYS = 2;

/** `/dr accept-store`: after a lost store, shows what the ledgers know and what the world looks like; its button signs. */
export async function acceptStore(ask: Ask, deps: AcceptStoreDeps): Promise<Answer> {
  return ask.value === undefined ? propose(ask, deps) : sign(ask, ask.value, deps);
}

async function propose(ask: Ask, deps: AcceptStoreDeps): Promise<Answer> {
  const { wrong, recovery, shown } = await toldOf(RECOVERY_WORDS, () => asked(ask, deps));
  await toldOf(RECOVERY_SHOWN_WORDS, () => show(shown, deps));
  const text = `${wrong}. The alerts channel shows what the ledgers know and how the world looks now. ${recovery.keysRequired} approvers other than you must sign it.`;
  return whisper(text);
}

async function asked(ask: Ask, deps: AcceptStoreDeps) {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  // Compares once more, and so lays down this process's own testimony.
  const wrong = await deps.lostStore.disagreement();
  if (wrong === undefined)
    throw new UserError("store-not-lost", "The state store and the ledgers agree: there is nothing to accept.");
  const testimonies = await deps.lostStore.testimonies();
  const nowMs = deps.clock.now();
  const looks = await Promise.all(
    inventory.services.map(async (service) => seenLines(service, await observe(service, deps.cloud), nowMs)),
  );
  const { approvals } = inventory.file;
  const recovery: Recovery = {
    id: deps.newId(),
    state: "waiting",
    requester: requester.id,
    askedAtMs: nowMs,
    signByMs: nowMs + approvals.start_within,
    keysRequired: Math.max(FEWEST_KEYS, approvals.required),
    inventoryDigest: inventory.digest,
    testimonies: [...testimonies],
    forgotten: await forgottenActs(testimonies, deps),
    seen: looks,
    ends: [...(await deps.runs.openIds())].sort(),
    signatures: [],
  };
  const says = `${requester.name} asks to go on with a store that was lost: ${wrong}`;
  return { wrong, recovery, shown: await proposeRecovery(recovery, says, deps) };
}

async function show(recoveries: readonly Recovery[], deps: AcceptStoreDeps): Promise<void> {
  for (const each of recoveries) await showRecovery(each, deps);
}

/** Acts that a ledger holds and the store does not, oldest first. */
async function forgottenActs(testimonies: readonly Testimony[], deps: AcceptStoreDeps): Promise<Act[]> {
  const acts = withoutRepeats(testimonies.flatMap((testimony) => testimony.acts));
  const runs = [...new Set(acts.map(({ run }) => run))];
  const events = (await Promise.all(runs.map((run) => deps.eventsOfRun(run)))).flat();
  return acts.filter((act) => !isKnown(act, events));
}

async function sign(ask: Ask, value: string, deps: AcceptStoreDeps): Promise<Answer> {
  const [, digest = ""] = value.split(":");
  const signed = await toldOf(SIGNATURE_WORDS, () => signRecovery({ who: listed(ask), digest }, deps));
  const isAccepted = signed.state === "accepted";
  const text = isAccepted
    ? `Your signature was the last one: this store counts again. Earlier runs are closed. For what is left to do, make a plan: ${VERBS_THAT_MOVE}.`
    : `You have signed. ${peopleLeft(signed.keysRequired, signed.signatures.length)} must sign.`;
  await toldOf(signedWords(text, isAccepted), () => showRecovery(signed, deps));
  return whisper(text);
}
