import type { CardPart, Text } from "../domain/card/card.ts";
import type { Incident } from "../domain/incident/incident.ts";
import type { Page } from "../domain/incident/page.ts";
import { inRoom } from "./room.ts";

type NameOf = (id: string) => string;

/** People shown; a long night stays readable on a phone. */
const PEOPLE_SHOWN = 12;

/** Best news first: of several ways to reach one person, the best one says how it stands. */
const PAGE_WORDS: Readonly<Record<Page["state"], string>> = {
  acked: "answered",
  superseded: "no longer needed",
  accepted: "no answer yet",
  intent: "being sent",
  retry: "trying again",
  unknown: "unclear, trying again",
  exhausted: "did not answer",
  told: "told; it cannot be answered there",
  throttled: "held back",
  rejected: "refused",
};
const NOT_TAKEN = new Set<Page["state"]>(["intent", "retry", "unknown", "throttled", "rejected"]);
/** Somebody may still be reached by one of them. */
const UNDER_WAY = new Set<Page["state"]>(["intent", "retry", "accepted", "unknown", "throttled"]);

/** Whether somebody was paged, and no page is under way any more. */
export const hasPagingStopped = ({ pages }: Incident): boolean =>
  pages.length > 0 && !pages.some(({ state }) => UNDER_WAY.has(state));
/** Whoever takes pages for us has taken at least one of them. */
const isTaken = (pages: readonly Page[]): boolean => pages.some(({ state }) => !NOT_TAKEN.has(state));
const BEST_FIRST = Object.keys(PAGE_WORDS);

/** Who was paged, how, when, with what result: one line a person, of the newest round. */
export function pagesPart(incident: Incident, nameOf: NameOf): CardPart[] {
  const newest = new Map<string, Page>();
  for (const page of incident.pages) newest.set(`${page.target.id}:${page.via}`, page);
  const people = new Map<string, Page[]>();
  for (const page of newest.values()) people.set(page.target.id, [...(people.get(page.target.id) ?? []), page]);
  const shown = [...people.values()].toSorted((a, b) => newestOf(b) - newestOf(a));
  if (shown.length === 0) return [];
  const usual = usualOf(shown);
  const isMixed = shown.some((pages) => waysOf(pages) !== usual);
  const hasLevels = new Set(shown.flat().map(({ level }) => level)).size > 1;
  const lines = shown
    .slice(0, PEOPLE_SHOWN)
    .map((pages) => personLine(pages, { usual, hasLevels, nameOf: (id) => targetName(incident, id, nameOf) }));
  const more = shown.length - lines.length;
  return [
    {
      kind: "text",
      text: [
        { bold: isTaken(shown.filter((pages) => waysOf(pages) === usual).flat()) ? "Paged" : "To be paged" },
        ` by ${usual}${isMixed ? " unless a line says otherwise" : ""}${shown.flat().some(({ target }) => target.kind !== "person") ? ". Who is on call: /dr oncall" : ""}`,
      ],
    },
    { kind: "lines", lines: more > 0 ? [...lines, `and ${more} more`] : lines },
  ];
}

const newestOf = (pages: readonly Page[]): number => Math.max(...pages.map(({ intentAtMs }) => intentAtMs));

/** How most people were paged, said once for all of them. */
function usualOf(people: readonly (readonly Page[])[]): string {
  const counts = new Map<string, number>();
  for (const pages of people) counts.set(waysOf(pages), (counts.get(waysOf(pages)) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

const waysOf = (pages: readonly Page[]): string => pages.map(howOf).join(" and ");

interface Shown {
  /** How most were paged: said above the lines. */
  readonly usual: string;
  readonly hasLevels: boolean;
  readonly nameOf: NameOf;
}

function personLine(pages: readonly Page[], { usual, hasLevels, nameOf }: Shown): Text {
  const [best, ...others] = pages.toSorted((a, b) => BEST_FIRST.indexOf(a.state) - BEST_FIRST.indexOf(b.state));
  if (!best) return "";
  const who = best.target.kind === "pager-service" ? "on call for the service" : nameOf(best.target.id);
  const how = waysOf(pages) === usual ? "" : ` · ${waysOf(pages)}`;
  const level = hasLevels ? ` · level ${best.level}` : "";
  const again = best.round > 0 ? ` · round ${best.round + 1}` : "";
  const worse = others.filter(({ state }) => state !== best.state).map((page) => ` · ${howOf(page)}: ${stateOf(page)}`);
  return [
    { bold: who },
    `${how}${level} · `,
    { timeMs: newestOf(pages), as: "time" },
    `${again} · ${stateOf(best)}${worse.join("")}`,
  ];
}

const howOf = ({ via, channels }: Page): string => (via === "slack" ? "message" : channels.join(", ") || "pager");

/** Why it failed once is no news any more when somebody answered. */
const stateOf = ({ state, why }: Page): string =>
  why === undefined || state === "superseded" || state === "acked"
    ? PAGE_WORDS[state]
    : `${PAGE_WORDS[state]} (${inRoom(why, "error")})`;

/** A policy of the pager has no name that people know; the audience that it stands for has. */
export function targetName(incident: Incident, id: string, nameOf: NameOf): string {
  const audience = Object.entries(incident.escalation.audiences).find(
    ([, each]) => each.kind === "pager" && each.policy === id,
  )?.[0];
  return audience === undefined ? nameOf(id) : audience.replaceAll("_", " ");
}
