import type { PagerKind } from "../../ports/pager-kind.ts";
import { mail } from "./mail/kind.ts";
import { pagerDuty } from "./pagerduty/kind.ts";

/** Every kind of pager there is. A kind is one folder here and one line in this table. */
export const PAGERS: readonly PagerKind[] = [pagerDuty, mail];
