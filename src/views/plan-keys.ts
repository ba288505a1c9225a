import { ago, type CardButton, type CardPart, spans, type Text } from "../domain/card/card.ts";
import type { CalledNow } from "../domain/plan-run/called-now.ts";
import { acceptedIn, whoIsLeft } from "../domain/plan-run/key.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { approversOf } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { calledLine } from "./called.ts";
import { nameOf, peopleLeft } from "./names.ts";

/** Who has agreed to a plan, who still can, and the buttons with which people do or do not. */
export const NEEDS_NO_KEYS = "It only adds something, so one responder is enough.";

export const isWaiting = ({ state }: RunState): boolean => state === "waiting-for-keys";

/** Who can still agree, and whether they are called. */
export function canTurn(run: RunState, inventory: Inventory, called?: CalledNow): Text {
  const people = whoIsLeft(run, inventory);
  const { requester, service } = run.plan;
  const isApprover = approversOf(inventory, service).some(({ id }) => id === requester);
  return [
    "Can agree: ",
    ...people.flatMap((person, at): Text => [...(at === 0 ? [] : [", "]), { person: person.id }]),
    ...(isApprover ? [` (not ${nameOf(inventory, requester)}, who asked)`] : []),
    ...(called
      ? [
          ". ",
          calledLine(
            called,
            inventory,
            people.map(({ id }) => id),
          ),
        ].flat()
      : []),
  ];
}

/** Who turned a key, when, and to which of the sentences they agreed: what people look up afterwards. */
export function agreements({ plan, keys }: RunState, inventory: Inventory): CardPart[] {
  if (keys.length === 0) return [];
  const lines = keys.map((key) => {
    const agreed = acceptedIn(plan, key).map((words) => `“${words}”`);
    return spans`${nameOf(inventory, key.by)} at ${ago(key.atMs)}${agreed.length === 0 ? "" : `, to ${agreed.join(" and ")}`}`;
  });
  return [
    { kind: "text", text: [{ bold: "Agreed" }] },
    { kind: "lines", lines },
  ];
}

export function buttons(run: RunState): CardPart[] {
  if (!isWaiting(run)) return [];
  const value = `${run.plan.id}:${run.digest}`;
  const approve: CardButton = { label: "Review and turn my key", intent: "approve", value, style: "danger" };
  const reject: CardButton = { label: "Refuse", intent: "reject", value };
  const keys = run.plan.keysRequired === 0 ? [] : [approve, reject];
  const wait: CardButton = { label: "Wait…", intent: "wait", value };
  return [{ kind: "buttons", buttons: [...keys, { label: "Withdraw", intent: "withdraw", value }, wait] }];
}

/** What becomes of it without enough keys: three ways of not agreeing look alike. */
export const closing = ({ plan: { keysRequired } }: RunState): CardPart => ({
  kind: "note",
  text: `${keysRequired === 0 ? "Withdraw" : "Refuse (an approver), Withdraw (who asked) or too few keys"}: the plan closes, nothing changes. Wait… only says until when.`,
});

/** How many people must still agree, and by when; of a plan that waits no more, how many did. */
export function keysLine(run: RunState, when = ago): Text {
  const { keysRequired } = run.plan;
  if (keysRequired === 0) return NEEDS_NO_KEYS;
  return isWaiting(run) ? mustAgree(run, when) : `${run.keys.length} of ${keysRequired} keys turned.`;
}

/** Nothing asks again between the last key and the first step, not even a decision to wait. */
export const mustAgree = ({ plan, keys }: RunState, when = ago) =>
  spans`${peopleLeft(plan.keysRequired, keys.length)} must agree by ${when(plan.startByMs)}; ${isLastKey({ plan, keys }) ? "that" : "the last"} key starts the run at once.`;

export const isLastKey = ({ plan, keys }: Pick<RunState, "plan" | "keys">): boolean =>
  keys.length > 0 && plan.keysRequired - keys.length === 1;
