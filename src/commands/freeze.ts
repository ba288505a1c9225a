import { sentenceCard } from "../domain/card/card.ts";
import { messageOf, UserError } from "../domain/errors.ts";
import {
  FREEZE_ID,
  type Freeze,
  type FreezeDocument,
  LIFTED_BY,
  liftedBy,
  sayFrozen,
} from "../domain/plan-run/freeze.ts";
import { approversOf } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { confirmed } from "../engine/approvals/proof.ts";
import type { Who } from "../ports/asker.ts";
import type { Documents } from "../ports/documents.ts";
import { freezeForm } from "../views/forms.ts";
import { nameOf } from "../views/names.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, type RunCommandDeps } from "./run-deps.ts";

export interface FreezeDeps extends Pick<RunCommandDeps, "ledger" | "clock" | "inventory"> {
  readonly freezes: Documents<FreezeDocument>;
}

/** `/dr freeze` with a reason, or a form that asks for it: nothing that changes the cloud leaves any more, for any run, until two approvers lift it. */
export async function freeze(ask: Ask, deps: FreezeDeps): Promise<Answer> {
  const who = listed(ask);
  const why = (ask.fields?.["why"] ?? ask.text).trim();
  if (why === "" && ask.fields) return { kind: "field-errors", errors: { why: "Say why." } };
  if (why === "") {
    // Nobody says why in a form that would change nothing.
    const inForce = (await deps.freezes.get(FREEZE_ID))?.value.freeze;
    return inForce ? frozenAlready(inForce) : { kind: "form", form: freezeForm() };
  }
  const said = { who, atMs: deps.clock.now(), kind: "frozen", says: why } as const;
  let before: Freeze | undefined;
  await change(deps, said, (current) => {
    before = current;
    return current ? undefined : { by: who.person, atMs: said.atMs, why, lifts: [] };
  });
  if (before) return frozenAlready(before);
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
  const nothing = new UserError("not-frozen", "TwoKey is not frozen. Nothing was changed.");
  if (!(await deps.freezes.get(FREEZE_ID))?.value.freeze) throw nothing;
  // In the ledger before it counts: from the second one on calls leave again.
  await note(said, deps);
  let wasFrozen = false;
  const after = await change(deps, said, (current) => {
    wasFrozen = current !== undefined;
    if (!current) return undefined;
    const lifts = current.lifts.filter(({ by }) => isApprover(inventory, by));
    return liftedBy({ ...current, lifts }, who.person, said.atMs);
  });
  if (!wasFrozen) throw nothing;
  const name = nameOf(inventory, who.person);
  return after
    ? say(
        `${name} wants the freeze lifted: ${after.lifts.length} of ${LIFTED_BY}. Another approver has 15 minutes: /dr unfreeze`,
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
  readonly kind: "frozen" | "lift-asked";
  readonly says: string;
}

/** `decide` returns undefined to leave it as it is, and null to lift it. */
async function change(
  { freezes }: FreezeDeps,
  { who: { person: by, proof }, atMs, kind, says }: Said,
  decide: (current: Freeze | undefined) => Freeze | null | undefined,
): Promise<Freeze | undefined> {
  const after = await freezes.change(FREEZE_ID, (current) => {
    const freeze = decide(current?.freeze ?? undefined);
    if (freeze === undefined) return undefined;
    const event = { kind: `installation.${freeze ? kind : "unfrozen"}`, atMs, by, door: proof.door, says, facts: {} };
    return { value: { freeze }, events: [event] };
  });
  return after?.freeze ?? undefined;
}

async function note({ kind, who: { person: by, proof }, atMs, says }: Said, { ledger }: FreezeDeps): Promise<void> {
  const { door, strength } = proof;
  await ledger.append({ atMs, run: FREEZE_ID, epoch: 0, kind, by, door, strength, says });
}
