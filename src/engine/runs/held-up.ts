import { isHeldUp, isVendors } from "../../domain/plan-run/held-up.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import type { Asked } from "../../ports/step.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import type { Entered, RunHold } from "./journal.ts";

/** World time after which people hear that a vendor refuses a step. */
const HELD_UP_AFTER_MS = 2 * 60_000;
/** World time between two tries from then on. Each try is a line of journal and ledger: over days they are made more rarely. */
const RETRY_MS = { firstHour: 60_000, later: 5 * 60_000 };
const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 2_000;

interface Asking {
  readonly hold: RunHold;
  readonly step: PlannedStep;
  readonly deps: Pick<ExecutorDeps, "clock" | "changed" | "progressed">;
  readonly context: { readonly signal: AbortSignal };
}

/**
 * A vendor's refusals of one step: of its call, or of a look at how far that has come. They have no deadline: nothing is wrong with the run, and giving up would only stop it. People
 * hear of them, and may know another way. What the step waits for is tried again until the plan's end date.
 */
export class Refusals {
  readonly #asking: Asking;
  readonly #beganMs: number;
  #sinceMs: number | undefined;
  #untilMs = 0;
  #overMs = 0;

  constructor(asking: Asking) {
    const { hold, step, deps } = asking;
    this.#asking = asking;
    const before = stateOf(hold.run, step.id);
    this.#sinceMs = isHeldUp(before) ? before.heldUp?.sinceMs : undefined;
    this.#beganMs = deps.clock.now();
  }

  /** World time that they took so far: none of it is the step's own. */
  tookMs(): number {
    const lastMs = this.#sinceMs === undefined ? 0 : Math.max(this.#untilMs, this.#beganMs) - this.#sinceMs;
    return this.#overMs + lastMs;
  }

  /** It answers again. What people decided meanwhile stands, and what it takes from now on is the step's own time. */
  async over(): Promise<void> {
    const { hold, step, deps } = this.#asking;
    this.#overMs = this.tookMs();
    this.#sinceMs = undefined;
    if (!isHeldUp(stateOf(hold.run, step.id))) return;
    const { data } = stateOf(hold.run, step.id);
    const at = { atMs: deps.clock.now(), step: step.id, epoch: hold.epoch };
    const told = { says: `${step.title}: the vendor answers again` };
    const entered = await hold.append((run) =>
      isHeldUp(stateOf(run, step.id)) ? { entry: { kind: "asked", ...at, requestIds: [], data }, told } : undefined,
    );
    if (!entered) return;
    // Its time is counted from that entry on.
    this.#overMs = 0;
    await hold.note(entered);
    deps.changed(hold.run);
  }

  async waitOut(waitMs: number, why: string): Promise<void> {
    const { hold, step, deps } = this.#asking;
    const nowMs = deps.clock.now();
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs >= HELD_UP_AFTER_MS) await this.#tell(this.#sinceMs, why);
    deps.progressed(hold.run, step.id, why);
    const retryMs = nowMs - this.#sinceMs < HOUR_MS ? RETRY_MS.firstHour : RETRY_MS.later;
    await this.#sleep(isHeldUp(stateOf(hold.run, step.id)) ? retryMs : waitMs);
    this.#untilMs = deps.clock.now();
  }

  /** What people decide meanwhile counts at once: nobody waits minutes for a try that is not made any more. */
  async #sleep(worldMs: number): Promise<void> {
    const { hold, step, deps, context } = this.#asking;
    const dueMs = deps.clock.now() + worldMs;
    const isDue = () => deps.clock.now() >= dueMs || hold.run.state !== "running" || isDecided(hold.run, step);
    while (!isDue()) await deps.clock.sleep(Math.min(LOOK_EVERY_MS, dueMs - deps.clock.now()), context.signal);
  }

  async #tell(sinceMs: number, why: string): Promise<void> {
    const { hold, step, deps } = this.#asking;
    const entry = { kind: "held-up" as const, atMs: deps.clock.now(), step: step.id, epoch: hold.epoch, sinceMs, why };
    const told = { says: `${step.title} is refused by the vendor, and the run waits for it: ${why}` };
    const isNews = (run: RunState) => run.state === "running" && isVendors(stateOf(run, step.id));
    const entered = await hold.append((run) =>
      isNews(run) && !isHeldUp(stateOf(run, step.id)) ? { entry, told } : undefined,
    );
    if (!entered) return;
    await hold.note(entered);
    deps.changed(hold.run);
  }
}

/** People went on without it, or did it themselves, while it was refused. */
export const isDecided = (run: RunState, { id }: PlannedStep): boolean =>
  ["by-hand", "skipped"].includes(stateOf(run, id).state);

/** False where people have decided about the step meanwhile: what was asked for stands in the ledger all the same. */
export async function recordAsked(
  { hold, step, deps }: Asking,
  { requestIds, data }: Asked<Readonly<Record<string, unknown>>>,
): Promise<boolean> {
  const at = { atMs: deps.clock.now(), step: step.id, epoch: hold.epoch };
  const entered: Entered = {
    entry: { kind: "asked", ...at, requestIds: [...requestIds], data },
    told: { says: `${step.title}: asked for`, requestIds },
  };
  const written = await hold.append((run) => (isDecided(run, step) ? undefined : entered));
  await hold.note(entered);
  return written !== undefined;
}
