import { eachService, type Rule, rule } from "../config/rules/rule.ts";
import { RUNBOOKS } from "../flows/runbooks/index.ts";

/** What each runbook finds wrong with the services of a file, to be handed to what reads a file. */
export const RUNBOOK_RULES: readonly Rule[] = RUNBOOKS.flatMap(({ lint = [] }) =>
  lint.map(({ check, ...facts }) =>
    rule({ ...facts, needs: ["services"], check: ({ services }) => eachService(services, check) }),
  ),
);
