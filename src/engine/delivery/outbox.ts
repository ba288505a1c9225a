import type { Card } from "../../domain/card/card.ts";
import { type CardDue, type CardRequest, cardDigest, wantCard } from "../../domain/card/card-due.ts";
import { sendingCard } from "../../domain/card/sending-card.ts";
import { chainOf, TransientError, UserError } from "../../domain/errors.ts";
import type { Chat, MessageRef, PostTarget } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Broken, isBroken, pauseIn, retryMs } from "./duty-outcome.ts";

/**
 * Sends the cards that are owed to the chat.
 *
 *  O1 one message for each card: after a lost answer our own message is looked for by its key;
 *  O2 a card is rendered after its claim was written, so what is sent is never older than what was asked for;
 *  O3 only the holder of the claim writes the outcome; who comes too late makes the card due once more;
 *  O4 at most one edit a second for each card, and none when nothing changed.
 */
export interface OutboxDeps {
  readonly cards: Documents<CardDue>;
  readonly chat: Chat;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly worker: string;
  /** The card as it is now; undefined: there is nothing to show, or it stays as it is. */
  render(kind: string, subject: string): Promise<Card | undefined>;
  /** As of a duty. */
  readonly inVain: Broken;
}

/** Machine times. */
const CLAIM_MS = 25_000;
const EDIT_EVERY_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const REFUSED_AGAIN_MS = 300_000;

/**
 * Sends one card if it is due. Returns when to come back (world time), or undefined when nothing is owed. With a request
 * the card is wanted and claimed in one write, which spares people who wait for it the way through a queue.
 */
export async function sendCard(id: string, deps: OutboxDeps, request?: CardRequest): Promise<number | undefined> {
  const claimed = await claim(id, deps, request);
  if (claimed === undefined) return dueAt((await deps.cards.get(id))?.value, deps);
  const doing = sendingCard(id);
  let outcome: Outcome;
  try {
    outcome = await deliver(claimed, deps);
  } catch (error) {
    outcome = outcomeOfError(error);
    const isRefused = outcome.kind === "refused";
    // One that itself says what fails would never come to an end of that.
    if ((isRefused || isBroken(error)) && claimed.kind !== "notice")
      // What is refused is a setting that somebody mends by day.
      await deps.inVain.failed({ ...doing, wakes: doing.wakes && !isRefused }, error);
    const facts = { card: id, outcome: outcome.kind, error: chainOf(error) };
    // What is refused waits for people: the channel is gone, or the app may not write there.
    deps.logger[isRefused ? "error" : "warn"](facts, "A card was not sent");
  }
  if (outcome.kind === "sent") deps.inVain.succeeded(doing);
  return dueAt(await settle(claimed, outcome, deps), deps);
}

function dueAt(card: CardDue | undefined, { clock }: OutboxDeps): number | undefined {
  if (card === undefined || card.sent >= card.wanted) return undefined;
  const paced = card.sentAtMs === undefined ? card.wantedSinceMs : card.sentAtMs + EDIT_EVERY_MS * clock.speed;
  return Math.max(card.wantedSinceMs, paced, card.retryAtMs ?? 0, card.claim?.untilMs ?? 0);
}

async function claim(id: string, deps: OutboxDeps, request?: CardRequest): Promise<CardDue | undefined> {
  let isMine = false;
  const card = await deps.cards.change(id, (stored) => {
    const nowMs = deps.clock.now();
    const wanted = request && wantCard(stored, request, nowMs);
    const current = wanted ?? stored;
    const at = dueAt(current, deps);
    isMine = current !== undefined && at !== undefined && at <= nowMs;
    if (current === undefined || !isMine) return wanted && { value: wanted, events: [], dueAtMs: at };
    const untilMs = nowMs + CLAIM_MS * deps.clock.speed;
    const value: CardDue = {
      ...current,
      claim: { worker: deps.worker, wanted: current.wanted, atMs: nowMs, untilMs },
      attempts: current.attempts + 1,
      // A claim that ran out may have posted: from then on we look first.
      ...(current.message === undefined && current.claim !== undefined && current.postedMaybeSinceMs === undefined
        ? { postedMaybeSinceMs: current.claim.atMs }
        : {}),
    };
    return { value, events: [], dueAtMs: untilMs };
  });
  return isMine ? card : undefined;
}

