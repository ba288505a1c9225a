import { Bug } from "../../domain/errors.ts";
import type { DoorId } from "../../domain/people/door-ids.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { DOORS } from "../../doors/kinds.ts";
import type { DoorKind } from "../../ports/door-kind.ts";
import { type Rule, rule, sharedBetween } from "./rule.ts";

/** One human behind each entry, and no machine. What the file does not show is asked of Slack when a key is turned. */
export const ACCOUNT_RULES: readonly Rule[] = [
  rule({
    name: "account-unique",
    severity: "error",
    because: "Two people with one account would turn two keys with one hand.",
    needs: ["people"],
    check: ({ people }) =>
      sharedBetween(
        accountsIn(people).map(({ person, account, path }) => ({
          ...{ key: keyOf(account), id: person, path },
          says: `${doorOf(account).label} account ${account.id}`,
        })),
        ({ says, id }, first) => ({
          what: id === first.id ? `${id} has the ${says} twice` : `${id} and ${first.id} have the same ${says}`,
          instead: "give each person accounts of their own, each of them once",
        }),
      ),
  }),
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
      accountsIn(people).flatMap(({ person, account, path }) => {
        const { machineOf, writeAccount } = doorOf(account);
        const machine = machineOf(account.id);
        const what = `${person} has the account of ${machine}`;
        return machine === undefined ? [] : [{ path, what, instead: writeAccount }];
      }),
  }),
];

/** Ids of different doors may be spelled alike. */
export const keyOf = ({ door, id }: DoorId): string => `${door}:${id}`;

function doorOf({ door }: DoorId): DoorKind {
  const kind = DOORS.find(({ name }) => name === door);
  if (!kind) throw new Bug("door-unknown", `There is no door ${door}`);
  return kind;
}

const accountsIn = (people: TwoKeyFile["people"]) =>
  Object.entries(people).flatMap(([person, { accounts }]) =>
    accounts.map((account) => ({ person, account, path: ["people", person, ...account.at] })),
  );
