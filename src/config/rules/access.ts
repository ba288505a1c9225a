import { peopleOfTeam } from "../../domain/service/access.ts";
import type { Access, ServiceFile } from "../../domain/service/service.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import type { Finding, Path } from "../problem.ts";
import { eligibleApprovers, SPARE_APPROVERS, unknownName } from "./people.ts";
import { type Rule, rule } from "./rule.ts";

interface Team {
  readonly path: Path;
  readonly name: string;
}

const WHATS = ["see", "ask", "approve"] as const satisfies readonly (keyof Access)[];

const teamsIn = (services: Readonly<Record<string, ServiceFile>>): Team[] =>
  Object.entries(services).flatMap(([service, { access }]) =>
    WHATS.flatMap((what) =>
      (access[what] ?? []).map((name, at) => ({ name, path: ["services", service, "access", what, at] })),
    ),
  );

const nobodyKnows = ({ path, name }: Team): Finding => ({
  path,
  what: `${name} is a policy of a pager, and nobody here knows who is in it`,
  instead: "name people, or an audience that lists people",
});

const bothOf = ({ path, name }: Team): Finding => ({
  path,
  what: `${name} is a person and an audience as well, and nobody can tell which is meant`,
  instead: "give one of them another name",
});

/** Who may see a service, ask for its plans and approve them. */
export const ACCESS_RULES: readonly Rule[] = [
  rule({
    name: "access-names-people",
    severity: "error",
    because: "A team that nobody is in shuts everybody out on the bad night.",
    needs: ["services", "audiences"],
    knows: ["people", "audiences"],
    check: ({ services, audiences }, names) =>
      teamsIn(services).flatMap((team): Finding[] => {
        if (names.people.includes(team.name)) return names.audiences.includes(team.name) ? [bothOf(team)] : [];
        if (!names.audiences.includes(team.name))
          return [{ path: team.path, ...unknownName(team.name, "people", [...names.people, ...names.audiences]) }];
        return audiences[team.name]?.kind === "pager" ? [nobodyKnows(team)] : [];
      }),
  }),
  rule({
    name: "access-approvers-enough",
    severity: "error",
    because: "The keys of one service may come from fewer people, and one of them may be out of reach.",
    needs: ["services", "people", "audiences", "approvals"],
    check: ({ services, ...file }) =>
      Object.entries(services).flatMap(([name, { access }]) => tooFew(name, access.approve, file)),
  }),
];

function tooFew(
  service: string,
  approve: readonly string[] | undefined,
  { people, audiences, approvals }: Pick<TwoKeyFile, "people" | "audiences" | "approvals">,
): Finding[] {
  if (approve === undefined) return [];
  const team = peopleOfTeam(audiences, approve);
  const eligible = eligibleApprovers(
    people,
    approvals.approvers.filter((id) => team.includes(id)),
  );
  const wanted = approvals.required + SPARE_APPROVERS;
  if (eligible >= wanted) return [];
  return [
    {
      path: ["services", service, "access", "approve"],
      what: `${eligible} of these people can turn a key, but ${approvals.required} keys need at least ${wanted} of them`,
      instead: `name at least ${wanted} people of approvals.approvers, or leave this list out`,
    },
  ];
}
