import { expect, test } from "@jest/globals";
import { slack } from "../../../src/doors/slack/kind.ts";

test("the user group that the file names is found with the place where it stands", () => {
  expect(slack.groups.named({ slack_user_group: "S01APPROVE" })).toEqual([
    { id: "S01APPROVE", at: ["slack_user_group"] },
  ]);
  expect(slack.groups.named({})).toEqual([]);
});
