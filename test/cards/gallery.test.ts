import { describe, expect, test } from "@jest/globals";
import { RENDER } from "../../src/app/cards.ts";
import type { NewsKind } from "../../src/domain/plan-run/run-news.ts";
import { OCCASIONS } from "../../src/flows/reach/occasions.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import { cards, forms } from "./gallery.ts";

const ids = Object.keys(cards());

/** The kind that an id begins with; of several, the longest. */
const kindOf = (id: string): string | undefined =>
  Object.keys(RENDER)
    .filter((kind) => id === kind || id.startsWith(`${kind}-`))
    .toSorted((one, other) => other.length - one.length)[0];

const statesOf = (kind: string): Set<string> =>
  new Set(ids.filter((id) => kindOf(id) === kind).map((id) => id.slice(kind.length + 1)));

/** Every piece of news, by its kind: one that is missing here does not compile. */
const NEWS = Object.keys({
  ...{ key: 0, started: 0, "no-return": 0, waits: 0, "seen-open": 0, opened: 0 },
  ...{ unfenced: 0, fenced: 0, unwinding: 0, verified: 0, unwound: 0, closed: 0 },
} satisfies Record<NewsKind, 0>);

/** Occasions that are about no run: nobody is sent the card of one. */
const NO_RUN = [
  "incident",
  "store-lost",
  "store-full",
  "store-away",
  "degraded",
  "ledger-unwritable",
  "not-ready",
  "unheard",
  "slack-away",
  "broken",
];

describe("the gallery, which the lint and the browser walk", () => {
  test("has a card of every kind that is sent", () => {
    expect(new Set(ids.map(kindOf).filter((kind) => kind !== undefined))).toEqual(new Set(Object.keys(RENDER)));
  });

  test("has the form of every runbook", () => {
    const asked = Object.keys(forms()).filter((id) => id.startsWith("form-"));
    expect(asked).toEqual(RUNBOOKS.map(({ name }) => `form-${name}`));
  });

  test("has every piece of news of a run, and the message of every occasion on which people are called for one", () => {
    expect(statesOf("run-news")).toEqual(new Set(NEWS));
    const called = Object.keys(OCCASIONS).filter((name) => !NO_RUN.includes(name));
    expect(statesOf("call")).toEqual(new Set([...called, "of-before", "replaced"]));
  });
});
