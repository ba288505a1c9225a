import { describe, expect, test } from "@jest/globals";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { inSlack } from "../../harness/in-slack.ts";

const accounts = slackAccounts(() => ({
  people: { ana: inSlack("U0ANA", "W0ANA", "U1ANA"), ben: inSlack("W0BEN") },
}));

describe("whose account it is", () => {
  test("guard distinct people: two accounts of one human are one person, whichever they use (G2)", () => {
    expect(["U0ANA", "W0ANA", "U1ANA"].map(accounts.personOf)).toEqual(["ana", "ana", "ana"]);
  });

  test("an account that nobody is listed with is nobody's", () => {
    for (const stranger of ["U0EVE", "", "ana", "constructor"]) expect(accounts.personOf(stranger)).toBeUndefined();
  });

  test("a person is reached by the account of the file, of Enterprise Grid as well; who is not listed has none", () => {
    expect(["ana", "ben", "eve", "constructor"].map(accounts.memberOf)).toEqual([
      ...["U0ANA", "W0BEN", undefined, undefined],
    ]);
  });

  test("the file of this moment counts", () => {
    const file = { people: { ana: inSlack("U0ANA") } };
    const live = slackAccounts(() => file);
    file.people.ana = inSlack("U9ANA");
    expect([live.memberOf("ana"), live.personOf("U0ANA")]).toEqual(["U9ANA", undefined]);
  });
});
