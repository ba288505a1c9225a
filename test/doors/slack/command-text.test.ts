import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseCommand } from "../../../src/doors/slack/command-text.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { inSlack } from "../../harness/in-slack.ts";

const accounts = slackAccounts(() => ({
  people: { ana: inSlack("U0ANA", "W0ANA"), ben: inSlack("U0BEN") },
}));
const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);

describe("Command text", () => {
  test.each([
    ["", "help", []],
    ["  STATUS  ", "status", []],
    ["failover inventory to us-west-2 dry-run", "failover", ["inventory", "to", "us-west-2", "dry-run"]],
    ["failover in\u200bventory\ufeff to us\u2060-west-2", "failover", ["inventory", "to", "us-west-2"]],
    ["ｄｅｃｌａｒｅ ｓｅｖ１ down", "declare", ["sev1", "down"]],
    ["fаilover inventоry to us-wеst-2", "failover", ["inventory", "to", "us-west-2"]],
    ["failover inventory to us\u2010west\u20112", "failover", ["inventory", "to", "us-west-2"]],
    ["failover inventory to us\u2212west\u20132", "failover", ["inventory", "to", "us-west-2"]],
    ["fa\u034filover \u0131nventory\ufe0f to us-west-2", "failover", ["inventory", "to", "us-west-2"]],
    ["declare sev1\u3164inventory is down", "declare", ["sev1", "inventory", "is", "down"]],
    ["declare London – Paris is slow", "declare", ["London", "–", "Paris", "is", "slow"]],
    ["declare ѕеv1 сервис не отвечает", "declare", ["sev1", "сервис", "не", "отвечает"]],
    ["failover inventory —dry-run", "failover", ["inventory", "--dry-run"]],
    ["declare sev1 “payments are down”", "declare", ["sev1", "payments are down"]],
    ["update can't say \"half", "update", ["can't", "say", '"half']],
    ["role commander <@U0BEN|ben the great>", "role", ["commander", "@ben"]],
    ["escalate <@W0ANA>", "escalate", ["@ana"]],
    ["escalate <@U0EVE|ana>", "escalate", ["@ana(not-listed)"]],
    ["escalate <@U0EVE|ana (the real one)>", "escalate", ["@ana.the.real.one.(not-listed)"]],
    ["escalate <@U0EVE>", "escalate", ["@somebody(not-listed)"]],
    ["escalate <!subteam^S0APP|@app>", "escalate", ["@S0APP"]],
    ["task see <#C0OPS|ops> now", "task", ["see", "#C0OPS", "now"]],
    ["update see <https://x.example/a?b=1&amp;c=2|x.example>", "update", ["see", "https://x.example/a?b=1&c=2"]],
    ["declare a &lt;!channel&gt; &amp;lt; b", "declare", ["a", "<!channel>", "&lt;", "b"]],
  ] as const)("%j asks for %s with %j", (given, verb, args) => {
    expect(parseCommand(given, accounts)).toMatchObject({ verb, args });
  });

  test("keeps what was typed after the verb, line ends and all", () => {
    expect(parseCommand("update Step  one\ndone — and ‘two’ too", accounts).text).toBe(
      "Step  one\ndone — and 'two' too",
    );
  });

  test(`never throws, and loses no word (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (given) => {
        const { args, text } = parseCommand(`say ${given}`, accounts);
        // Quotes and spaces may go, and nothing else.
        const bare = (words: string) => words.replaceAll(/["\s]/g, "");
        expect(bare(args.join(""))).toBe(bare(text));
      }),
      { seed: SEED },
    );
  });
});
