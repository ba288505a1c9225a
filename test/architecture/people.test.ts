import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";

const SOURCES = new URL("../../src/", import.meta.url).pathname;

/** Where ids of Slack are known: its door, its integration, and the false Slack with what derives one from a file. */
const KNOW_SLACK = /^(doors|integrations|simulators)\/slack\/|^sandbox\/derive-slack\.ts$/;

/** An id of an account, the pattern of one, a mention in Slack's own markup, or a person's account read from the file. */
const ACCOUNT = /slackId|slack_id|slackUser|SlackUser(?!Group)|<@|\[UW\]|\.also\b|\bU0[A-Z0-9]{3,}/;
/** `settings.slack`, `file.slack` and the like are the workspace or the way to it, not somebody in it. */
const OF_A_PERSON =
  /(?<!\b(?:settings|file|shape|spec|ports|doors|options)|\.)\.slack\b|\(\{[^}]*\bslack\b[^}]*\}\)\s*=>/;
/** The same of a channel. Its id is a value inside, as a queue's name is; what it looks like and how it is mentioned is Slack's. */
const FORM_OF_A_CHANNEL = /\[CD?G\]|<#|\b[CG]0[A-Z0-9]{3,}|channel_id/;
const GROUP = /user_?group|subteam|\^S\[|\bS0[A-Z0-9]{3,}/i;

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const isOfSlack = (line: string) => [ACCOUNT, OF_A_PERSON, FORM_OF_A_CHANNEL, GROUP].some((form) => form.test(line));

test("inside the app people have person ids only: who has which Slack account is known to its door and integration", () => {
  const knowing = files
    .filter((name) => !KNOW_SLACK.test(name))
    .flatMap((name) => {
      const lines = readFileSync(`${SOURCES}${name}`, "utf8").split("\n");
      return lines.flatMap((line, index) => (isOfSlack(line) ? [`${name}:${index + 1}: ${line.trim()}`] : []));
    });

  expect(files.length).toBeGreaterThan(300);
  expect(knowing).toEqual([]);
});

describe("this check can fail", () => {
  test.each([
    "const asker = body.user.slackId;",
    "const mention = `<@`;",
    'if (id === "U04JONAS") return;',
    "people.map(({ slack }) => slack)",
    "const mention = `<#`;",
    "/^[CG][A-Z0-9]+$/",
    'channel: "C0INC4MZQ8T"',
    "members(file.approvals.slack_user_group)",
    'await client.usergroups.users.list({ usergroup: "S0APP" });',
  ])("on %s", (line) => {
    expect(isOfSlack(line)).toBe(true);
  });

  test("not on a person's id, and not on a channel that is only handed on", () => {
    const lines = ["{ person: run.plan.requester }", "{ channel: incident.channel.id }", "file.slack.team"];

    expect(lines.filter(isOfSlack)).toEqual([]);
  });
});
