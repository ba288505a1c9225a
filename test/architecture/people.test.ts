import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const SOURCES = new URL("../../src/", import.meta.url).pathname;

/** Where accounts of Slack may be known: its door, its integration, the file's own schema and lint, and false worlds. */
const KNOW_ACCOUNTS =
  /^(doors\/slack|integrations\/slack|config|simulators|sandbox)\/|^(demo|domain\/people\/person)\.ts$/;

/** An id of an account, the pattern of one, a mention in Slack's own markup, or a person's account read from the file. */
const ACCOUNT = /slackId|slack_id|slackUser|SlackUser|<@|\[UW\]|\.also\b|\bU0[A-Z0-9]{3,}/;
/** `settings.slack`, `file.slack` and the like are the workspace or the way to it, not somebody in it. */
const OF_A_PERSON = /(?<!\b(?:settings|file|spec|doors|options)|\.)\.slack\b|\(\{[^}]*\bslack\b[^}]*\}\)\s*=>/;

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test("inside the app people have person ids only: who has which Slack account is known to its door and integration", () => {
  const knowing = files
    .filter((name) => !KNOW_ACCOUNTS.test(name))
    .flatMap((name) => {
      const lines = readFileSync(`${SOURCES}${name}`, "utf8").split("\n");
      return lines.flatMap((line, index) =>
        ACCOUNT.test(line) || OF_A_PERSON.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : [],
      );
    });

  expect(files.length).toBeGreaterThan(300);
  expect(knowing).toEqual([]);
});
