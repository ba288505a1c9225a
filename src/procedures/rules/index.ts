import type { ProcedureRule } from "../rule.ts";
import { ORDER_RULES } from "./order.ts";

/** Every kind of fault that `twokey lint-procedure` finds. The page in the documents is written from it. */
export const PROCEDURE_RULES: readonly ProcedureRule[] = [...ORDER_RULES];
