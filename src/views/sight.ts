import { type Card, type Span, spans, type Text } from "../domain/card/card.ts";
import type { Glimpse } from "../domain/service/glimpse.ts";
import { plainText } from "./card-text.ts";
import { inRoom, someOf } from "./room.ts";

/** What somebody who asked for a plan is shown while TwoKey looks. */
export interface Sight {
  readonly service: string;
  /** Who asked, by name. */
  readonly asker: string;
  readonly glimpses: readonly Glimpse[];
  /** How it ended; absent while it goes on. */
  readonly outcome?: Text | undefined;
}

/** Parts of one line, and parts that are waited for: more says nothing in a second. */
const PARTS_SHOWN = 8;
const WAITED_SHOWN = 4;

/** One line a region, edited as the answers come in; at the end what became of it. */
export function sightCard({ service, asker, glimpses, outcome }: Sight): Card {
  const regions = [...new Set(glimpses.flatMap(({ region }) => region ?? []))];
  const said = (region: string | undefined) => glimpses.filter((each) => each.region === region && each.says);
  const lines = [...regions, undefined].flatMap((region): Text[] => {
    const parts = said(region).map(({ what, says = "" }) => inRoom(`${what} ${says}`, "title"));
    const shown = parts.length > PARTS_SHOWN ? [...parts.slice(0, PARTS_SHOWN), "…"] : parts;
    return shown.length === 0 ? [] : [[...(region ? [{ bold: region }, ": "] : []), shown.join(" · ")]];
  });
  const waited = glimpses.flatMap(({ what, region, says }) => (says ? [] : `${what}${region ? ` in ${region}` : ""}`));
  const end: readonly Span[] = outcome === undefined ? stillLooking(waited) : spansOf(outcome);
  const head = spans`${outcome === undefined ? "Looking" : "Looked"} at ${{ bold: service }} for a plan that ${asker} asked for.`;
  return {
    text: [head, ...lines, end].map((line) => plainText(line)).join(" "),
    parts: [
      // What came of it is the first line; while it goes on the newest is the last one.
      ...(outcome === undefined ? [] : [{ kind: "text" as const, text: end }]),
      { kind: "text", text: head },
      ...(lines.length === 0 ? [] : [{ kind: "lines" as const, plain: true as const, lines }]),
      ...(outcome === undefined ? [{ kind: "text" as const, text: end }] : []),
    ],
  };
}

interface Ended {
  /** By name. */
  readonly asker: string;
  /** The asker is answered why. Others are only where the words are about the service: all others were not for the room. */
  readonly isTold: boolean;
  /** Why there is no plan, where it is for everybody: a sentence or several about the service. */
  readonly forRoom?: string | undefined;
  readonly mayBeKept: boolean;
}

/** What everybody is told who could see the look, where it ended with an error. */
export function endedWithout({ asker, isTold, forRoom, mayBeKept }: Ended): string {
  if (forRoom !== undefined) return whole(forRoom) ?? `${inRoom(forRoom, "sentence")} ${asker} was answered all of it.`;
  if (!mayBeKept)
    return isTold ? `No plan. Nothing was changed. Only ${asker} is told why.` : "No plan: it went wrong.";
  const what = isTold ? `Only ${asker} is told what became of it.` : "It went wrong.";
  return `${what} /dr status shows whether there is a plan.`;
}

/** Undefined: too long for the room that it has. */
function whole(text: string): string | undefined {
  const shown = inRoom(text, "sentence");
  return shown.endsWith("…") ? undefined : shown;
}

const stillLooking = (waited: readonly string[]): readonly Span[] =>
  spans`${waited.length === 0 ? "Making the plan …" : `Still looking: ${someOf(waited, WAITED_SHOWN)} …`} If this stands still: /dr status`;

const spansOf = (text: Text): readonly Span[] => (typeof text === "string" ? [text] : text);
