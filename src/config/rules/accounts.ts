import { type Rule, rule, sharedBetween } from "./rule.ts";

/** Slack's own bot, whose id has the form of a member's. The id of every other bot begins with B, which the schema refuses. */
const SLACKBOT = "USLACKBOT";

/** One human behind each entry, and no machine. What the file does not show is asked of Slack when a key is turned. */
export const ACCOUNT_RULES: readonly Rule[] = [
  rule({
    name: "email-unique",
    severity: "error",
    because: "A pager, a page and an answer by mail must mean one human.",
    needs: ["people"],
    check: ({ people }) =>
      sharedBetween(
        Object.entries(people).map(([id, { email }]) => ({
          key: email.toLowerCase(),
          path: ["people", id, "email"],
          id,
        })),
        ({ key, id }, first) => ({
          what: `${id} and ${first.id} have the same e-mail address ${key}`,
          instead: "write each person's own address; a shared mailbox is nobody",
        }),
      ),
  }),
  rule({
    name: "phone-unique",
    severity: "warning",
    because: "A telephone that two people share reaches one of them, and nobody knows which.",
    needs: ["people"],
    check: ({ people }) =>
      sharedBetween(
        Object.entries(people).flatMap(([id, { phone }]) =>
          phone === undefined ? [] : [{ key: phone, path: ["people", id, "phone"], id }],
        ),
        ({ key, id }, first) => ({
          what: `${id} and ${first.id} have the same phone number ${key}`,
          instead: "write each person's own number, or leave it out",
        }),
      ),
  }),
  rule({
    name: "bot-is-no-person",
    severity: "error",
    because: "A bot may ask and read. It turns no key, and it acknowledges nothing.",
    needs: ["people"],
    check: ({ people }) =>
      Object.entries(people).flatMap(([id, { slack, also }]) =>
        [{ account: slack, path: ["slack"] }, ...also.map((account, at) => ({ account, path: ["also", at] }))]
          .filter(({ account }) => account === SLACKBOT)
          .map(({ path }) => ({
            path: ["people", id, ...path],
            what: `${id} has the account of Slackbot`,
            instead: "write the member id of a human, as Slack shows it in their profile",
          })),
      ),
  }),
];
