import type { ProcedureRule } from "../rule.ts";
import { ALARM_RULES } from "./alarms.ts";
import { CALL_RULES } from "./calls.ts";
import { OBJECTIVE_RULES } from "./objectives.ts";
import { ORDER_RULES } from "./order.ts";
import { REGION_RULES } from "./regions.ts";
import { TAKING_AWAY_RULES } from "./taking-away.ts";

/** Every kind of fault that `twokey lint-procedure` finds. The page in the documents is written from it. */
export const PROCEDURE_RULES: readonly ProcedureRule[] = [
  ...ORDER_RULES,
  ...REGION_RULES,
  ...TAKING_AWAY_RULES,
  ...CALL_RULES,
  ...OBJECTIVE_RULES,
  ...ALARM_RULES,
];
