import type { Span } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { degradedIn, isWrong, type Standing } from "../domain/proof.ts";

/** One entry of `/readyz`, and of `twokey doctor --json`. */
export interface DegradedEntry {
  readonly proof: string;
  /** ISO 8601, world time. */
  readonly since: string;
  /** When it was answered last; null: never. */
  readonly answered: string | null;
  readonly state: "wrong" | "unknown" | "pending";
  readonly what: string;
  readonly instead: string;
}

export const degradedEntries = (standings: readonly Standing[]): readonly DegradedEntry[] =>
  degradedIn(standings).map((standing) => ({
    proof: standing.id,
    since: new Date(standing.sinceMs).toISOString(),
    answered: standing.answeredAtMs === undefined ? null : new Date(standing.answeredAtMs).toISOString(),
    state: stateOf(standing),
    what: whatOf(standing),
    instead: insteadOf(standing),
  }));

const stateOf = ({ proven: { kind } }: Standing): DegradedEntry["state"] =>
  kind === "wrong" || kind === "unknown" ? kind : "pending";

/** What is known of it, as one sentence. */
export function whatOf({ proves, proven }: Standing): string {
  switch (proven.kind) {
    case "wrong":
      return proven.what;
    case "unknown":
      return `Not known whether ${proves}: ${proven.why}.`;
    case "pending":
      return `Not known yet whether ${proves}.`;
    case "unprovable":
      return `No harmless call can show whether ${proves}: ${proven.why}.`;
    case "ok":
      return `${capital(proves)}.`;
  }
}

const insteadOf = ({ proven }: Standing): string =>
  proven.kind === "wrong" ? proven.instead : "Nothing is known to be wrong. TwoKey looks again within a minute.";

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** Why the process is not ready, one sentence each. Silence takes no pager away. */
export const notReady = (standings: readonly Standing[]): readonly string[] =>
  standings.flatMap((standing) =>
    standing.critical !== undefined && isWrong(standing) && !standing.isSilent
      ? [`${capital(standing.critical)}: ${whatOf(standing)}`]
      : [],
  );

export const sayWrong = (standing: Standing, process: string): string =>
  `Wrong on ${process} since ${sayTime(standing.sinceMs)}: ${whatOf(standing)} ${insteadOf(standing)}`;

export const sayMended = ({ proves }: Pick<Standing, "proves">, process: string, atMs: number): string =>
  `Mended on ${process} at ${sayTime(atMs)}: ${proves}.`;

/** What people are paged about: the gravest first, and how many more there are. */
export function sayAllWrong(wrong: readonly Standing[], process: string): string {
  const [first, ...others] = wrong.toSorted((one, other) => Number(!one.critical) - Number(!other.critical));
  if (!first) return "";
  const more = others.length === 0 ? "" : ` ${others.length} more: run twokey doctor on ${process}.`;
  return `${sayWrong(first, process)}${more}`;
}

/** Lines of the board: what is wrong first, then what gives no answer. */
export function degradedLines(standings: readonly Standing[]): readonly (readonly Span[])[] {
  const all = degradedIn(standings).filter(({ proven }) => proven.kind !== "pending");
  return all
    .toSorted((one, other) => Number(isWrong(other)) - Number(isWrong(one)))
    .map((standing) => [
      { bold: isWrong(standing) ? "Wrong" : "Not proven" },
      ` since ${sayTime(standing.sinceMs)}: ${whatOf(standing)}${isWrong(standing) ? ` ${insteadOf(standing)}` : ""}`,
    ]);
}

/** Why a move of this service is refused. */
export const sayRefusing = (service: string, refusing: readonly Standing[]): string =>
  `No plan for ${service}: ${refusing.map(sayWhatAndInstead).join(" ")} Nothing was changed.`;

export const sayWhatAndInstead = (standing: Standing): string => `${whatOf(standing)} ${insteadOf(standing)}`;

const MARKS: Readonly<Record<Standing["proven"]["kind"], string>> = {
  ok: "✓",
  wrong: "✗",
  unknown: "?",
  pending: "…",
  unprovable: "–",
};

/** One line of `twokey doctor`. */
export function doctorLine(standing: Standing): string {
  const { proven, id } = standing;
  const line = `${MARKS[proven.kind]} ${id}: ${whatOf(standing)}`;
  return proven.kind === "wrong" ? `${line}\n    ${proven.instead}` : line;
}

/** The last line of `twokey doctor`. */
export function doctorSummary(standings: readonly Standing[]): string {
  const count = (kind: Standing["proven"]["kind"]) => standings.filter(({ proven }) => proven.kind === kind).length;
  const said = [`${count("ok")} proven`, `${count("wrong")} wrong`, `${count("unknown")} without an answer`];
  const rest = count("unprovable") === 0 ? [] : [`${count("unprovable")} that no call can show`];
  return `${[...said, ...rest].join(", ")}.`;
}

/** What `twokey doctor --json` prints of one proof. */
export const doctorEntry = (standing: Standing) => ({
  proof: standing.id,
  proves: standing.proves,
  state: standing.proven.kind,
  what: whatOf(standing),
  ...(standing.proven.kind === "wrong" ? { instead: standing.proven.instead } : {}),
  critical: standing.critical ?? null,
  at: new Date(standing.sinceMs).toISOString(),
});
