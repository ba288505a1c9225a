import type { Card, CardPart, Text } from "../domain/card/card.ts";
import type { PersonId } from "../domain/people/person.ts";
import { someOf } from "./room.ts";

/** More would push other people off the card. */
const MOST_SERVICES = 3;

export interface OnCallLine {
  readonly policy: string;
  readonly level: number;
  readonly name: string;
  readonly person?: PersonId | undefined;
  readonly untilMs: number | undefined;
}

export interface OnCallNow {
  readonly lines: readonly OnCallLine[];
  /** Policies that nobody is on call for. */
  readonly empty: readonly string[];
  /** Set when the pager did not say: then nothing is guessed. */
  readonly why?: string;
  /** For whom the card may show it: people of the file. */
  readonly toCall?: ToCall;
}

/** How somebody is reached where no pager does it. */
export interface Reached {
  readonly person: PersonId;
  readonly phone: string | undefined;
  readonly email: string;
}

export interface ToCall {
  /** Names at the keeper of people whom the file does not have. */
  readonly unlisted: readonly string[];
  readonly keeper: string;
  /** The ones on call first. */
  readonly helpers: readonly Reached[];
  readonly approvers: readonly (Reached & {
    /** A pager can wake them. */
    readonly isRung: boolean;
    /** Absent: every service. */
    readonly keysFor?: readonly string[];
  })[];
}

const BY_NAME: CardPart = { kind: "text", text: ["To page somebody by name: ", { code: "/dr escalate @who" }] };

/** Who is on call now, and by which number people are called when no pager reaches them. */
export function onCallCard({ lines, empty, why, toCall }: OnCallNow): Card {
  const numbers = numbersPart(toCall);
  if (why !== undefined) {
    const text = `Who is on call is not known: ${why}`;
    return { text, parts: [{ kind: "heading", text: "On call" }, { kind: "text", text }, ...numbers] };
  }
  const said: Text[] = lines.map(({ policy, level, name, person, untilMs }) => [
    { bold: policy },
    ` · level ${level} · `,
    person === undefined ? name : { person },
    ...(untilMs === undefined ? [" · no end set"] : [" · until ", { timeMs: untilMs, as: "time" } as const]),
  ]);
  const missing: Text[] = empty.map((policy) => [{ bold: policy }, " · ", { bold: "nobody is on call" }]);
  const names = lines.map((line) => line.name).join(", ");
  return {
    text: empty.length > 0 ? `Nobody is on call for ${empty.join(", ")}` : `On call: ${names || "nobody"}`,
    parts: [
      { kind: "heading", text: "On call" },
      { kind: "lines", lines: [...missing, ...said] },
      ...(empty.length === 0 ? [] : [BY_NAME]),
      ...numbers,
    ],
  };
}

function numbersPart(toCall: ToCall | undefined): CardPart[] {
  if (toCall === undefined) return [];
  const { unlisted, keeper, helpers, approvers } = toCall;
  const strangers = unlisted.map((name): Text => `${name} · not in twokey.yaml: ${keeper} may have a number`);
  const keyHolders = approvers.map(({ isRung, keysFor, ...one }): Text => {
    const only = keysFor === undefined ? "" : ` · keys for ${someOf(keysFor, MOST_SERVICES)} only`;
    return [{ person: one.person }, ` · ${sayNumber(one)}${isRung ? "" : " · no pager rings them"}${only}`];
  });
  return [
    ...listPart("By telephone", [
      ...strangers,
      ...helpers.map((one): Text => [{ person: one.person }, ` · ${sayNumber(one)}`]),
    ]),
    ...listPart("Who turns keys, by telephone", keyHolders),
  ];
}

const sayNumber = ({ phone, email }: Reached): string => phone ?? `no number in twokey.yaml · ${email}`;

function listPart(title: string, lines: readonly Text[]): CardPart[] {
  if (lines.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: title }, " (only you see this)"] },
    { kind: "lines", lines },
  ];
}
