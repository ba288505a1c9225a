import { expect, test } from "@jest/globals";
import { memberships } from "../../../src/integrations/slack/membership.ts";
import type { Member } from "../../../src/integrations/slack/people.ts";
import { silent } from "../../harness/fakes/index.ts";

/** What it says of an account of which Slack gives these answers, one a call, the last for good. */
function asking(...answers: readonly (Member | Error)[]) {
  const asked: string[] = [];
  const of = memberships(async (account) => {
    asked.push(account);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof Error || answer === undefined) throw answer;
    return answer;
  }, silent);
  return { of, asked };
}

const ordinary = { disqualifiedBy: [], isOfEnterprise: false };

test.each([
  ["an ordinary member is one", ordinary, { kind: "member" }],
  ["a guest is none", { ...ordinary, disqualifiedBy: ["guest"] }, { kind: "outsider", why: "guest" }],
  [
    "somebody of another team is none",
    { ...ordinary, disqualifiedBy: ["other team"] },
    { kind: "outsider", why: "other team" },
  ],
  [
    "a colleague of another workspace of our Enterprise Grid is one, though no key of theirs counts",
    { disqualifiedBy: ["other team"], isOfEnterprise: true },
    { kind: "member" },
  ],
  [
    "a guest in our Enterprise Grid is none",
    { disqualifiedBy: ["guest", "other team"], isOfEnterprise: true },
    { kind: "outsider", why: "guest" },
  ],
])("%s", async (_claim, member, expected) => {
  expect(await asking(member).of("U0LEA")).toEqual(expected);
});

test("Slack is asked once a minute for each account, however often that one asks", async () => {
  const { of, asked } = asking(ordinary);

  for (const account of ["U0LEA", "U0GUS", "U0LEA", "U0LEA"]) await of(account);

  expect(asked).toEqual(["U0LEA", "U0GUS"]);
});

test("what Slack did not say is not remembered", async () => {
  const { of } = asking(new Error("dark"), ordinary);

  expect([await of("U0LEA"), await of("U0LEA")]).toEqual([{ kind: "unknown" }, { kind: "member" }]);
});

test("while Slack takes its time nobody knows, and what it says then counts for the next question", async () => {
  let says: (member: Member) => void = () => undefined;
  const slow = new Promise<Member>((resolve) => (says = resolve));
  const of = memberships(() => slow, silent);

  expect(await of("U0LEA")).toEqual({ kind: "unknown" });
  says(ordinary);
  expect(await of("U0LEA")).toEqual({ kind: "member" });
});
