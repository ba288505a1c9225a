import { ago, type CardPart, spans, type Text } from "../domain/card/card.ts";
import { isMove, type Plan, type Unchecked } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { expectedTimeInFull, objective } from "./expected-time.ts";
import { nameOf } from "./names.ts";
import { inRoom, quoted } from "./room.ts";

/** What stands below the fold of a plan card: what it rests on, who asked, and what it leaves to people. */
/** As many as fit into one part of a message where each is as long as its room. */
const LINES_A_PART = 12;
const MINUTE_MS = 60_000;
/** Hex digits of a ledger line's hash: as many as nobody finds again for another line, in one line of a phone. */
const SEAL_SHOWN = 16;

/** What was asked stands before it already, and a client's own words for a silence say no more than "no answer". */
const withoutChatter = (line: string): string =>
  line.replace(/: Could not [^:]*: /, ": ").replace(/ \([A-Z_]+: .*$/s, "");

/** What could not be checked, and how old all else is that the plan rests on. */
export function unchecked(plan: Plan): CardPart[] {
  if (plan.unchecked.length === 0) return ages(plan);
  return [
    { kind: "text", text: [{ bold: "Could not be checked" }] },
    ...allOf(plan.unchecked.map(uncheckedLine)),
    ...ages(plan),
  ];
}

/** Every line: people sign for all of them, and a chat cuts a longer part. */
function allOf(lines: readonly Text[]): CardPart[] {
  const parts: CardPart[] = [];
  for (let from = 0; from < lines.length; from += LINES_A_PART)
    parts.push({ kind: "lines", lines: lines.slice(from, from + LINES_A_PART) });
  return parts;
}

function uncheckedLine(line: Unchecked): Text {
  if (typeof line === "string") return inRoom(withoutChatter(line), "error");
  return spans`${inRoom(line.says, "error")} ${ago(line.saidAtMs)}`;
}

export function leftForPeople({ leftForPeople: left = [] }: Plan): CardPart[] {
  if (left.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: "Left for people after it" }] },
    { kind: "lines", lines: left.map((each) => inRoom(each, "sentence")) },
  ];
}

/** Under the names that are moved, what is not. */
export function staying({ staying: sets = [] }: Plan): CardPart[] {
  if (sets.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: "Stays in DNS: it leads nobody to the old side" }] },
    ...allOf(sets.map((set) => inRoom(set, "error"))),
  ];
}

/** How old what the plan rests on is: most of it was seen in one minute, as times are shown; what was not is named, the newest first. */
function ages({ facts = [], unchecked: unknown }: Plan): CardPart[] {
  const byMinute = new Map<number, { readonly atMs: number; readonly whats: readonly string[] }>();
  for (const { what, atMs } of [...facts].sort((a, b) => b.atMs - a.atMs)) {
    const minute = Math.floor(atMs / MINUTE_MS);
    const newest = byMinute.get(minute) ?? { atMs, whats: [] };
    byMinute.set(minute, { ...newest, whats: [...newest.whats, what] });
  }
  const seen = [...byMinute.values()];
  const most = Math.max(...seen.map(({ whats }) => whats.length));
  const common = seen.find(({ whats }) => whats.length === most);
  if (common === undefined) return [];
  const apart = seen.filter((each) => each !== common);
  const lines = apart.map(({ atMs, whats }) => spans`Read at ${ago(atMs)}: ${whats.join(", ")}. `);
  const rest = spans`All ${apart.length + unknown.length === 0 ? "" : "other "}facts were read at ${ago(common.atMs)}.`;
  return [{ kind: "note", text: [...lines.flat(), ...rest] }];
}

/** People who keep the card can tell later whether the ledger still has the line that was its newest then. */
export function ledgerEnd({ ledger }: Plan): CardPart[] {
  if (!ledger) return [];
  const { process, lines, seal } = ledger;
  const hash = { code: seal.slice(0, SEAL_SHOWN) };
  return [{ kind: "note", text: ["For auditors: ledger of ", process, `, line ${lines}, hash `, hash] }];
}

/** Who asked and why; the reason is a person's own words. */
export function about({ plan }: RunState, inventory: Inventory): CardPart[] {
  const gone = plan.pastNoReturn ? "; it is past its point of no return" : "";
  const rest: readonly (readonly [string, Text])[] = plan.restOf
    ? [["Takes over", `run ${plan.restOf.run}, which ends when the last key is turned${gone}`]]
    : [];
  return [
    {
      kind: "facts",
      facts: [
        ["Asked by", nameOf(inventory, plan.requester)],
        ["Where", whereOf(plan)],
        ...rest,
        ["Time", [expectedTimeInFull(plan), ...objective(plan)].join(". Objective ")],
        ["By hand", ["the same steps as commands: in the thread, or ", { code: `/dr by-hand ${plan.id}` }]],
        ["Why", quoted(plan.reason, "reason")],
      ],
    },
  ];
}

function whereOf(plan: Plan): string {
  const { from, to, mode } = plan;
  if (isMove(plan)) return `${from} → ${to} (${mode})`;
  return from === to ? to : `${from} and ${to}`;
}