type Outcome =
  | { readonly kind: "sent"; readonly message: MessageRef; readonly hash: string; readonly pinned: boolean }
  | { readonly kind: "nothing-to-show" }
  | { readonly kind: "waits"; readonly why: string }
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number | undefined; readonly mostMs?: number }
  | { readonly kind: "unknown"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

async function deliver(card: CardDue, deps: OutboxDeps): Promise<Outcome> {
  const target = await targetOf(card, deps);
  if (target === undefined) return { kind: "waits", why: "the message above it is not posted yet" };
  const [rendered, isHeld] = await Promise.all([deps.render(card.kind, card.subject), holdsClaim(card, deps)]);
  if (rendered === undefined) return { kind: "nothing-to-show" };
  const hash = cardDigest(rendered);
  // A claim is only ever lost by its end, so after the look at the store the clock tells enough.
  if (!isHeld || deps.clock.now() >= (card.claim?.untilMs ?? 0)) {
    return { kind: "retry", why: "the claim ran out before anything was sent" };
  }
  const before = card.message ?? (await findLost(card, target, deps));
  const message = before ?? (await deps.chat.post(target, rendered, card.id));
  // A message that was found has no hash: it says what was true when it was posted.
  const isNews = before !== undefined && card.hash !== hash;
  if (isNews) await deps.chat.update(message, rendered);
  return { kind: "sent", message, hash, pinned: card.pinned || (card.pin && (await pin(message, card, deps))) };
}

function findLost(card: CardDue, to: PostTarget, deps: OutboxDeps) {
  if (card.postedMaybeSinceMs === undefined) return undefined;
  return deps.chat.find(to, card.id, card.postedMaybeSinceMs);
}

async function targetOf(card: CardDue, deps: OutboxDeps): Promise<PostTarget | undefined> {
  if (card.under === undefined) return card.to;
  const above = (await deps.cards.get(card.under))?.value.message;
  return above && { channel: above.channel, thread: above.ts };
}

/** A pin is a convenience: that it failed must not keep the card from being shown. It is tried again with the next edit. */
async function pin(message: MessageRef, card: CardDue, deps: OutboxDeps): Promise<boolean> {
  try {
    await deps.chat.pin(message);
    return true;
  } catch (error) {
    deps.logger.warn({ card: card.id, error: chainOf(error) }, "A card could not be pinned");
    // A refusal will be one again; anything else may pass.
    return error instanceof UserError;
  }
}

async function holdsClaim(card: CardDue, deps: OutboxDeps): Promise<boolean> {
  const current = (await deps.cards.get(card.id))?.value;
  return current !== undefined && isSameClaim(current, card) && deps.clock.now() < (current.claim?.untilMs ?? 0);
}

function isSameClaim(current: CardDue, mine: CardDue): boolean {
  const { claim: held } = current;
  return (
    held !== undefined &&
    held.worker === mine.claim?.worker &&
    held.atMs === mine.claim.atMs &&
    held.wanted === mine.claim.wanted &&
    current.attempts === mine.attempts
  );
}

function outcomeOfError(error: unknown): Outcome {
  const why = chainOf(error);
  if (error instanceof UserError) return { kind: "refused", why };
  if (error instanceof TransientError) {
    return { kind: "retry", why, ...pauseIn(error) };
  }
  // Whatever else was thrown, a call may have been under way.
  return { kind: "unknown", why };
}

function settle(mine: CardDue, outcome: Outcome, deps: OutboxDeps): Promise<CardDue | undefined> {
  return deps.cards.change(mine.id, (current) => {
    if (current === undefined) return undefined;
    const nowMs = deps.clock.now();
    const value = isSameClaim(current, mine)
      ? afterOutcome(current, outcome, { nowMs, speed: deps.clock.speed })
      : afterLateSend(current, outcome, nowMs);
    return value && { value, events: [], dueAtMs: dueAt(value, deps) };
  });
}

/** Somebody else has the card now. What we sent may stand over what they sent: it is rendered once more. */
function afterLateSend(current: CardDue, outcome: Outcome, nowMs: number): CardDue | undefined {
  if (outcome.kind !== "sent" && outcome.kind !== "unknown") return undefined;
  const { hash: _unknown, ...rest } = current;
  return { ...rest, wanted: current.wanted + 1, wantedSinceMs: nowMs };
}

// oxlint-disable-next-line max-lines-per-function -- one switch over what became of a card
function afterOutcome(
  current: CardDue,
  outcome: Outcome,
  { nowMs, speed }: { readonly nowMs: number; readonly speed: number },
): CardDue {
  const { claim: held, retryAtMs: _retry, why: _why, ...free } = current;
  const sent = Math.max(current.sent, held === undefined ? 0 : held.wanted);
  const laterMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(current.attempts - 1, 6));
  switch (outcome.kind) {
    case "sent": {
      const { postedMaybeSinceMs: _found, ...found } = free;
      const { message, hash, pinned } = outcome;
      return {
        ...found,
        sent,
        message: { ...message },
        hash,
        pinned,
        sentAtMs: nowMs,
        attempts: 0,
      };
    }
    case "nothing-to-show":
      return { ...free, sent, attempts: 0 };
    case "waits":
      return { ...free, why: outcome.why, retryAtMs: nowMs + FIRST_RETRY_MS * speed };
    case "retry":
      return {
        ...free,
        why: outcome.why,
        retryAtMs: nowMs + retryMs(outcome, laterMs) * speed,
      };
    case "refused":
      return { ...free, why: outcome.why, retryAtMs: nowMs + REFUSED_AGAIN_MS * speed };
    case "unknown": {
      const { hash: _unknown, ...unsure } = free;
      const sinceMs = free.postedMaybeSinceMs ?? held?.atMs ?? nowMs;
      return {
        ...unsure,
        why: outcome.why,
        retryAtMs: nowMs + laterMs * speed,
        ...(free.message === undefined ? { postedMaybeSinceMs: sinceMs } : {}),
      };
    }
  }
}
