import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { mostSimilar } from "../../domain/similar.ts";
import type { Path } from "../problem.ts";
import { keyOf } from "./accounts.ts";
import { canBeRung, sayRinging } from "./pagers.ts";
import { type Rule, rule, sharedBetween } from "./rule.ts";

/** Beyond the keys that a run needs: the requester's own key does not count, and one approver may be asleep. */
export const SPARE_APPROVERS = 2;

/** Names that exist, one human behind one account, and enough people to turn two keys on a bad night. */
export const PEOPLE_RULES: readonly Rule[] = [
  rule({
    name: "person-exists",
    severity: "error",
    because: "A name that nobody bears is a page that nobody gets.",
    needs: ["approvals", "audiences"],
    knows: ["people"],
    check: ({ approvals, audiences }, { people }) => {
      const named: [string, Path][] = approvals.approvers.map((id, at) => [id, ["approvals", "approvers", at]]);
      for (const [team, audience] of Object.entries(audiences)) {
        if (audience.kind !== "people") continue;
        for (const [at, id] of audience.people.entries()) named.push([id, ["audiences", team, "people", at]]);
      }
      return named
        .filter(([id]) => !people.includes(id))
        .map(([id, path]) => ({ path, ...unknownName(id, "people", people) }));
    },
  }),
  rule({
    name: "audience-exists",
    severity: "error",
    because: "A step for an audience that does not exist pages nobody.",
    needs: ["escalation"],
    knows: ["audiences"],
    check: ({ escalation }, { audiences }) =>
      Object.entries(escalation.severities).flatMap(([severity, policy]) =>
        policy.steps.flatMap((step, at) =>
          audiences.includes(step.audience)
            ? []
            : [
                {
                  path: ["escalation", "severities", severity, "steps", at, "audience"],
                  ...unknownName(step.audience, "audiences", audiences),
                },
              ],
        ),
      ),
  }),
  rule({
    name: "pager-id-unique",
    severity: "error",
    because: "An acknowledgement at a pager must say who it was.",
    needs: ["people"],
    check: ({ people }) =>
      sharedBetween(
        Object.entries(people).flatMap(([id, person]) =>
          Object.entries(person.pagers).map(([pager, own]) => ({
            ...{ key: `${pager}:${own}`, own, pager },
            ...{ path: ["people", id, "pagers", pager], id },
          })),
        ),
        ({ own, pager, id }, first) => ({
          what: `${id} and ${first.id} have the same id ${own} at ${pager}`,
          instead: "give each person an id of their own there, or leave it out",
        }),
      ),
  }),
  rule({
    name: "approver-role",
    severity: "error",
    because: "A listed approver without the role has a key that does not count.",
    needs: ["people", "approvals"],
    check: ({ people, approvals }) =>
      approvals.approvers.flatMap((id, at) =>
        people[id] === undefined || people[id].roles.includes("approver")
          ? []
          : [
              {
                path: ["approvals", "approvers", at],
                what: `${id} does not have the role approver`,
                instead: `add approver to the roles of ${id}, or take ${id} off this list`,
              },
            ],
      ),
  }),
  rule({
    name: "approvers-enough",
    severity: "error",
    because: "The requester's key does not count, and one approver may be out of reach.",
    needs: ["people", "approvals"],
    check: ({ people, approvals }) => {
      const eligible = eligibleApprovers(people, approvals.approvers);
      const wanted = approvals.required + SPARE_APPROVERS;
      if (eligible >= wanted) return [];
      return [
        {
          path: ["approvals", "approvers"],
          what: `${eligible} people can turn a key, but ${approvals.required} keys need at least ${wanted} of them`,
          instead: `name at least ${wanted} different people with the role approver, each with an account of their own`,
        },
      ];
    },
  }),
  rule({
    name: "approver-pageable",
    severity: "warning",
    because: "A plan that waits for keys pages its approvers, and Slack and mail wake nobody.",
    needs: ["people", "approvals", "pagers"],
    check: ({ people, approvals, pagers }) =>
      approvals.approvers.flatMap((id, at) =>
        people[id] === undefined || canBeRung(people[id], pagers)
          ? []
          : [
              {
                path: ["approvals", "approvers", at],
                what: `nothing can ring ${id}, so a plan that waits for keys may not wake ${id}`,
                instead: `add an id at ${sayRinging(pagers)} under pagers of ${id}`,
              },
            ],
      ),
  }),
  rule({
    name: "approvers-paged-again",
    severity: "error",
    because: "A plan that expires before its approvers are paged again has asked them once.",
    needs: ["approvals"],
    check: ({ approvals }) =>
      approvals.page_again_every < approvals.start_within && approvals.page_again_every > 0
        ? []
        : [
            {
              path: ["approvals", "page_again_every"],
              what: "approvers would not be paged again before the plan expires",
              instead: "write a time above zero and below start_within, such as 5m",
            },
          ],
  }),
  rule({
    name: "commander-exists",
    severity: "error",
    because: "A run that stops pages a commander.",
    needs: ["people"],
    check: ({ people }) =>
      Object.values(people).some(({ roles }) => roles.includes("commander"))
        ? []
        : [
            {
              path: ["people"],
              what: "nobody has the role commander",
              instead: "add commander to the roles of one person",
            },
          ],
  }),
  rule({
    name: "commander-besides-approvers",
    severity: "warning",
    because: "The person who leads the incident should not be busy holding the only keys.",
    needs: ["people", "approvals"],
    check: ({ people, approvals }) => {
      const commanders = Object.keys(people).filter((id) => people[id]?.roles.includes("commander"));
      if (commanders.length === 0 || commanders.some((id) => !approvals.approvers.includes(id))) return [];
      return [
        {
          path: ["people", commanders[0] ?? "", "roles"],
          what: "every commander is an approver as well",
          instead: "give the role commander to one person who is not on the list of approvers",
        },
      ];
    },
  }),
];

export function unknownName(name: string, kind: string, known: readonly string[]): { what: string; instead: string } {
  const near = mostSimilar(name, known);
  return {
    what: `${kind} has no entry ${name}`,
    instead: near === undefined ? `add ${name} to ${kind}, or name one that is there` : `did you mean ${near}?`,
  };
}

/** Humans, not entries: people who share an account count once. */
export function eligibleApprovers(people: TwoKeyFile["people"], approvers: readonly string[]): number {
  const accounts = new Set<string>();
  let humans = 0;
  for (const id of new Set(approvers)) {
    const person = people[id];
    if (!person?.roles.includes("approver")) continue;
    const own = person.accounts.map(keyOf);
    if (!own.some((account) => accounts.has(account))) humans += 1;
    for (const account of own) accounts.add(account);
  }
  return humans;
}
