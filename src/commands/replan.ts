import { UserError } from "../domain/errors.ts";
import { DECISIONS, refusal } from "../domain/plan-run/decision.ts";
import type { Plan } from "../domain/plan-run/plan.ts";
import { findService } from "../domain/service/inventory.ts";
import { RUNBOOKS, runbookOf } from "../flows/runbooks/index.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { PLAN_WORDS } from "../views/store-answers.ts";
import { refuseUnlessMayAsk, shownTo } from "./access.ts";
import { type Answer, type Ask, wordsAndReason } from "./intent.ts";
import { propose } from "./propose.ts";
import { refuseWhilePlanned } from "./refuse-while.ts";
import { knownPerson, type RunCommandDeps, runMeant, runOf } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/**
 * `/dr replan [run] [planned|unplanned] [because <reason>]`: what is left of a run that waits for people, as a plan of its own
 * on the world as it is. The run goes on waiting until the new plan has its keys; then it ends, in the same step.
 */
export function replan(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  return toldOf(PLAN_WORDS, () => replanned(ask, deps));
}

async function replanned(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  const { run: named, words, reason } = wantedFrom(ask);
  const continues = await runMeant(named, { ...deps, shows: shownTo(ask, inventory) }, DECISIONS["replan"].states);
  const why = refusal("replan", continues, { person: requester, inventory });
  if (why !== undefined) throw new UserError("decision-refused", why);
  const service = findService(inventory, continues.plan.service);
  if (!service)
    throw new UserError(
      "service-unknown",
      `${continues.plan.service} is not in twokey.yaml any more, so its rest cannot be planned. /dr by-hand ${continues.plan.id} shows the commands.`,
    );
  refuseUnlessMayAsk(ask, service.name, inventory);
  await refuseWhilePlanned(service, deps);
  const runbook = runbookOf(continues.plan);
  return propose(
    {
      ...{ service, person: requester, ask, continues, dryRun: false },
      runbook,
      wish: wishFrom(words, runbook, continues.plan),
      reason: reason || `rest of ${continues.plan.id}: ${continues.why}`,
    },
    deps,
  );
}

interface Wanted {
  readonly run: string | undefined;
  /** What a new mode or aim is asked for with; the run's own where nothing is said. */
  readonly words: readonly string[];
  readonly reason: string;
}

/** The button carries the run; typed words may name it, wish for something else, and give a reason after `because`. */
function wantedFrom({ value, text }: Ask): Wanted {
  if (value !== undefined) return { run: runOf(value), words: [], reason: "" };
  const { words, reason } = wordsAndReason(text);
  const [first, ...rest] = words;
  const isWish = first === undefined || RUNBOOKS.some((runbook) => runbook.words([first]).kind === "wish");
  return isWish ? { run: undefined, words, reason } : { run: first, words: rest, reason };
}

function wishFrom(words: readonly string[], runbook: StoredRunbook, plan: Plan): Readonly<Record<string, unknown>> {
  const read = runbook.words(words);
  if (read.kind === "wish") return { ...runbook.wishOf(plan), ...read.wish };
  throw new UserError(
    "replan-words",
    `“${read.word}” is not understood. /dr help replan and /dr help ${runbook.name} show how to write it.`,
  );
}
