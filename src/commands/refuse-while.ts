import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { fits } from "../domain/plan-run/decision.ts";
import { OR_BACK } from "../domain/plan-run/not-ours.ts";
import { onlyAdds } from "../domain/plan-run/plan.ts";
import { isOver, type RunState, WAITS_FOR_PEOPLE } from "../domain/plan-run/run.ts";
import { refusing } from "../domain/proof.ts";
import { readable, readIfReadable } from "../domain/readable.ts";
import type { Service } from "../domain/service/service.ts";
import { nameOf } from "../views/names.ts";
import { sayRefusing } from "../views/proofs.ts";
import type { RunCommandDeps } from "./run-deps.ts";

type Named = Pick<Service, "name">;

/** Nothing is planned for a service while a run holds it, or while a plan of it waits for keys. */
export async function refuseWhileHeld(service: Named, deps: RunCommandDeps): Promise<void> {
  const holder = await deps.runs.holderOf(service.name);
  if (holder !== undefined) throw await inTheWay(holder, service, deps);
  await refuseWhilePlanned(service, deps);
}

/** What is in the way of a plan, who asked for it, and the way out. */
export async function inTheWay(id: string, service: Named, deps: RunCommandDeps): Promise<UserError> {
  const {
    read: [run],
    unreadable: [broken],
  } = await readable([deps.runs.read(id)]);
  const why = broken
    ? `Run ${id} holds ${service.name}, and nobody can say how far it is: ${broken.message} See “when something cannot be read” in the operations manual.`
    : sayInTheWay(id, run, deps);
  const isPlan = run?.state === "waiting-for-keys";
  return new UserError(isPlan ? "plan-waiting" : "service-claimed", why, { facts: { run: id } });
}

function sayInTheWay(id: string, run: RunState | undefined, deps: RunCommandDeps): string {
  if (!run)
    return `Run ${id} is in the way, and nothing of it stands in Redis any more: ${OR_BACK}. See “who can write to Redis” in the operations manual.`;
  if (isOver(run)) return `${id} was in the way, and has just ended. Ask again.`;
  const { plan, state } = run;
  const asker = nameOf(deps.inventory(), plan.requester);
  const asked = `${asker} asked for it.`;
  if (state === "waiting-for-keys")
    return `Nothing new was planned: plan ${id} (${plan.title}) waits already. ${asked} Use that one, or close it first: ${asker} with /dr withdraw ${id}, an approver with /dr reject ${id}.`;
  const way = [...(WAITS_FOR_PEOPLE.some((each) => each === state) ? [replanIt(id)] : []), ...stopIt(run)];
  const out = way.length > 0 ? way.join(" ") : "Two runs of one service cannot run at once. Wait until it ends.";
  return `Run ${id} (${plan.title}) holds ${plan.service} and is ${state}. ${asked} ${out} Its progress message shows how far it is.`;
}

const replanIt = (id: string): string => `To plan the remaining steps: /dr replan ${id}.`;

/** What only adds can give way at any time; nobody is told to abort a move for the sake of another plan. */
const stopIt = (run: RunState): string[] =>
  onlyAdds(run.plan) && fits("abort", run)
    ? [`To stop it: /dr abort ${run.plan.id}. What it has made so far stays.`]
    : [];

/**
 * What is proven to be wrong would stop a run in the middle, also one that only adds something. It is looked at once more before it refuses: it may be mended, or
 * silent by now. The rest of a run that has begun needs no proof that is about its service alone.
 */
export async function refuseWhileWrong({ service, continues }: Wanted, deps: Proved): Promise<void> {
  const { proven } = deps;
  if (!proven) return;
  const inTheWayNow = () =>
    refusing(proven.standings(), service.name).filter(
      ({ neededBy }) => continues === undefined || neededBy === "every move",
    );
  const before = inTheWayNow();
  if (before.length === 0) return;
  await proven.again(before.map(({ id }) => id));
  const wrong = inTheWayNow();
  if (wrong.length === 0) return;
  throw new UserError("not-proven", sayRefusing(service.name, wrong), {
    facts: { proofs: wrong.map(({ id }) => id).join(" ") },
  });
}

type Proved = Pick<RunCommandDeps, "proven">;
interface Wanted {
  readonly service: Named;
  readonly continues?: RunState;
}

/** Nobody shall read a plan and turn a key on it that cannot start before it is too old. */
export async function refuseWhileCoolingDown(service: Named, deps: RunCommandDeps): Promise<void> {
  const untilMs = await deps.runs.coolDownUntil(service.name);
  const nowMs = deps.clock.now();
  if (untilMs === undefined || untilMs < nowMs + deps.inventory().file.approvals.start_within) return;
  throw new UserError(
    "service-cooling-down",
    `${service.name} was moved a short while ago. The next run may start at ${sayTime(untilMs, nowMs)} (cool_down in twokey.yaml). A plan made now would be too old by then. Nothing was changed.`,
  );
}

/** One plan of a service at a time waits for keys, so that nobody signs the wrong one. */
export async function refuseWhilePlanned(service: Named, deps: RunCommandDeps): Promise<void> {
  for (const id of await deps.runs.openIds()) {
    const open = await readIfReadable(deps.runs.read(id));
    if (open?.plan.service === service.name && open.state === "waiting-for-keys")
      throw await inTheWay(id, service, deps);
  }
}

/** Nothing is moved while runs may be forgotten (G17). */
export async function refuseWhileLost(what: string, { ledger }: Pick<RunCommandDeps, "ledger">): Promise<void> {
  const wrong = await ledger.disagreement();
  if (wrong === undefined) return;
  throw new UserError(
    "store-lost",
    `${wrong}. Runs may be forgotten, so nothing is moved until two people have looked and signed. ${what} is refused. To go on: /dr accept-store`,
  );
}
