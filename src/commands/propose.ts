import { randomUUID } from "node:crypto";
import { type Card, spans, type Text } from "../domain/card/card.ts";
import { OutcomeUnknown, TransientError, UserError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { Person } from "../domain/people/person.ts";
import { whoIsLeft } from "../domain/plan-run/key.ts";
import { likenessOf, withLearned } from "../domain/plan-run/learned-times.ts";
import { movedBy } from "../domain/plan-run/moved.ts";
import { type Plan, planDigest } from "../domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../domain/plan-run/run.ts";
import { unansweredIn } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { type Requester, startAlone } from "../engine/approvals/start-alone.ts";
import { runsOfService } from "../engine/runs/runs-of-service.ts";
import { type Look, observe } from "../flows/observe.ts";
import { agedSettings, openQuestions, sparedSettings } from "../flows/resources/settings-of.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { nameOf, peopleLeft } from "../views/names.ts";
import { planInFull, whatIsAsked } from "../views/plan.ts";
import { someOf } from "../views/room.ts";
import { endedWithout } from "../views/sight.ts";
import { type ActWords, PLAN_WORDS, START_WORDS } from "../views/store-answers.ts";
import { foreseenIn } from "./foreseen.ts";
import type { Answer, Ask } from "./intent.ts";
import { inTheWay, refuseWhileWrong } from "./refuse-while.ts";
import type { RunCommandDeps } from "./run-deps.ts";
import { showLooking } from "./sight.ts";
import { toldOf as storeToldOf } from "./told.ts";

export interface Proposal {
  readonly service: Service;
  readonly runbook: StoredRunbook;
  /** What the runbook made of the words or fields. */
  readonly wish: unknown;
  readonly reason: string;
  readonly requester: Requester;
  /** Where it was asked for; its cards go there when the service has no incident. */
  readonly channel: string | undefined;
  /** A new one unless it is said. */
  readonly id?: string;
  /** The waiting run whose rest this is. */
  readonly continues?: RunState;
  /** Is told each part of the look as soon as it is there. */
  readonly sees?: Look["sees"];
}

/** What somebody asked for in words or fields. */
export interface Asked extends Omit<Proposal, "requester" | "channel"> {
  readonly dryRun: boolean;
  readonly person: Person;
  readonly ask: Ask;
}

/** Looks at the world, plans, and puts the plan before the approvers. A dry run ends with the asker's own card. */
export async function propose({ ask, person, dryRun, ...asked }: Asked, deps: RunCommandDeps): Promise<Answer> {
  const { id, name } = person;
  const requester = { id, name, proof: ask.who.proof };
  const channel = ask.channel ?? contextChannel(ask.value);
  const about = { service: asked.service.name, asker: nameOf(deps.inventory(), id), channel };
  const looking = showLooking({ ...about, key: `look:${randomUUID()}` }, deps.chat);
  let mayBeKept = false;
  const keeps = () => {
    mayBeKept = true;
  };
  try {
    const wanted = { ...asked, requester, channel, sees: looking.sees };
    const { card, outcome } = await storeToldOf(planWords(asked.runbook), () => made(wanted, { dryRun, keeps }, deps));
    looking.ends(outcome);
    return { kind: "whisper", card };
  } catch (error) {
    looking.ends(endedWithout({ asker: about.asker, mayBeKept, ...toldOf(error) }));
    throw error;
  }
}

export const planWords = ({ needs }: StoredRunbook): ActWords => (needs === "responder" ? START_WORDS : PLAN_WORDS);

/** Errors that speak of the service alone: what is wrong with it is for everybody who could see the look. */
const ABOUT_THE_SERVICE: ReadonlySet<string> = new Set(["plan-refused", "settings-open"]);

const toldOf = (error: unknown) => ({
  isTold: error instanceof UserError,
  forRoom: error instanceof UserError && ABOUT_THE_SERVICE.has(error.code) ? error.message : undefined,
});

interface Making {
  readonly dryRun: boolean;
  /** Is told before the plan is kept: from then on nobody can say that there is none. */
  readonly keeps: () => void;
}

/** The asker's own card, and what everybody is told who could see the look. */
async function made(
  wanted: Proposal,
  { dryRun, keeps }: Making,
  deps: RunCommandDeps,
): Promise<{ card: Card; outcome: Text }> {
  const draft = await draftSoon(wanted, deps);
  const { plan } = draft.run;
  if (dryRun) {
    const context = { nowMs: plan.madeAtMs, downSinceMs: draft.incident?.firstSeenAtMs };
    const card = withoutKeys(planInFull(draft.run, deps.inventory(), context));
    return { card, outcome: `It was a dry run: only ${wanted.requester.name} is shown the plan.` };
  }
  keeps();
  const channel = await keepDraft(draft, wanted, deps);
  const what = plan.keysRequired === 0 ? "is started. Its progress is in" : CALLED;
  const outcome = told(plan, channel, what);
  const whose = plan.keysRequired === 0 ? [] : [whoCounts(draft.run, deps)];
  const parts = [outcome, ...whose].map((text) => ({ kind: "text" as const, text }));
  return { card: { text: [`Plan ${plan.id} ${what} the channel.`, ...whose].join(" "), parts }, outcome };
}

const CALLED = "is made. Its approvers are asked for. Its card is in";

/** The asker sees the button as well, and would learn only by pressing it that it is not for them. */
function whoCounts(run: RunState, { inventory }: Pick<RunCommandDeps, "inventory">): string {
  const people = whoIsLeft(run, inventory()).map(({ id }) => nameOf(inventory(), id));
  return `Your own key does not count. ${peopleLeft(run.plan.keysRequired, 0)} of these must agree: ${someOf(people, 8)}.`;
}

/** A plan that nobody has been shown. */
export interface Draft {
  readonly run: RunState;
  readonly incident: Awaited<ReturnType<RunCommandDeps["incidentOf"]>>;
}

/** The same for somebody who waits: the region that is left is planned as silent where it is slow, unless that alone refuses the plan. */
export async function draftSoon(wanted: Proposal, deps: RunCommandDeps): Promise<Draft> {
  try {
    return await draftOf(wanted, deps, true);
  } catch (error) {
    if (!(error instanceof UserError && error.code === "plan-refused")) throw error;
    return draftOf(wanted, deps);
  }
}

/** Looks at the world and plans. `isHurried`: see `draftSoon`. */
export async function draftOf(wanted: Proposal, deps: RunCommandDeps, isHurried = false): Promise<Draft> {
  const { service, requester, continues } = wanted;
  const inventory = deps.inventory();
  refuseWhileUnknown(service, deps.clock.now());
  await refuseWhileWrong(wanted, deps);
  const incident = await deps.incidentOf(service.name);
  const runs = await runsOfService(service.name, incident?.id, deps);
  const observed = await observe(service, deps.cloud, {
    lastLook: await deps.lastLook(service.name),
    moved: movedBy(runs, deps.clock.now()),
    ...{ isHurried, isForPlan: true as const, sees: wanted.sees },
  });
  const request = {
    ...{ id: wanted.id ?? deps.newId(), service, inventory, observed, nowMs: deps.clock.now() },
    reason: wanted.reason || (incident ? `incident ${incident.id}` : "asked for by hand"),
    requester: requester.id,
    incident: incident?.id,
    outageAtMs: incident?.firstSeenAtMs,
    ...(continues ? { continues } : {}),
  };
  const planned = wanted.runbook.plan(request, wanted.wish);
  if (planned.kind === "refused") throw refusedPlan(service, planned.reasons);
  const troubles = await foreseenIn(planned.plan, deps);
  if (troubles.length > 0) throw refusedPlan(service, troubles);
  const unchecked = [...agedSettings(service, request.nowMs), ...planned.plan.unchecked, ...sparedSettings(service)];
  const times = planned.plan.steps.map((step) => deps.times.of(likenessOf(step, planned.plan)));
  const ledger = deps.ledger.head();
  const unanswered = unansweredIn(observed);
  const sealed = {
    ...{ ...planned.plan, unchecked },
    ...(unanswered.length > 0 && { unanswered }),
    ...(ledger && { ledger }),
  };
  const plan = withLearned(sealed, await Promise.all(times));
  return { run: proposedRun(plan, planDigest(plan)), incident };
}

const refusedPlan = ({ name }: Service, reasons: readonly string[]): UserError =>
  new UserError("plan-refused", `No plan for ${name}: ${reasons.join(" ")} Nothing was changed.`);

/** Keeps the plan. One that only adds starts at once; for any other the approvers are called. Resolves to where its cards go. */
export async function keepDraft({ run, incident }: Draft, proposal: Proposal, deps: RunCommandDeps): Promise<string> {
  const { plan } = run;
  const channel = incident?.channel ?? proposal.channel ?? deps.inventory().file.alerts.channel;
  // Whatever became of that, there is no plan yet.
  await deps.rememberChannel(plan.id, channel).catch((cause: unknown) => {
    throw cause instanceof OutcomeUnknown ? new TransientError(cause.code, cause.message, { cause }) : cause;
  });
  await keepOrStart({ run, incident }, proposal, deps);
  return channel;
}

async function keepOrStart(
  { run, incident }: Draft,
  { service, requester }: Pick<Proposal, "service" | "requester">,
  deps: RunCommandDeps,
): Promise<void> {
  const { plan, digest } = run;
  const proposed: Event = {
    kind: "run.proposed",
    atMs: plan.madeAtMs,
    run: plan.id,
    service: service.name,
    by: requester.id,
    door: requester.proof.door,
    ...(incident ? { incident: incident.id } : {}),
    says: `${requester.name} asks: ${whatIsAsked(plan)}. Reason: ${plan.reason}`,
    facts: { digest },
  };
  // The look took its time: meanwhile somebody else may have asked for a plan, also in this very moment.
  const blocked = (other: string) => inTheWay(other, service, deps);
  if (plan.keysRequired === 0) return startAlone(run, { requester, proposed, inTheWay: blocked }, deps);
  const created = await deps.runs.create(plan, digest, [proposed]);
  if (created.kind === "in-the-way") throw await blocked(created.run);
  await deps.wake.run(plan.id);
}

/** A plan pins every setting that it uses: one that is unknown, undecided or contradicted makes none. */
function refuseWhileUnknown(service: Service, nowMs: number): void {
  const questions = openQuestions(service, nowMs);
  if (questions.length === 0) return;
  throw new UserError("settings-open", `No plan for ${service.name}: ${questions.join(" ")} Nothing was changed.`);
}

/** A form knows the channel that it was asked for in; a button carries something else. */
function contextChannel(context: string | undefined): string | undefined {
  return context?.startsWith("channel:") ? context.slice("channel:".length) || undefined : undefined;
}

const told = (plan: Plan, channel: string, what: string): Text =>
  spans`Plan ${{ code: plan.id }} ${what} ${{ channel }}.`;

function withoutKeys(card: Card): Card {
  return {
    ...card,
    text: `Dry run, nothing is kept: ${card.text}`,
    parts: [
      { kind: "text", text: [{ bold: "Dry run: this plan is not kept and cannot be approved." }] },
      ...card.parts.filter((part) => part.kind !== "buttons"),
    ],
  };
}
