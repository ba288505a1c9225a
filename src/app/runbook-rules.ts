import { eachService, type Rule, rule } from "../config/rules/rule.ts";
import { RUNBOOKS } from "../flows/runbooks/index.ts";
import { SESSION_RULE } from "./session-rule.ts";

/** What each runbook finds wrong with the services of a file, and what their steps need of AWS, to be handed to what reads a file. */
export const RUNBOOK_RULES: readonly Rule[] = [
  ...RUNBOOKS.flatMap(({ lint = [] }) =>
    lint.map(({ check, ...facts }) =>
      rule({ ...facts, needs: ["services"], check: ({ services }) => eachService(services, check) }),
    ),
  ),
  SESSION_RULE,
];
