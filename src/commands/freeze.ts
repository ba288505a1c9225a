import { sentenceCard } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import { FREEZE_ID, type Freeze, type FreezeDocument, LIFTED_BY, liftedBy } from "../domain/plan-run/freeze.ts";
import { approversOf } from "../domain/service/inventory.ts";
import { confirmed } from "../engine/approvals/proof.ts";
import type { Who } from "../ports/asker.ts";
import type { Documents } from "../ports/documents.ts";
import { nameOf } from "../views/plan.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, type RunCommandDeps } from "./run-deps.ts";

export interface FreezeDeps extends Pick<RunCommandDeps, "ledger" | "clock" | "inventory"> {
  readonly freezes: Documents<FreezeDocument>;
}

/** `/dr freeze` with a reason: nothing that changes the cloud leaves any more, for any run, until two approvers lift it. */
export async function freeze(ask: Ask, deps: FreezeDeps): Promise<Answer> {
  const { person: by, proof } = listed(ask);
  const why = ask.text.trim();
  if (why === "")
    throw new UserError(
      "freeze-needs-why",
      "Say why, in words after the verb. /dr help freeze shows how. Nothing was changed.",
    );
  const atMs = deps.clock.now();
  const after = await change(deps, (current) => current ?? { by, atMs, why, lifts: [] }, { kind: "frozen", by, atMs });
  await note({ kind: "frozen", who: { by, proof }, atMs, says: why }, deps);
  const already = after && after.atMs !== atMs ? " It was frozen already." : "";
  const name = nameOf(deps.inventory(), by);
  return say(
    `${name} has frozen TwoKey: ${why}.${already} No call that changes the cloud leaves, for any run. Runs pause at their next step; what AWS has accepted goes on. Two approvers lift it: /dr unfreeze`,
  );
}

/** `/dr unfreeze`: the second approver who says so lets runs be resumed; nothing goes on by itself. */
export async function unfreeze(ask: Ask, deps: FreezeDeps): Promise<Answer> {
  const { person: by, proof } = await confirmed(
    listed(ask),
    "“unfreeze” needs two approvers, and this door cannot prove who is asking. Say it in Slack.",
  );
  const inventory = deps.inventory();
  if (!approversOf(inventory).some(({ id }) => id === by))
    throw new UserError("not-allowed", "“unfreeze” is for approvers. Nothing was changed.");
  const atMs = deps.clock.now();
  let was: Freeze | undefined;
  const lift = (current: Freeze | null) => {
    was = current ?? undefined;
    return current && liftedBy(current, by, atMs);
  };
  const after = await change(deps, lift, { kind: "unfrozen", by, atMs });
  if (!was) throw new UserError("not-frozen", "TwoKey is not frozen. Nothing was changed.");
  await note({ kind: "unfrozen", who: { by, proof }, atMs, says: after ? "one of two" : "lifted" }, deps);
  const name = nameOf(inventory, by);
  return after
    ? say(
        `${name} wants the freeze lifted: ${after.lifts.length} of ${LIFTED_BY}. Another approver has 15 minutes: /dr unfreeze`,
      )
    : say(`${name} was the second to say so: TwoKey is not frozen any more. Runs that paused wait for /dr resume.`);
}

const say = (text: string): Answer => ({ kind: "say", card: sentenceCard(text) });

interface Told {
  readonly kind: "frozen" | "unfrozen";
  readonly by: string;
  readonly atMs: number;
}

async function change(
  { freezes }: FreezeDeps,
  decide: (current: Freeze | null) => Freeze | null,
  { kind, by, atMs }: Told,
): Promise<Freeze | undefined> {
  const after = await freezes.change(FREEZE_ID, (current) => {
    const value = { freeze: decide(current?.freeze ?? null) };
    const says = value.freeze ? `every change is stopped: ${value.freeze.why}` : "changes may go on again";
    return { value, events: [{ kind: `installation.${kind}`, atMs, by, door: "slack", says, facts: {} }] };
  });
  return after?.freeze ?? undefined;
}

interface Noted {
  readonly kind: Told["kind"];
  readonly who: { readonly by: string; readonly proof: Who["proof"] };
  readonly atMs: number;
  readonly says: string;
}

async function note({ kind, who: { by, proof }, atMs, says }: Noted, { ledger }: FreezeDeps): Promise<void> {
  const { door, strength } = proof;
  await ledger.append({ atMs, run: FREEZE_ID, epoch: 0, kind, by, door, strength, says });
}
