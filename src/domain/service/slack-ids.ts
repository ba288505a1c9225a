import { z } from "zod";

/**
 * Ids that the file takes from Slack, each in the form that Slack gives it. Nothing else inside knows a form. Whose a member id is
 * stays with doors and integrations. A channel is a place and no person: its id proves nothing, is kept and handed on as it is.
 */
export const SlackMemberId = z.string().regex(/^[UW][A-Z0-9]+$/, "must be a Slack member id (U… or W…)");
export const SlackChannelId = z.string().regex(/^[CG][A-Z0-9]+$/, "must be a Slack channel id (C…)");
export const SlackUserGroupId = z.string().regex(/^S[A-Z0-9]+$/, "must be a Slack user group id (S…)");
