import { Bug } from "../domain/errors.ts";
import type { PersonId } from "../domain/people/person.ts";
import { approversOf } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { approversGroupOf, slackAccounts } from "../integrations/slack/accounts.ts";
import type { SlackSpecInput } from "../simulators/slack/spec.ts";

/** Who and what is in the workspace beside the people and the channel of the file. */
export const SLACK_EXTRAS = {
  botToken: "xoxb-sim-twokey",
  appToken: "xapp-sim-twokey",
  signingSecret: "simulated-signing-secret",
  appId: "A0TWOKEY",
  botUserId: "U0SIMTWOKEY",
  generalChannel: "C0SIMGENERAL",
  colleague: "U0SIMCOLLEAGUE",
  guest: "U0SIMGUEST",
  otherBot: "U0SIMBOT",
  deactivated: "U0SIMGONE",
  partner: "U0SIMPARTNER",
} as const;

/** Those of the app's manifest, and no more: what it may not do in a real workspace it may not do here. */
export const SCOPES = [
  ...["commands", "chat:write", "channels:manage", "channels:read", "channels:history", "im:write", "im:history"],
  ...["users:read", "usergroups:read", "pins:write", "bookmarks:read", "bookmarks:write"],
];

/** The file's team and people with all their accounts, and one of each kind of account that may not turn keys. */
export function deriveSlack(inventory: Inventory): SlackSpecInput {
  const { file } = inventory;
  const { team, enterprise } = file.slack;
  const accounts = accountsIn(file);
  const members = accounts.map(({ id }) => id);
  const everyone = [...members, SLACK_EXTRAS.botUserId];
  const { alerts, organisation } = file;
  const domain = organisation.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return {
    team: { id: team, name: organisation, domain, ...(enterprise === undefined ? {} : { enterpriseId: enterprise }) },
    users: [
      ...accounts,
      { id: SLACK_EXTRAS.colleague, name: "colleague", realName: "A colleague whom the file does not list" },
      { id: SLACK_EXTRAS.guest, name: "guest", realName: "A guest", flags: { guest: true } },
      { id: SLACK_EXTRAS.otherBot, name: "other-bot", realName: "Another bot", flags: { bot: true } },
      { id: SLACK_EXTRAS.partner, name: "partner", realName: "Somebody of another team", teamId: "T0SIMPARTNER" },
      { id: SLACK_EXTRAS.deactivated, name: "gone", realName: "A former colleague", flags: { deleted: true } },
    ],
    usergroups: usergroupsOf(inventory),
    channels: [
      { id: alerts.channel, name: "alerts", members: everyone, isPrivate: alerts.channel.startsWith("G") },
      {
        id: SLACK_EXTRAS.generalChannel,
        name: "general",
        members: [...everyone, SLACK_EXTRAS.colleague, SLACK_EXTRAS.guest, SLACK_EXTRAS.partner],
      },
    ],
    apps: [
      {
        ...{ appId: SLACK_EXTRAS.appId, name: "TwoKey", botUserId: SLACK_EXTRAS.botUserId },
        ...{ botToken: SLACK_EXTRAS.botToken, appToken: SLACK_EXTRAS.appToken },
        ...{ signingSecret: SLACK_EXTRAS.signingSecret, scopes: SCOPES, commands: ["/dr"] },
        events: ["app_mention", "app_home_opened"],
      },
    ],
  };
}

const accountsIn = (file: Inventory["file"]) =>
  Object.entries(file.people).flatMap(([person, { name, email }]) =>
    slackAccounts(() => file)
      .membersOf(person)
      .map((id, index) =>
        index === 0
          ? { id, name: person, realName: name, email }
          : { id, name: `${person}-${index + 1}`, realName: name },
      ),
  );

function usergroupsOf(inventory: Inventory): NonNullable<SlackSpecInput["usergroups"]> {
  const id = approversGroupOf(inventory.file);
  if (id === undefined) return [];
  const users = approversOf(inventory, undefined).map((approver) => accountOf(inventory, approver.id));
  return [{ id, handle: "approvers", users }];
}

/** The Slack account that somebody of the file acts with. */
export function accountOf({ file }: Inventory, person: PersonId): string {
  const account = slackAccounts(() => file).memberOf(person);
  if (account === undefined) throw new Bug("nobody-of-this-id", `The file names nobody ${person}`);
  return account;
}
