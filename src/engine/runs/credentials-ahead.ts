import { messageOf, StepFailed, TransientError } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { readySteps } from "../../domain/plan-run/run.ts";
import type { Permission } from "../../ports/permission.ts";
import { type ExecutorDeps, permittedFor } from "./executor-deps.ts";
import type { RunHold } from "./journal.ts";

/** World time that a commit waits for credentials before people are asked: users are down meanwhile. */
const WAITS_MS = 60_000;

/**
 * X6: credentials for all that follows a commit are there before it. The service that hands them out may be gone a minute later, and a
 * run that cannot go on past its point of no return helps nobody.
 */
export class CredentialsAhead {
  readonly #hold: RunHold;
  readonly #deps: ExecutorDeps;
  #missingSinceMs: number | undefined;

  constructor(hold: RunHold, deps: ExecutorDeps) {
    this.#hold = hold;
    this.#deps = deps;
  }

  /** One after the other, in the order of the plan, beside everything else: a step that comes first waits for its own alone. */
  begin(): void {
    const { logger } = this.#deps;
    const { run } = this.#hold;
    void this.#fetch(run).catch((error: unknown) =>
      logger.warn({ run: run.plan.id, why: messageOf(error) }, "Credentials for a run could not be fetched ahead"),
    );
  }

  /** False while they cannot be had: the commit has to wait. After a minute of that its step has failed, before it began. */
  async areThere(run: RunState): Promise<boolean> {
    const { clock, progressed } = this.#deps;
    try {
      await this.#fetch(run);
      this.#missingSinceMs = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof TransientError || error instanceof StepFailed)) throw error;
      this.#missingSinceMs ??= clock.now();
      const isOver = error instanceof StepFailed || clock.now() - this.#missingSinceMs >= WAITS_MS;
      if (isOver) await this.#stop(run, messageOf(error));
      else for (const step of readySteps(run)) progressed(run, step.id, `waits for credentials: ${messageOf(error)}`);
      return false;
    }
  }

  async #fetch(run: RunState): Promise<void> {
    for (const permitted of neededFor(run, this.#deps)) await this.#deps.cloud.prepare(permitted);
  }

  async #stop(run: RunState, why: string): Promise<void> {
    const commit = readySteps(run).find(({ wayBack }) => wayBack === "irreversible");
    if (!commit) return;
    const says = `${commit.title} was not begun, since nobody hands out credentials for what follows it. ${why}`;
    const entered = await this.#hold.append((now) =>
      now.state === "running"
        ? {
            entry: {
              ...{ kind: "failed", atMs: this.#deps.clock.now(), step: commit.id, epoch: this.#hold.epoch },
              ...{ code: "no-credentials", why: says, mustAsk: true },
            },
            told: { says },
          }
        : undefined,
    );
    if (entered) await this.#hold.note(entered);
  }
}

/** What each step of the plan may do, of those that change something: also of one that is done and may have to be done again. */
function neededFor(run: RunState, deps: Pick<ExecutorDeps, "steps">): readonly (readonly Permission[])[] {
  return run.plan.steps.map((step) => permittedFor(deps, run, step)).filter((permitted) => permitted.length > 0);
}
