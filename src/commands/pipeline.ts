import { UserError } from "../domain/errors.ts";
import { pipelineId } from "../domain/people/pipeline.ts";
import type { RunState, RunStateName } from "../domain/plan-run/run.ts";
import { findService, type Inventory } from "../domain/service/inventory.ts";
import type { Service } from "../domain/service/service.ts";
import { speakableOf } from "../domain/speakable.ts";
import type { Requester } from "../engine/approvals/start-alone.ts";
import { RUNBOOKS } from "../flows/runbooks/index.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { draftOf, keepDraft } from "./propose.ts";
import { refuseWhileCoolingDown, refuseWhileHeld, refuseWhileLost } from "./refuse-while.ts";
import type { RunCommandDeps } from "./run-deps.ts";

/** What a pipeline asks for. Its door has proven which one it is. */
export interface PipelineAsk {
  readonly pipeline: string;
  /** The pipeline's own; a repeat of it is the same run. */
  readonly id: string;
  readonly runbook: string;
  readonly service: string;
  readonly reason: string;
}

export interface PipelineAnswer {
  readonly plan: string;
  readonly state: RunStateName;
}

/** Long enough that two requests never share a run. */
const ID_LENGTH = 12;

/** The run of this request: begun now, or found. Throws UserError with the reason, and in `facts.run` what is in the way. */
export async function askFromPipeline(ask: PipelineAsk, deps: RunCommandDeps): Promise<PipelineAnswer> {
  const { service, runbook } = allowed(ask, deps.inventory());
  await refuseWhileLost("This request", deps);
  const id = `F-${speakableOf(`${ask.pipeline} ${ask.id}`, ID_LENGTH)}`;
  const earlier = await deps.runs.read(id);
  if (earlier) refuseUnlessSame(earlier, ask);
  else await begin({ id, service, runbook, ask }, deps);
  const run = await deps.runs.read(id);
  return { plan: id, state: run?.state ?? "waiting-for-keys" };
}

/** What a pipeline may ask for: no person has agreed, so it only adds something (G1). */
const ONLY_ADDS = RUNBOOKS.filter(({ needs }) => needs === "responder");

function allowed(ask: PipelineAsk, inventory: Inventory): { service: Service; runbook: StoredRunbook } {
  const own = inventory.file.pipelines[ask.pipeline]?.services ?? [];
  const service = own.includes(ask.service) ? findService(inventory, ask.service) : undefined;
  if (!service)
    throw new UserError(
      "service-unknown",
      `Pipeline ${ask.pipeline} may not ask for ${ask.service}. It may ask for: ${own.join(", ")}.`,
    );
  const runbook = ONLY_ADDS.find(({ name }) => name === ask.runbook);
  if (runbook) return { service, runbook };
  const may = `A pipeline may ask for: ${ONLY_ADDS.map(({ name }) => name).join(", ")}.`;
  throw RUNBOOKS.some(({ name }) => name === ask.runbook)
    ? new UserError("runbook-needs-keys", `${ask.runbook} needs the keys of two people. ${may}`)
    : new UserError("runbook-unknown", `There is no runbook ${ask.runbook}. ${may}`);
}

const requesterOf = ({ pipeline }: PipelineAsk): Requester => ({
  id: pipelineId(pipeline),
  name: `Pipeline ${pipeline}`,
  proof: { door: "pipeline", strength: "account" },
});

interface Beginning {
  readonly id: string;
  readonly service: Service;
  readonly runbook: StoredRunbook;
  readonly ask: PipelineAsk;
}

async function begin({ id, service, runbook, ask }: Beginning, deps: RunCommandDeps): Promise<void> {
  const { reason } = ask;
  const wanted = { id, service, runbook, wish: {}, reason, requester: requesterOf(ask), channel: undefined };
  try {
    await refuseWhileHeld(service, deps);
    await refuseWhileCoolingDown(service, deps);
    await keepDraft(await draftOf(wanted, deps), wanted, deps);
  } catch (error) {
    // The same request may have come twice at once: then what is in the way is its own run.
    const own = await deps.runs.read(id);
    if (!own) throw error;
    refuseUnlessSame(own, ask);
  }
}

/** A repeat is the run that was begun for it. */
function refuseUnlessSame({ plan }: RunState, ask: PipelineAsk): void {
  const requester = requesterOf(ask);
  const { runbook, service, reason } = plan;
  const isSame =
    plan.requester === requester.id && runbook === ask.runbook && service === ask.service && reason === ask.reason;
  if (!isSame)
    throw new UserError(
      "request-used",
      `Request ${ask.id} asked for something else before: ${runbook} of ${service}. Use a new id.`,
      { facts: { run: plan.id } },
    );
}
