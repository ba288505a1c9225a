import { describe, expect, test } from "@jest/globals";
import { memberOf } from "../../../src/integrations/slack/people.ts";

const WHOLE = {
  ...{ id: "U0ANA", team_id: "T0ACME", deleted: false, profile: { email: "ana@example.com" } },
  ...{ is_bot: false, is_restricted: false, is_ultra_restricted: false },
};

/** Slack's own answer to users.info, through the schema that the caller gives. */
const asked = (user: object) =>
  memberOf({ call: async (_method, schema) => schema.parse({ user }) }, "U0ANA", { team: "T0ACME" });

describe("an account that Slack tells only half about", () => {
  test("is known only with every flag that tells a guest or a bot", async () => {
    expect((await asked(WHOLE)).disqualifiedBy).toEqual([]);
    for (const flag of ["deleted", "is_bot", "is_restricted", "is_ultra_restricted", "team_id"] as const) {
      const { [flag]: _left, ...half } = WHOLE;
      await expect(asked(half)).rejects.toThrow();
    }
  });

  test("is not taken for the one who clicked when it is another", async () => {
    await expect(asked({ ...WHOLE, id: "U0EVE" })).rejects.toMatchObject({ code: "slack-person-unclear" });
  });
});
