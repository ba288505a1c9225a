import { TWOKEY_DRIVES } from "../../domain/incident/escalation.ts";
import type { PageChannel, PagerTraits } from "../../domain/incident/pager-traits.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { mostSimilar } from "../../domain/similar.ts";
import { PAGERS } from "../../integrations/pagers/index.ts";
import { sayList } from "../problem.ts";
import { type Rule, rule } from "./rule.ts";

type Pagers = TwoKeyFile["pagers"];

/** Pagers that exist, and what each kind says about its own part of the file. */
export const PAGER_RULES: readonly Rule[] = [
  rule({
    name: "pager-exists",
    severity: "error",
    because: "A page through a pager that the file does not describe goes nowhere.",
    needs: ["pagers", "people", "audiences", "escalation"],
    check: ({ pagers, people, audiences, escalation }) => {
      const named = [
        ...Object.entries(people).flatMap(([id, person]) =>
          Object.keys(person.pagers).map((pager) => ({ pager, path: ["people", id, "pagers", pager] })),
        ),
        ...Object.entries(audiences).flatMap(([team, audience]) =>
          audience.kind === "pager" ? [{ pager: audience.pager, path: ["audiences", team, "pager"] }] : [],
        ),
        ...(escalation.driver === TWOKEY_DRIVES ? [] : [{ pager: escalation.driver, path: ["escalation", "driver"] }]),
      ];
      return named
        .filter(({ pager }) => pagers[pager] === undefined)
        .map(({ pager, path }) => ({ path, ...unknownPager(pager, path.at(-1) === "driver", pagers) }));
    },
  }),
  rule({
    name: "driver-keeps-incidents",
    severity: "error",
    because: "A pager that keeps no incident cannot move an unanswered page on.",
    needs: ["pagers", "escalation"],
    check: ({ pagers, escalation: { driver } }) =>
      pagers[driver] === undefined || pagers[driver].traits.keepsIncidents
        ? []
        : [
            {
              path: ["escalation", "driver"],
              what: `${driver} keeps no incidents, so it cannot move an unanswered page on`,
              instead: `write ${TWOKEY_DRIVES}`,
            },
          ],
  }),
  rule({
    name: "one-pager-keeps-incidents",
    severity: "error",
    because: "Two pagers that each keep the incident ring twice, and neither hears the other's acknowledgement.",
    needs: ["pagers"],
    check: ({ pagers }) => {
      const keepers = Object.keys(pagers).filter((name) => pagers[name]?.traits.keepsIncidents);
      if (keepers.length === 1) return [];
      return keepers.length === 0
        ? [{ path: ["pagers"], what: "no pager can ring anybody", instead: `add ${sayList(keeperNames(), "or")}` }]
        : [
            {
              path: ["pagers", keepers[1] ?? ""],
              what: `${sayList(keepers)} would each keep the same incident`,
              instead: "keep one of them",
            },
          ];
    },
  }),
  rule({
    name: "policy-fits-its-pager",
    severity: "error",
    because: "A policy that cannot exist at its pager pages nobody.",
    needs: ["audiences"],
    check: ({ audiences }) =>
      Object.entries(audiences).flatMap(([team, audience]) => {
        const kind = audience.kind === "pager" ? PAGERS.find(({ name }) => name === audience.pager) : undefined;
        if (kind === undefined || audience.kind !== "pager") return [];
        const path = ["audiences", team, "policy"];
        if (kind.policy === undefined) {
          const what = `${kind.traits.label} knows no policies`;
          return [{ path, what, instead: "write kind: people" }];
        }
        const issue = kind.policy.safeParse(audience.policy).error?.issues[0];
        const what = `"${audience.policy}" cannot be used here`;
        return issue ? [{ path, what, instead: issue.message.replace(/^must be /, "write ") }] : [];
      }),
  }),
  ...PAGERS.flatMap(({ rules }) => rules.map((each) => rule({ ...each, needs: ["pagers", "people", "audiences"] }))),
];

const keeperNames = () => PAGERS.filter(({ traits }) => traits.keepsIncidents).map(({ name }) => name);

function unknownPager(name: string, isDriver: boolean, pagers: Pagers): { what: string; instead: string } {
  const known = [...(isDriver ? [TWOKEY_DRIVES] : []), ...Object.keys(pagers)];
  const near = mostSimilar(name, known);
  return {
    what: `pagers has no entry ${name}`,
    instead: near === undefined ? `add ${name} to pagers, or write ${sayList(known, "or")}` : `did you mean ${near}?`,
  };
}

export function traitsOf(pagers: Pagers): Readonly<Record<string, PagerTraits>> {
  return Object.fromEntries(Object.entries(pagers).map(([name, { traits }]) => [name, traits]));
}

export function labelOf(pagers: Pagers, name: string | undefined): string {
  return pagers[name ?? ""]?.traits.label ?? "the pager";
}

/** Whether a page by this channel certainly goes by it. */
export function isCertain(channel: PageChannel, pagers: Pagers): boolean {
  return channel === "slack" || Object.values(pagers).some(({ traits }) => traits.sends.includes(channel));
}

/** Whether some pager of the file can wake this person. */
export function canBeRung(person: TwoKeyFile["people"][string], pagers: Pagers): boolean {
  return PAGERS.some(
    (kind) => pagers[kind.name] !== undefined && kind.traits.rings && kind.addressOf(person) !== undefined,
  );
}

export function sayRinging(pagers: Pagers): string {
  const names = Object.keys(pagers).filter((name) => pagers[name]?.traits.rings);
  return sayList(names, "or");
}
