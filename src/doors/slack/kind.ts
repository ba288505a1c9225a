import { z } from "zod";
import type { ChatKind } from "../../ports/door-kind.ts";

const MemberId = z.string().regex(/^[UW][A-Z0-9]+$/, "must be a Slack member id (U… or W…)");
const ChannelId = z.string().regex(/^[CG][A-Z0-9]+$/, "must be a Slack channel id (C…)");
const UserGroupId = z
  .string()
  .regex(/^S[A-Z0-9]+$/, "must be a Slack user group id (S…)")
  .meta({ examples: ["S0DRAPPROVERS"] });

/** Slack's own bot, whose id has the form of a member's. The id of every other bot begins with B, which the schema refuses. */
const SLACKBOT = "USLACKBOT";

const OfPerson = z.object({
  slack: MemberId.describe("Slack member id; a second account of the same human goes under `also`."),
  also: z
    .array(MemberId)
    .default([])
    .describe("Other Slack member ids of the same human: they count as one person everywhere."),
});
const OfApprovals = z.object({
  slack_user_group: UserGroupId.optional().describe("A Slack user group that may narrow the list, never widen it."),
});

/** What `twokey.yaml` says of Slack. Nothing outside of this door, its integration and the false world knows these forms. */
export const slack: ChatKind = {
  name: "slack",
  label: "Slack",
  accounts: {
    keys: OfPerson.shape,
    named: (person) => {
      const { slack: first, also } = OfPerson.parse(person);
      return [{ id: first, at: ["slack"] }, ...also.map((id, index) => ({ id, at: ["also", index] }))];
    },
  },
  groups: {
    keys: OfApprovals.shape,
    named: (approvals) => {
      const id = OfApprovals.parse(approvals).slack_user_group;
      return id === undefined ? [] : [{ id, at: ["slack_user_group"] }];
    },
  },
  machineOf: (account) => (account === SLACKBOT ? "Slackbot" : undefined),
  writeAccount: "write the member id of a human, as Slack shows it in their profile",
  workspace: z
    .strictObject({
      team: z
        .string()
        .regex(/^T[A-Z0-9]+$/, "must be a Slack team id (T…)")
        .describe("The only Slack team that is answered."),
      enterprise: z
        .string()
        .regex(/^E[A-Z0-9]+$/, "must be a Slack enterprise id (E…)")
        .optional()
        .describe("Its Enterprise Grid organisation, if it belongs to one.")
        .meta({ examples: ["E0123ABCD"] }),
    })
    .describe("The Slack workspace."),
  channel: ChannelId.describe("Slack channel id for alert threads."),
};
