import { withoutMoveOnRun } from "./rests-on-run.ts";
import type { Runbook, StoredRunbook } from "./runbook.ts";

/** What holds for the plan of every runbook is asked here. */
export function storedRunbook<Wish>(runbook: Runbook<Wish>): StoredRunbook {
  return {
    ...runbook,
    read: (given) => {
      const parsed = runbook.wish.safeParse(given);
      if (parsed.success) return { ok: true, wish: parsed.data };
      const [issue] = parsed.error.issues;
      return { ok: false, why: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}` };
    },
    plan: (request, wish) => withoutMoveOnRun(runbook.plan(request, runbook.wish.parse(wish)), request),
  };
}
