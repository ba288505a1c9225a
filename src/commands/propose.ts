import type { Card } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import type { Person } from "../domain/people/person.ts";
import { likenessOf, withLearned } from "../domain/plan-run/learned-times.ts";
import { type Plan, planDigest } from "../domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../domain/plan-run/run.ts";
import { readIfReadable } from "../domain/readable.ts";
import type { Service } from "../domain/service/service.ts";
import { startAlone } from "../engine/approvals/start-alone.ts";
import { observe } from "../flows/observe.ts";
import { openQuestions } from "../flows/resources/settings-of.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { planCard, whatItIs } from "../views/plan.ts";
import type { Answer, Ask } from "./intent.ts";
import type { RunCommandDeps } from "./run-deps.ts";

export interface Proposal {
  readonly service: Service;
  readonly runbook: StoredRunbook;
  /** What the runbook made of the words or fields. */
  readonly wish: unknown;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly requester: Person;
  readonly ask: Ask;
  /** The waiting run whose rest this is. */
  readonly continues?: RunState;
}

/** Looks at the world, plans, and puts the plan before the approvers. A dry run ends with the asker's own card. */
export async function propose(wanted: Proposal, deps: RunCommandDeps): Promise<Answer> {
  const { service, ask, requester, continues } = wanted;
  const inventory = deps.inventory();
  refuseWhileUnknown(service, deps.clock.now());
  const observed = await observe(service, deps.cloud, {
    lastLook: await deps.lastLook(service.name),
    isHurried: true,
  });
  const incident = await deps.incidentOf(service.name);
  const nowMs = deps.clock.now();
  const request = {
    ...{ id: deps.newId(), service, inventory, observed, nowMs },
    reason: wanted.reason || (incident ? `incident ${incident.id}` : "asked for by hand"),
    requester: requester.id,
    incident: incident?.id,
    outageAtMs: incident?.firstSeenAtMs,
    ...(continues ? { continues } : {}),
  };
  const planned = wanted.runbook.plan(request, wanted.wish);
  if (planned.kind === "refused")
    throw new UserError(
      "plan-refused",
      `No plan for ${service.name}: ${planned.reasons.join(" ")} Nothing was changed.`,
    );
  const times = planned.plan.steps.map((step) => deps.times.of(likenessOf(step, planned.plan)));
  const plan = withLearned(planned.plan, await Promise.all(times));
  const run = proposedRun(plan, planDigest(plan));
  if (wanted.dryRun)
    return { kind: "whisper", card: dryRun(planCard(run, inventory, { nowMs, downSinceMs: incident?.firstSeenAtMs })) };
  const channel = incident?.channel ?? ask.channel ?? contextChannel(ask.value) ?? inventory.file.alerts.channel;
  await deps.rememberChannel(plan.id, channel);
  await deps.runs.create(plan, run.digest, [
    {
      kind: "run.proposed",
      atMs: nowMs,
      run: plan.id,
      service: service.name,
      by: requester.id,
      door: ask.who.proof.door,
      ...(incident ? { incident: incident.id } : {}),
      says: `${requester.name} asks for ${continues ? "" : "a "}${whatItIs(plan)} of ${service.name} from ${plan.from} to ${plan.to}: ${plan.reason}`,
      facts: { digest: run.digest },
    },
  ]);
  if (plan.keysRequired === 0) {
    await startAlone(run, { person: requester, proof: ask.who.proof }, deps);
    return { kind: "whisper", card: told(plan, channel, "is started. Its progress is in") };
  }
  await deps.wake.run(plan.id);
  return { kind: "whisper", card: told(plan, channel, "is made. The approvers are being called. Its card is in") };
}

/** A plan pins every setting that it uses: one that is unknown, undecided or contradicted makes none. */
function refuseWhileUnknown(service: Service, nowMs: number): void {
  const questions = openQuestions(service, nowMs);
  if (questions.length === 0) return;
  throw new UserError("settings-open", `No plan for ${service.name}: ${questions.join(" ")} Nothing was changed.`);
}

/** One plan of a service at a time waits for keys, so that nobody signs the wrong one. */
export async function refuseWhilePlanned(service: Pick<Service, "name">, deps: RunCommandDeps): Promise<void> {
  for (const id of await deps.runs.openIds()) {
    const open = await readIfReadable(deps.runs.read(id));
    if (open?.plan.service === service.name && open.state === "waiting-for-keys") {
      throw new UserError(
        "plan-waiting",
        `Plan ${id} for ${service.name} waits for keys already. Use that one, or close it first. The person who asked for it can withdraw it: /dr withdraw ${id}. An approver can refuse it: /dr reject ${id}.`,
      );
    }
  }
}

/** A form knows the channel that it was asked for in; a button carries something else. */
function contextChannel(context: string | undefined): string | undefined {
  return context?.startsWith("channel:") ? context.slice("channel:".length) || undefined : undefined;
}

function told(plan: Plan, channel: string, what: string): Card {
  return {
    text: `Plan ${plan.id} ${what} the channel.`,
    parts: [{ kind: "text", text: [`Plan `, { code: plan.id }, ` ${what} `, { channel }, `.`] }],
  };
}

function dryRun(card: ReturnType<typeof planCard>): ReturnType<typeof planCard> {
  return {
    ...card,
    text: `Dry run, nothing is kept: ${card.text}`,
    parts: [
      { kind: "text", text: [{ bold: "Dry run: this plan is not kept and cannot be approved." }] },
      ...card.parts.filter((part) => part.kind !== "buttons"),
    ],
  };
}
