import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { WAITS_FOR_PEOPLE } from "../domain/plan-run/run.ts";
import { readable, readIfReadable } from "../domain/readable.ts";
import type { Service } from "../domain/service/service.ts";
import type { RunCommandDeps } from "./run-deps.ts";

type Named = Pick<Service, "name">;

/** Nothing is planned for a service while a run holds it, or while a plan of it waits for keys. */
export async function refuseWhileHeld(service: Named, deps: RunCommandDeps): Promise<void> {
  const holder = await deps.runs.holderOf(service.name);
  const { read, unreadable } = await readable(holder === undefined ? [] : [deps.runs.read(holder)]);
  const [run] = read;
  if (unreadable[0])
    throw new UserError(
      "service-claimed",
      `Run ${holder} holds ${service.name}, and nobody can say how far it is: ${unreadable[0].message} See “when something cannot be read” in the operations manual.`,
      { facts: { run: holder ?? "" } },
    );
  if (run && WAITS_FOR_PEOPLE.some((state) => state === run.state))
    throw new UserError(
      "service-claimed",
      `Run ${holder} holds ${service.name} and is ${run.state}. To plan the remaining steps: /dr replan ${holder}. Its progress message shows what else you can do.`,
      { facts: { run: run.plan.id } },
    );
  if (holder !== undefined)
    throw new UserError(
      "service-claimed",
      `Run ${holder} is at work on ${service.name} right now. Its progress message shows how far it is. Two runs of one service cannot run at once.`,
      { facts: { run: holder } },
    );
  await refuseWhilePlanned(service, deps);
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
    if (open?.plan.service === service.name && open.state === "waiting-for-keys") {
      throw new UserError(
        "plan-waiting",
        `Plan ${id} for ${service.name} waits for keys already. Use that one, or close it first. The person who asked for it can withdraw it: /dr withdraw ${id}. An approver can refuse it: /dr reject ${id}.`,
        { facts: { run: id } },
      );
    }
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
