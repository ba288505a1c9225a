import { z } from "zod";
import { Mode, type PlannedStep } from "../../src/domain/plan-run/plan.ts";
import { RUNBOOKS, runbookOf } from "../../src/flows/runbooks/index.ts";
import type { ExampleName } from "./example.ts";

/** A runbook on a service of an example. */
export interface Play {
  /** `desk failover`, for the titles of tests. */
  readonly title: string;
  readonly example: ExampleName;
  readonly service: string;
  readonly runbook: string;
  /** What has to be wished for besides. */
  readonly words?: Readonly<Record<string, string>>;
}

/**
 * A service for each way that one can be made: what is not here is in no table of tests. `only`: what it does otherwise than
 * the ones before it.
 */
const SERVICES: readonly (readonly [ExampleName, service: string, only?: string])[] = [
  ["inventory", "inventory"],
  // The health of its targets leads users, so that they start after the promotion.
  ["regami", "regami", "failover"],
  ["every-kind", "bookings"],
  ["every-kind", "desk"],
  ["every-kind", "archive"],
];

const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "bookings reboot-failover": { store: "guests" },
};

/** What a runbook refuses for good, and what it says then. */
export const REFUSED: Readonly<Record<string, string>> = {
  "archive failover": "stores.years cannot go to another region",
};

const ALL: readonly Play[] = SERVICES.flatMap(([example, service, only]) =>
  RUNBOOKS.filter(({ name }) => only === undefined || name === only).map(({ name: runbook }): Play => {
    const title = `${service} ${runbook}`;
    return { title, example, service, runbook, ...(WORDS[title] ? { words: WORDS[title] } : {}) };
  }),
);

/** Every runbook on every service that can have it: the tables of tests walk this one. */
export const PLAYS = ALL.filter(({ title }) => REFUSED[title] === undefined);
export const REFUSALS = ALL.filter(({ title }) => REFUSED[title] !== undefined);

/** Whose call leads back when it is made twice: who cannot see whether it was made asks people. */
export const isToggle = ({ leadsBack }: Pick<PlannedStep, "leadsBack">): boolean => leadsBack === true;

const HasMode = z.object({ mode: Mode });

/** The modes in which it can be wished for; of a runbook that knows none, one. */
export function modesOf({ runbook: name }: Play): readonly Mode[] {
  const runbook = runbookOf({ runbook: name, id: name });
  const known = Mode.options.filter((mode) => {
    const wish = runbook.read({ mode });
    return wish.ok && HasMode.safeParse(wish.wish).data?.mode === mode;
  });
  return known.length > 0 ? known : ["unplanned"];
}

/** Each of them in each of its modes. */
export const inEachMode = <T extends Play>(plays: readonly T[]): (T & { readonly mode: Mode })[] =>
  plays.flatMap((play) => modesOf(play).map((mode) => ({ ...play, mode })));
