import type { Resource } from "../../domain/service/resource.ts";
import { type PlacedResource, resourcesOf, type ServiceFile } from "../../domain/service/service.ts";
import { KINDS, kindOf } from "../../flows/resources/index.ts";
import type { Kind, KindRule, LintPlace, NamedRecord } from "../../flows/resources/kind.ts";
import type { ReadableFile } from "../sections.ts";
import type { Rule } from "./rule.ts";

/** What each kind finds wrong with its own resources. */
export const KIND_RULES: readonly Rule[] = KINDS.flatMap((kind) => kind.lint.map((one) => ruleOf(kind, one)));

function ruleOf(kind: Kind, rule: KindRule<Resource>): Rule {
  const { name: ruleName, severity, because } = rule;
  return {
    ...{ name: ruleName, severity, because, reads: ["services"] },
    check: ({ sections }) =>
      sections.services &&
      Object.entries(sections.services).flatMap(([name, service]) =>
        resourcesOf(service)
          .filter(({ role, resource }) => kindOf(role, resource) === kind)
          .flatMap((placed) => rule.check(placeOf(placed, { name, service, sections }))),
      ),
  };
}

interface Around {
  readonly name: string;
  readonly service: ServiceFile;
  readonly sections: ReadableFile["sections"];
}

function placeOf({ resource, path }: PlacedResource, { name, service, sections }: Around): LintPlace<Resource> {
  return {
    ...{ resource, service, name, path: ["services", name, ...path] },
    accountIn: (region) => accountIn(resource, region) ?? sections.aws?.account,
    usersRecords: usersRecords(service),
  };
}

function accountIn(resource: Resource, region: string): string | undefined {
  const here: object | undefined = resource.in?.[region];
  const own: unknown = here && Reflect.get(here, "account");
  return typeof own === "string" ? own : resource.account;
}

function usersRecords(service: ServiceFile): readonly NamedRecord[] {
  return resourcesOf(service)
    .filter(({ role }) => role === "entrances")
    .flatMap(({ role, resource }) => kindOf(role, resource).records(resource));
}
