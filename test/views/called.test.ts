import { expect, test } from "@jest/globals";
import { whoIsLeft } from "../../src/domain/plan-run/key.ts";
import { calledNow } from "../../src/flows/reach/called-now.ts";
import { type Calls, NOBODY_CALLED } from "../../src/flows/reach/calls.ts";
import { whoIsNeeded } from "../../src/flows/reach/run-needs.ts";
import { cardText } from "../../src/views/card-text.ts";
import { planCard } from "../../src/views/plan.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const inventory = example("inventory");
const run = proposed(inventory);
const { reason = "" } = whoIsNeeded(run, inventory, AT) ?? {};

const shown = (calls: Partial<Calls>, file = inventory): string => {
  const called = calledNow(run, { ...NOBODY_CALLED, reason, ...calls }, { inventory: file, nowMs: AT });
  return cardText(planCard(run, file, { nowMs: AT, called })).replaceAll("\u00a0", " ");
};

test("the plan card says who is called, from what the pager has taken, and nothing before", () => {
  expect(shown({ pagedAtMs: AT })).toMatch(/PagerDuty called all of them at .+, and calls again every 5 min\./);
  expect(shown({ outcome: "retry: busy" })).not.toContain("called");
  expect(shown({ pagedAtMs: AT, reason: "keys:1" })).not.toContain("called");
});

test("of a plan only those are said to be called whom the pager that rings knows", () => {
  const [first] = whoIsLeft(run, inventory);
  const without = (unknown: (id: string) => boolean) => ({
    ...inventory,
    people: inventory.people.map((person) => (unknown(person.id) ? { ...person, pagers: {} } : person)),
  });
  const some = shown(
    { pagedAtMs: AT },
    without((id) => id === first?.id),
  );
  expect(some).toMatch(/PagerDuty called .+ at /);
  expect(some).not.toMatch(new RegExp(`called [^.]*${first?.name}|called all`));
  expect(
    shown(
      { pagedAtMs: AT },
      without(() => true),
    ),
  ).toContain("PagerDuty called nobody whom it knows by name at ");
});
