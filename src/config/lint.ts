import type { Finding, ProblemSeverity } from "./problem.ts";
import { ACCESS_RULES } from "./rules/access.ts";
import { ACCOUNT_RULES } from "./rules/accounts.ts";
import { ALERT_RULES } from "./rules/alerts.ts";
import { KIND_RULES } from "./rules/kinds.ts";
import { LADDER_RULES } from "./rules/ladders.ts";
import { LAG_RULES } from "./rules/lag-alarms.ts";
import { PAGER_RULES } from "./rules/pagers.ts";
import { PAGING_RULES } from "./rules/paging.ts";
import { PEOPLE_RULES } from "./rules/people.ts";
import { PIPELINE_RULES } from "./rules/pipelines.ts";
import { RESOURCE_RULES } from "./rules/resources.ts";
import type { Rule } from "./rules/rule.ts";
import { SHARING_RULES } from "./rules/sharing.ts";
import { SITE_RULES } from "./rules/sites.ts";
import { USER_RULES } from "./rules/users.ts";
import type { ReadableFile, Section } from "./sections.ts";

export interface LintFinding extends Finding {
  readonly rule: string;
  readonly severity: ProblemSeverity;
}

/** Everything that makes no sense although the schema accepts it. Errors stop the file from being loaded. */
export const RULES: readonly Rule[] = [
  ...PEOPLE_RULES,
  ...ACCOUNT_RULES,
  ...ACCESS_RULES,
  ...PIPELINE_RULES,
  ...PAGER_RULES,
  ...PAGING_RULES,
  ...LADDER_RULES,
  ...ALERT_RULES,
  ...LAG_RULES,
  ...SITE_RULES,
  ...RESOURCE_RULES,
  ...SHARING_RULES,
  ...KIND_RULES,
  ...USER_RULES,
];

/** `more`: rules of runbooks. Rules whose sections could not be read are left out: what they would say about a broken section is a guess. */
export function lint(file: ReadableFile, more: readonly Rule[] = []): LintFinding[] {
  const unread = new Map<Section, number>();
  const findings = [...RULES, ...more].flatMap(({ name, severity, reads, check }) => {
    const found = check(file);
    if (found) return found.map((finding) => ({ severity, ...finding, rule: name }));
    for (const section of reads.filter((each) => isUnread(each, file)))
      unread.set(section, (unread.get(section) ?? 0) + 1);
    return [];
  });
  return [...findings, ...[...unread].map(([section, count]) => unchecked(section, count))];
}

const isUnread = (section: Section, { sections }: ReadableFile): boolean => sections[section] === undefined;

/** Nobody may take silence for a section without a fault. */
const unchecked = (section: Section, count: number): LintFinding => ({
  ...{ path: [section], rule: "unchecked", severity: "warning" },
  what: `${section} cannot be read as it stands, so ${count === 1 ? "one rule that reads it was" : `${count} rules that read it were`} not asked`,
  instead: `mend what is wrong in ${section}, and check again`,
});
