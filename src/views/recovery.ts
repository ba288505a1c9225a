import { ago, type Card, type CardPart, sentenceCard, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { whoCanSign } from "../domain/plan-run/key.ts";
import {
  type Act,
  countsUntilMs,
  type Recovery,
  recoveryDigest,
  signableRecovery,
  standingSignatures,
} from "../domain/plan-run/recovery.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { plainText } from "./card-text.ts";
import { nameOf, peopleLeft } from "./names.ts";
import { DIGEST_SHOWN } from "./plan.ts";

const LONGEST_LINE = 200;
/** Newest ones, which fit into one part of a message; the files have all. */
const MOST_LINES = 12;

/** What is written down before a call, which may never have been made. Every other kind of line is a word of its own. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  intent: "about to begin",
  "undo-intent": "about to begin",
  "watch-intent": "about to begin",
};

/** One act of a ledger, for people: when, who or what, with the vendor's request ids. */
function actLine({ atMs, run, service, kind, says, requestIds }: Act): Text {
  const about = [service, run, KIND_WORDS[kind] ?? kind].filter((part) => part !== undefined).join(" · ");
  const ids = requestIds.length > 0 ? ` (request ${requestIds.join(", ")})` : "";
  return [{ timeMs: atMs }, ` · ${about}: ${says}${ids}`.slice(0, LONGEST_LINE)];
}

/** What two people must understand before they sign: what is forgotten, what the world looks like, what ends. */
export function recoveryCard(recovery: Recovery, inventory: Inventory, nowMs: number): Card {
  const { id, testimonies, seen, ends, requester, forgotten } = recovery;
  const stands = standsLine(recovery, inventory, nowMs);
  return {
    text: `Redis and the ledgers disagree: nothing is moved. ${plainText(stands, { nowMs })} Look at the cloud before you sign.`,
    parts: [
      { kind: "heading", text: "Redis and the ledgers disagree. Go on from here?" },
      {
        kind: "lines",
        plain: true,
        lines: [
          stands,
          "Until then nothing is moved. Look at the databases, the records and the tasks before you sign.",
          endsLine(ends),
          ...(forgotten.length > 0
            ? [`This store does not know ${forgotten.length} acts of the ledgers. They are below.`]
            : []),
          `Asked by ${nameOf(inventory, requester)}.`,
        ],
      },
      ...waiting(recovery, inventory, nowMs),
      { kind: "text", text: ["Recovery ", { code: id }, " · digest ", { code: digestShown(recovery) }] },
      { kind: "divider" },
      ...forgottenParts(recovery),
      ...seen.flatMap(([headline = "", ...lines]): CardPart[] => [
        { kind: "text", text: [{ bold: `Now: ${headline}` }] },
        { kind: "lines", lines },
      ]),
      {
        kind: "note",
        text: `Found by ${[...new Set(testimonies.map(({ process, why }) => `${process}: ${why}`))].join("; ")}`,
      },
    ],
  };
}

const endsLine = (ends: readonly string[]): string =>
  ends.length === 0
    ? "No run is open."
    : `Closes: ${ends.join(", ")}. Their keys stop counting, and TwoKey stops watching for the old region.`;

/** An older card after somebody asked again. */
export function replacedRecoveryCard(id: string): Card {
  return sentenceCard(`Recovery ${id} was replaced: somebody asked again. Its signatures do not count.`);
}

function forgottenParts({ forgotten }: Recovery): CardPart[] {
  if (forgotten.length === 0)
    return [{ kind: "text", text: "Of the acts at the end of these ledgers the store lacks none." }];
  const left = forgotten.length - MOST_LINES;
  return [
    { kind: "text", text: [{ bold: "In the ledgers, and not in this store, newest first:" }] },
    { kind: "lines", lines: forgotten.slice(-MOST_LINES).toReversed().map(actLine) },
    ...(left > 0 ? [{ kind: "note" as const, text: `${left} older ones are in the ledger files.` }] : []),
  ];
}

function waiting(recovery: Recovery, inventory: Inventory, nowMs: number): CardPart[] {
  if (recovery.state !== "waiting") return [];
  const signed = standingSignatures(recovery, nowMs).map((signature): Text => {
    const { by, atMs } = signature;
    return spans`Signed by ${nameOf(inventory, by)} at ${ago(atMs)}. It waits for the next one until ${timeOfDay(countsUntilMs(signature))}`;
  });
  const left = whoCanSign(signableRecovery(recovery, nowMs), inventory).map(({ name }) => name);
  return [
    { kind: "lines", plain: true, lines: [...signed, `Can sign: ${left.join(", ")}`] },
    {
      kind: "buttons",
      buttons: [
        {
          label: "We have looked; go on",
          intent: "accept-store",
          value: `${recovery.id}:${recoveryDigest(recovery)}`,
          style: "danger",
          confirm: {
            title: "Go on with this store?",
            text: "You have looked at the databases, the records and the tasks yourself. Earlier runs are closed.",
            yes: "I have looked",
          },
        },
      ],
    },
  ];
}

function standsLine(recovery: Recovery, inventory: Inventory, nowMs: number): Text {
  const { state, keysRequired, signByMs } = recovery;
  const signatures = standingSignatures(recovery, nowMs);
  if (state === "accepted")
    return `Signed by ${signatures.map(({ by }) => nameOf(inventory, by)).join(" and ")}: this store counts again.`;
  return spans`${peopleLeft(keysRequired, signatures.length)} must sign by ${timeOfDay(signByMs)}.`;
}

const digestShown = (recovery: Recovery) => recoveryDigest(recovery).slice(0, DIGEST_SHOWN);
