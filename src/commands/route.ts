import { UserError } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { mostSimilar } from "../domain/similar.ts";
import type { Guest } from "../ports/asker.ts";
import type { Ledger } from "../ports/runs.ts";
import { sayStoreLost, TOO_OLD } from "../views/store-answers.ts";
import { type CommandDeps, VERBS, type Verb, verbNamed } from "./index.ts";
import { type Answer, type Ask, type Intents, whisper } from "./intent.ts";
import { refuseWhileLost } from "./refuse-while.ts";
import { NOT_LISTED, personOf } from "./run-deps.ts";

/** Routes an ask to its handler, if this person may ask for it. */
export function createIntents(deps: CommandDeps, inventory: () => Inventory): Intents {
  return async (ask) => {
    const verb = verbNamed(ask.verb);
    if (!verb) throw ask.value === undefined ? noSuchVerb(ask.verb) : new UserError("verb-unknown", TOO_OLD);
    refuseUnlessAllowed(ask, verb, inventory());
    if (verb.moves) await refuseWhileLost(`/dr ${ask.verb}`, deps.run);
    return verb.handle(ask, deps);
  };
}

/** These say it themselves. */
const SAYS_IT_ITSELF: readonly string[] = ["status", "accept-store"];

/** While the store is lost every answer begins with that, whatever was asked. */
export function underLostStore(intents: Intents, ledger: Pick<Ledger, "disagreement">): Intents {
  return async (ask) => {
    // A store that is away is no lost one, and what was asked says so itself.
    const wrong = await ledger.disagreement().catch(() => undefined);
    if (wrong === undefined || SAYS_IT_ITSELF.includes(ask.verb)) return intents(ask);
    try {
      return underLine(sayStoreLost(wrong), await intents(ask));
    } catch (error) {
      if (!(error instanceof UserError) || error.code === "store-lost") throw error;
      throw new UserError(error.code, `${sayStoreLost(wrong)} ${error.message}`, { cause: error });
    }
  };
}

function underLine(line: string, answer: Answer): Answer {
  const said = { kind: "text", text: line } as const;
  switch (answer.kind) {
    case "whisper":
    case "say": {
      const { text, parts } = answer.card;
      return { ...answer, card: { text: `${line} ${text}`, parts: [said, ...parts] } };
    }
    case "form":
      return { ...answer, form: { ...answer.form, intro: [said, ...answer.form.intro] } };
    case "field-errors": {
      const [[field, why] = ["", ""], ...rest] = Object.entries(answer.errors);
      return { ...answer, errors: { [field]: `${line} ${why}`, ...Object.fromEntries(rest) } };
    }
    case "nothing":
      return whisper(line);
  }
}

function noSuchVerb(word: string): UserError {
  if (word === "rollback")
    return new UserError(
      "verb-unknown",
      "TwoKey has no rollback. Before the promotion /dr abort gives everything back. After it nothing is rolled back: users would land on old data. The way home is a failover of its own.",
    );
  const near = mostSimilar(word, Object.keys(VERBS));
  const hint = near === undefined ? "" : ` Did you mean /dr ${near}?`;
  return new UserError("verb-unknown", `There is no /dr ${word}.${hint} /dr help lists what there is.`);
}

function refuseUnlessAllowed(ask: Ask, verb: Verb, inventory: Inventory): void {
  if (ask.who.kind === "guest") refuseGuest(ask.who, ask.verb, verb);
  if (verb.who.length === 0) return;
  if (personOf(ask, inventory)?.roles.some((role) => verb.who.includes(role))) return;
  throw new UserError(
    "not-allowed",
    `/dr ${ask.verb} is for people who are listed in twokey.yaml as ${verb.who.join(", ")}. Nothing was changed.`,
  );
}

function refuseGuest({ proof }: Guest, name: string, { guests }: Verb): void {
  if (guests === "proven" && proof.strength === "claimed")
    throw new UserError(
      "guest-unproven",
      `/dr ${name} was not answered. You are not listed under people, and Slack did not confirm that you are a member here. Try again in a minute. To raise the alarm now, use /dr declare.`,
    );
  if (guests) return;
  const open = Object.entries(VERBS).flatMap(([verb, row]) => (row.guests ? [`/dr ${verb}`] : []));
  throw new UserError(
    "person-unknown",
    `/dr ${name} was refused and nothing was changed. ${NOT_LISTED} Until then you can use ${open.join(", ")}.`,
  );
}
