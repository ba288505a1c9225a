import { sentenceCard } from "../domain/card/card.ts";
import { messageOf, TransientError, UserError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { FREEZE_ID, type Freeze, LIFTED_BY, sayFrozen, standingLifts } from "../domain/plan-run/freeze.ts";
import { approversOf } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { confirmed } from "../engine/approvals/proof.ts";
import type { Who } from "../ports/asker.ts";
import type { Freezes } from "../ports/freezes.ts";
import { freezeForm } from "../views/forms.ts";
import { nameOf } from "../views/names.ts";
import { FREEZE_WORDS, LIFT_WORDS, UNFREEZE_WORDS } from "../views/store-answers.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, type RunCommandDeps } from "./run-deps.ts";
import { toldOf } from "./told.ts";

export interface FreezeDeps extends Pick<RunCommandDeps, "ledger" | "clock" | "inventory" | "newId"> {
  readonly freezes: Freezes;
}

/** `/dr freeze` with a reason, or a form that asks for it: nothing that changes the cloud leaves any more, for any run, until two approvers lift it. */
export async function freeze(ask: Ask, deps: FreezeDeps): Promise<Answer> {
  const who = listed(ask);
  const why = (ask.fields?.["why"] ?? ask.text).trim();
  if (why === "" && ask.fields) return { kind: "field-errors", errors: { why: "Say why." } };
  // Nobody says why in a form that would change nothing.
  const [before] = await toldOf(FREEZE_WORDS, () => deps.freezes.inForce());
  if (before) return frozenAlready(before);
  if (why === "") return { kind: "form", form: freezeForm() };
  const said = { who, atMs: deps.clock.now(), kind: "frozen", says: why } as const;
  const line = { kind: "frozen", id: deps.newId(), by: who.person, atMs: said.atMs, why } as const;
  await toldOf(FREEZE_WORDS, () => deps.freezes.say([line], eventOf(said)));
  // It stops everything from here on, also where the ledger takes no more lines.
  const unwritten = await note(said, deps).then(
    () => "",
    (error: unknown) => ` The ledger does not have it: ${messageOf(error)}.`,
  );
  return say(
    `${nameOf(deps.inventory(), who.person)} has frozen TwoKey: ${why}. No call that changes the cloud leaves, for any run. Runs pause at their next step; what AWS has accepted goes on. Two approvers lift it: /dr unfreeze.${unwritten}`,
  );
}

/** `/dr unfreeze`: the second approver who says so lets runs be resumed; nothing goes on by itself. */
export async function unfreeze(ask: Ask, deps: FreezeDeps): Promise<Answer> {
  const who = await confirmed(
    listed(ask),
    "“unfreeze” needs two approvers, and this door cannot prove who is asking. Say it in Slack.",
  );
  const inventory = deps.inventory();
  if (!isApprover(inventory, who.person))
    throw new UserError("not-allowed", "“unfreeze” is for approvers. Nothing was changed.");
  const said = { who, atMs: deps.clock.now(), kind: "lift-asked", says: "changes may go on again" } as const;
  await toldOf(UNFREEZE_WORDS, () => askToLift(said, deps));
  return toldOf(LIFT_WORDS, () => lift({ ...said, kind: "unfrozen" }, deps));
}

async function askToLift(said: Said, deps: FreezeDeps): Promise<void> {
  const frozen = await deps.freezes.inForce();
  if (frozen.length === 0) throw new UserError("not-frozen", "TwoKey is not frozen. Nothing was changed.");
  // In the ledger before it counts: from the second one on calls leave again.
  await note(said, deps);
  const { who, atMs } = said;
  const asked = frozen.map(({ id }) => ({ kind: "lift-asked", id, by: who.person, atMs }) as const);
  await deps.freezes.say(asked, eventOf(said)).catch(async (error: unknown) => {
    // Of a word of which nobody can say whether it counts, the ledger says that it was given. Best effort.
    if (error instanceof TransientError)
      await note({ ...said, kind: "lift-void", says: messageOf(error) }, deps).catch(() => undefined);
    throw error;
  });
}

/** Lifts what enough approvers want lifted by now; what another one said in the same moment counts too. */
async function lift(said: Said, deps: FreezeDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const { atMs } = said;
  const standing = (await deps.freezes.inForce()).map((each) => ({
    id: each.id,
    by: standingLifts(each, atMs).filter((person) => isApprover(inventory, person)),
  }));
  const enough = standing.filter(({ by }) => by.length >= LIFTED_BY);
  if (enough.length > 0)
    await deps.freezes.say(
      enough.map(({ id, by }) => ({ kind: "lifted", id, by, atMs })),
      eventOf(said),
    );
  const name = nameOf(inventory, said.who.person);
  const [left] = standing.filter((each) => !enough.includes(each));
  return left
    ? say(
        `${name} wants the freeze lifted: ${left.by.length} of ${LIFTED_BY}. Another approver has 15 minutes: /dr unfreeze`,
      )
    : say(`${name} was the second to say so: TwoKey is not frozen any more. Runs that paused wait for /dr resume.`);
}

const frozenAlready = (freeze: Freeze): Answer =>
  say(`TwoKey is frozen already: ${sayFrozen(freeze)}. Nothing was changed.`);

const say = (text: string): Answer => ({ kind: "say", card: sentenceCard(text) });
const isApprover = (inventory: Inventory, person: string): boolean =>
  approversOf(inventory, undefined).some(({ id }) => id === person);

interface Said {
  readonly who: Who;
  readonly atMs: number;
  readonly kind: "frozen" | "lift-asked" | "lift-void" | "unfrozen";
  readonly says: string;
}

const eventOf = ({ who: { person: by, proof }, atMs, kind, says }: Said): Event => ({
  ...{ kind: `installation.${kind}`, atMs, by, door: proof.door, says },
  facts: {},
});

async function note({ kind, who: { person: by, proof }, atMs, says }: Said, { ledger }: FreezeDeps): Promise<void> {
  const { door, strength } = proof;
  await ledger.append({ atMs, run: FREEZE_ID, epoch: 0, kind, by, door, strength, says });
}
