import { OutcomeUnknown } from "../domain/errors.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";
import { readIfReadable } from "../domain/readable.ts";
import type { Service } from "../domain/service/service.ts";
import { type Requester, type Starting, startAlone } from "../engine/approvals/start-alone.ts";
import { eventOf } from "../engine/runs/journal.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { START_WORDS } from "../views/store-answers.ts";
import { type Answer, whisper } from "./intent.ts";
import type { RunCommandDeps } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/** What only adds something needs no key: it starts with its plan. Where it certainly did not start, no plan is left that would wait for nobody. */
export async function startNow(run: RunState, starting: Starting, deps: RunCommandDeps): Promise<void> {
  try {
    await startAlone(run, starting, deps);
  } catch (error) {
    // Best effort: who asks again goes on with what is left.
    if (!(error instanceof OutcomeUnknown)) await close(run.plan.id, deps).catch(() => undefined);
    throw error;
  }
}

async function close(id: string, { runs, clock }: RunCommandDeps): Promise<void> {
  const left = await runs.read(id);
  if (left?.state !== "waiting-for-keys") return;
  const says = "it was not started";
  const entry: RunEntry = { kind: "voided", atMs: clock.now(), because: "authority", why: [says] };
  const closes = `${left.plan.title}: its plan is closed, ${says}`;
  await runs.append(left, { entries: [entry], events: [eventOf(left, entry, { says: closes })], over: true });
}

/** The plan of an earlier ask for the same, which was kept and not started. */
export async function notStarted(
  service: Service,
  runbook: StoredRunbook,
  { runs }: RunCommandDeps,
): Promise<RunState | undefined> {
  for (const id of await runs.openIds(service.name)) {
    const open = await readIfReadable(runs.read(id));
    const isOfService = open?.plan.service === service.name && open.state === "waiting-for-keys";
    if (isOfService && open.plan.runbook === runbook.name && open.plan.keysRequired === 0) return open;
  }
  return undefined;
}

/** Somebody asks again for what was kept and not started. */
export async function goOnWith(left: RunState, requester: Requester, deps: RunCommandDeps): Promise<Answer> {
  const { id } = left.plan;
  try {
    await toldOf(START_WORDS, () => startAlone(left, { requester }, deps));
  } catch (error) {
    // The first ask may have started it meanwhile. Where that cannot be looked for, what came of this one is all that is known.
    const now = await deps.runs.read(id).catch(() => undefined);
    if (now?.startedAtMs === undefined) throw error;
  }
  return whisper(`Plan ${id} was kept before and not started. It is started now. /dr status shows how far it is.`);
}
