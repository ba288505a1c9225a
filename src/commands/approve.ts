import { type Card, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import { judgeKey } from "../domain/plan-run/key.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { type KeyDeps, type KeyTurned, turnKey } from "../engine/approvals/keys.ts";
import { plainText } from "../views/card-text.ts";
import { keyForm } from "../views/key-form.ts";
import { keysLine } from "../views/plan-keys.ts";
import { KEY_WORDS } from "../views/store-answers.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, type RunCommandDeps, runMeant } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/**
 * A key is turned by the button on the plan card, in a form that shows everything it signs and asks for each acceptance in
 * words. The terminal cannot prove who is asking, so it refuses.
 */
export async function approve(ask: Ask, deps: RunCommandDeps & KeyDeps): Promise<Answer> {
  const who = listed(ask);
  const { run, digest } = await toldOf(KEY_WORDS, () => planShown(ask, deps));
  if (run.state === "waiting-for-keys" && !ask.fields) {
    refuseInVain(run, { person: who.person, digest }, deps);
    return { kind: "form", form: keyForm(run, deps.inventory()) };
  }
  const accepted = Object.entries(ask.fields ?? {}).flatMap(([id, answer]) => (answer === "yes" ? [id] : []));
  const missing = ask.fields ? run.plan.acceptances.filter((acceptance) => !accepted.includes(acceptance.id)) : [];
  if (missing.length > 0) {
    return {
      kind: "field-errors",
      errors: Object.fromEntries(
        missing.map(({ id }) => [
          id,
          "Your key counts only if you agree to this sentence. To refuse the plan, close this and press Refuse.",
        ]),
      ),
    };
  }
  const turned = await toldOf(KEY_WORDS, () => turnKey(run.plan.id, { who, digest, accepted }, deps));
  if (turned.answer.kind === "refused") throw new UserError(`key-${turned.answer.code}`, turned.answer.why);
  await deps.wake.run(run.plan.id);
  return { kind: "whisper", card: turnedCard(turned, deps.clock.now()) };
}

function turnedCard({ run, started, lapsed }: Pick<KeyTurned, "run" | "started" | "lapsed">, nowMs: number): Card {
  const says: Text = started
    ? `Your key was the last one. It starts now: ${run.plan.title}.`
    : [...lapsed.map((each) => `${each}. `), "Your key is turned. ", ...spans`${keysLine(run, timeOfDay)}`];
  return { text: plainText(says, { nowMs }), parts: [{ kind: "text", text: says }] };
}

/** Nobody reads a form for a key that would not count whatever they say. What the store knows is asked at the turn. */
function refuseInVain(
  run: RunState,
  turn: { readonly person: string; readonly digest: string },
  { inventory, clock }: Pick<KeyDeps, "inventory" | "clock">,
): void {
  const accepted = run.plan.acceptances.map(({ id }) => id);
  const answer = judgeKey(run, { ...turn, accepted, nowMs: clock.now() }, inventory());
  if (answer.kind === "refused" && answer.code !== "rest-moved-on")
    throw new UserError(`key-${answer.code}`, answer.why);
}

/** The button and the form carry plan id and digest. */
async function planShown(ask: Ask, deps: RunCommandDeps): Promise<{ run: RunState; digest: string }> {
  if (ask.value === undefined) {
    throw new UserError(
      "approve-by-card",
      "Press “Review and turn my key” on the plan card, so that what you read is what you sign.",
    );
  }
  const [id = "", digest = ""] = ask.value.split(":");
  return { run: await runMeant(id, deps), digest };
}
