import type { types } from "@slack/bolt";
import type { Answer, Ask } from "../../commands/intent.ts";
import { type Card, type Form, sentenceCard } from "../../domain/card/card.ts";
import { chainOf } from "../../domain/errors.ts";
import { sayNotBegun } from "../../views/store-answers.ts";
import { carry, type Inbound } from "./inbound.ts";
import { type Audience, type Telling, tell } from "./telling.ts";

/** Machine times. Slack wants its acknowledgement within 3 s, and people see it at once; an answer that is as quick goes with it. */
const ACKNOWLEDGED_WITHIN_MS = 50;
/** What is not answered by then is said to be under way. A form is acknowledged only then: it closes, and shows nothing any more. */
const UNDER_WAY_AFTER_MS = 450;

/** How one kind of act can be acknowledged. Each may throw: the connection may be gone by then. */
export interface Acknowledging {
  readonly done: () => Promise<void>;
  /** With the answer in it; absent where Slack takes none. */
  readonly shown?: (card: Card, audience: Audience) => Promise<void>;
  /** Of a form: it stays open with these beside its fields, or becomes another form. */
  readonly fieldErrors?: (errors: Readonly<Record<string, string>>) => Promise<void>;
  readonly nextForm?: (view: types.ModalView) => Promise<void>;
}

export interface Conversing extends Telling {
  /** Never rejects. */
  readonly answer: (ask: Ask) => Promise<Answer>;
  /** Tells the first delivery of an act from its copies. */
  readonly firstTime: (key: string) => Promise<boolean>;
  readonly openView: (triggerId: string, view: types.ModalView) => Promise<void>;
}

/**
 * One act from its arrival to its answer: acknowledged within three seconds whatever the intent takes, acted on once
 * however often it is delivered.
 */
export async function converse(deps: Conversing, inbound: Inbound, ack: Acknowledging): Promise<void> {
  const answering = answerOnce(deps, inbound);
  const isForm = ack.fieldErrors !== undefined || ack.nextForm !== undefined;
  let left: Acknowledging | undefined = ack;
  let answer = isForm ? undefined : await within(answering, ACKNOWLEDGED_WITHIN_MS);
  if (answer === undefined && !isForm && (await acknowledge(deps, inbound, ack.done))) left = undefined;
  answer ??= await within(answering, UNDER_WAY_AFTER_MS - (isForm ? 0 : ACKNOWLEDGED_WITHIN_MS));
  if (answer !== undefined) {
    await deliver(deps, inbound, { answer, ack: left });
    return;
  }
  // A slow Slack holds up neither the answer nor a form, which it opens for three seconds only.
  const saying = show(deps, inbound, { card: sentenceCard("Working on it …"), audience: "asker", ack: left });
  await deliver(deps, inbound, { answer: await answering, ack: undefined });
  await saying;
}

async function answerOnce(deps: Conversing, { key, ask }: Inbound): Promise<Answer> {
  try {
    if (!(await deps.firstTime(key))) return { kind: "nothing" };
  } catch (error) {
    // Not knowing whether this was done before, doing nothing is the safe answer.
    deps.logger.error({ verb: ask.verb, error: chainOf(error) }, "An act could not be told from a repetition");
    return {
      kind: "whisper",
      card: sentenceCard(sayNotBegun(ask.verb)),
    };
  }
  return deps.answer(ask);
}

interface Answering {
  readonly answer: Answer;
  /** Absent once the act was acknowledged. */
  readonly ack: Acknowledging | undefined;
}

async function deliver(deps: Conversing, inbound: Inbound, { answer, ack }: Answering) {
  switch (answer.kind) {
    case "nothing":
      return acknowledge(deps, inbound, ack?.done);
    case "whisper":
      return show(deps, inbound, { card: answer.card, audience: "asker", ack });
    case "say":
      return show(deps, inbound, { card: answer.card, audience: "channel", ack });
    case "form":
      return openForm(deps, inbound, { form: answer.form, ack });
    case "field-errors": {
      const beside = ack?.fieldErrors;
      if (beside) return acknowledge(deps, inbound, () => beside(answer.errors));
      // The form is closed by now.
      const lines = Object.entries(answer.errors).map(([field, error]) => `${field}: ${error}`);
      const card = sentenceCard(`Nothing was done. ${lines.join("; ")}`);
      return show(deps, inbound, { card, audience: "asker", ack });
    }
  }
}

async function show(
  deps: Conversing,
  inbound: Inbound,
  { card, audience, ack }: { card: Card; audience: Audience; ack: Acknowledging | undefined },
): Promise<void> {
  const shown = ack?.shown;
  if (shown && (await acknowledge(deps, inbound, () => shown(card, audience)))) return;
  if (!shown) await acknowledge(deps, inbound, ack?.done);
  await tell(deps, inbound, { card, audience });
}

async function openForm(
  deps: Conversing,
  inbound: Inbound,
  { form, ack }: { form: Form; ack: Acknowledging | undefined },
): Promise<void> {
  const view = deps.render.modal(form, carry(form.context, inbound.place));
  const next = ack?.nextForm;
  if (next) {
    await acknowledge(deps, inbound, () => next(view));
    return;
  }
  await acknowledge(deps, inbound, ack?.done);
  try {
    await deps.openView(inbound.place.triggerId ?? "", view);
  } catch (error) {
    deps.logger.warn({ verb: inbound.ask.verb, error: chainOf(error) }, "A form could not be opened");
    const card = sentenceCard(`Slack did not open the form "${form.title}" in time. Please ask again.`);
    await tell(deps, inbound, { card, audience: "asker" });
  }
}

/** False where the acknowledgement did not get through. */
async function acknowledge(
  deps: Conversing,
  { ask }: Inbound,
  act: (() => Promise<void>) | undefined,
): Promise<boolean> {
  try {
    await act?.();
    return true;
  } catch (error) {
    deps.logger.warn({ verb: ask.verb, error: chainOf(error) }, "An act could not be acknowledged");
    return false;
  }
}

/** Undefined where it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
