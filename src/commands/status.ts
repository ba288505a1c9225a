import type { Card, CardPart, Span, Text } from "../domain/card/card.ts";
import { ALARM_READS_ID, type AlarmReads } from "../domain/incident/alarm-reads.ts";
import { isLookedAfter } from "../domain/plan-run/fence.ts";
import { sayFrozen } from "../domain/plan-run/freeze.ts";
import { movedBy } from "../domain/plan-run/moved.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { standingAt, type Wait } from "../domain/plan-run/wait.ts";
import { standingsShown } from "../domain/proof.ts";
import { readable } from "../domain/readable.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { runsOfService } from "../engine/runs/runs-of-service.ts";
import { withMoved } from "../flows/active-region.ts";
import { calledNow } from "../flows/reach/called-now.ts";
import type { Calls } from "../flows/reach/calls.ts";
import type { Documents } from "../ports/documents.ts";
import type { Freezes } from "../ports/freezes.ts";
import type { Ledger, Runs } from "../ports/runs.ts";
import { unreadNotes } from "../views/alarm-reads.ts";
import { calledLine } from "../views/called.ts";
import { degradedLines } from "../views/proofs.ts";
import type { OnCall, ServiceStatus } from "../views/standing.ts";
import { serviceCard, statusCard } from "../views/status.ts";
import { waitLine } from "../views/wait.ts";
import { isShown, refuseUnlessShown, shownTo } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { type OutlookDeps, outlookOf } from "./outlook.ts";
import { serviceNamed } from "./run-deps.ts";

export interface StatusDeps extends OutlookDeps {
  readonly runs: Pick<Runs, "openIds" | "read" | "holderOf" | "ofIncident" | "coolDownUntil">;
  /** Newest look at the service: fresh if AWS answers in time, else the cached one with its age. */
  observed(service: Service): Promise<Observation | undefined>;
  incidentShown(
    service: string,
  ): Promise<{ readonly id: string; readonly title: string; readonly channel: string | undefined } | undefined>;
  /** Absent: it is not looked at here. */
  readonly ledger?: Pick<Ledger, "disagreement">;
  /** Who decided to wait with which service. */
  readonly waits: Pick<Documents<Wait>, "get">;
  /** Whom each run calls. */
  readonly calls: Pick<Documents<Calls>, "get">;
  readonly freezes: Pick<Freezes, "inForce">;
  /** When the states of alarms were last read; absent: it is not looked at here. */
  readonly alarmReads?: Pick<Documents<AlarmReads>, "get">;
  /** What holds TwoKey's own state, in words; undefined: it is not looked at here. */
  readonly server: string | undefined;
  /** Undefined: it is not asked here. */
  onCall(): Promise<OnCall | undefined>;
}

/** `/dr status [service]`: the board, or one service in depth. Answers within 3 s, from the cache when AWS is slow. */
export async function status(ask: Ask, deps: StatusDeps): Promise<Answer> {
  const [name] = ask.args;
  const inventory = deps.inventory();
  if (name !== undefined)
    refuseUnlessShown(ask, [serviceNamed(name, inventory, shownTo(ask, inventory)).name], inventory);
  const card = await statusOfServices(name, deps, (service) => isShown(ask, service, inventory));
  const kept = inventory.services.filter((service) => !isShown(ask, service.name, inventory)).length;
  return { kind: "whisper", card: kept === 0 || name !== undefined ? card : withKept(card, kept) };
}

export async function statusOfServices(
  name: string | undefined,
  deps: StatusDeps,
  shows: (service: string) => boolean = () => true,
): Promise<Card> {
  const inventory = deps.inventory();
  const wanted =
    name === undefined ? inventory.services.filter((service) => shows(service.name)) : [serviceNamed(name, inventory)];
  const stopping = stoppedBy(deps);
  const [reads, onCall, stops, ...services] = await Promise.all([
    deps.alarmReads?.get(ALARM_READS_ID),
    deps.onCall(),
    stopping,
    ...wanted.map((service) => statusOf(service, deps, stopping)),
  ]);
  const [only] = services;
  const nowMs = deps.clock.now();
  const isOne = name !== undefined && only !== undefined;
  const degraded = degradedLines(standingsShown(deps.standings?.() ?? [], shows));
  const shown = withDegraded(isOne ? serviceCard(only, nowMs) : statusCard(services, onCall, nowMs), degraded);
  const unread = { ...shown, parts: [...shown.parts, ...unreadNotes(reads?.value, nowMs)] };
  const card = isOne ? unread : withServer(unread, deps.server);
  const frozen = stops.frozen === undefined ? undefined : ["FROZEN. ", stops.frozen];
  const stopped =
    stops.lost === undefined
      ? undefined
      : ["State lost. ", `${stops.lost}. Nothing is changed. The way on: /dr accept-store.`];
  return [frozen, stopped].reduce(under, card);
}

/** What keeps every service from being moved, in words: a freeze, and why the store does not count. */
interface StoppedBy {
  readonly frozen: string | undefined;
  readonly lost: string | undefined;
}

async function stoppedBy({ freezes, ledger }: StatusDeps): Promise<StoppedBy> {
  const [[freeze], lost] = await Promise.all([freezes.inForce(), ledger?.disagreement()]);
  return { frozen: freeze && `${sayFrozen(freeze)}.`, lost };
}

const reasonsOf = ({ frozen, lost }: StoppedBy): string[] => [
  ...(lost === undefined ? [] : [`${lost}. The way on: /dr accept-store.`]),
  ...(frozen === undefined ? [] : [frozen]),
];

const withKept = (card: Card, kept: number): Card => ({
  ...card,
  parts: [
    ...card.parts,
    {
      kind: "note",
      text: `${kept === 1 ? "One service is" : `${kept} services are`} shown to other people only (access.see in twokey.yaml).`,
    },
  ],
});

/** Below everything else: it concerns the people who run TwoKey, and no service. */
function withServer(card: Card, server: string | undefined): Card {
  return server === undefined ? card : { ...card, parts: [...card.parts, { kind: "note", text: server }] };
}

/** Lines of the board: there is room for that many, and `twokey doctor` says all. */
const MOST_DEGRADED = 8;

/** Below the services: what TwoKey itself stands on and is wrong, or gives no answer. */
function withDegraded(card: Card, lines: readonly (readonly Span[])[]): Card {
  if (lines.length === 0) return card;
  const more = lines.length - MOST_DEGRADED;
  const shown = [...lines.slice(0, MOST_DEGRADED), ...(more > 0 ? [[`${more} more: twokey doctor says all.`]] : [])];
  const part: CardPart = { kind: "lines", plain: true, lines: shown };
  return { ...card, parts: [...card.parts, { kind: "heading", text: "TwoKey is degraded" }, part] };
}

/** Above everything else: whatever a service's line says, nothing is changed meanwhile. */
function under(card: Card, above: readonly string[] | undefined): Card {
  if (!above) return card;
  const [word = "", why = ""] = above;
  const said: CardPart = { kind: "text", text: [{ bold: word }, why] };
  return { text: `${word}${why} ${card.text}`, parts: [said, ...card.parts] };
}

async function statusOf(service: Service, deps: StatusDeps, stopping: Promise<StoppedBy>): Promise<ServiceStatus> {
  const [seen, incident, holder, decided] = await Promise.all([
    deps.observed(service),
    deps.incidentShown(service.name),
    deps.runs.holderOf(service.name),
    deps.waits.get(service.name),
  ]);
  const wait = standingAt(decided?.value, deps.clock.now());
  const [held, runs] = await Promise.all([
    readable(holder === undefined ? [] : [deps.runs.read(holder)]),
    runsOfService(service.name, incident?.id, deps),
  ]);
  const observed = seen && withMoved(service, seen, movedBy(runs, deps.clock.now()));
  const newest = runs.findLast(({ startedAtMs }) => startedAtMs !== undefined);
  const waiting = runs.find(({ state }) => state === "waiting-for-keys");
  // While a plan waits, or a run has the service, nobody can ask for another.
  const isFree = holder === undefined && waiting === undefined;
  return {
    ...{ service, observed, incident, run: held.read[0], unreadable: held.unreadable[0]?.message, waiting },
    // A verified run holds its service no longer, but its old side may still be watched, or was fenced a moment ago.
    newest,
    earlier: runs.filter((run) => run !== newest && isLookedAfter(run)),
    called: await calledBy(waiting ?? held.read[0], deps),
    wait: wait && waitLine({ wait, inventory: deps.inventory() }),
    outlook:
      isFree && observed
        ? await outlookOf(service, observed, { ...deps, stopped: reasonsOf(await stopping) })
        : undefined,
  };
}

async function calledBy(run: RunState | undefined, { calls, clock, inventory }: StatusDeps): Promise<Text | undefined> {
  const stored = run && (await calls.get(run.plan.id));
  const called = run && calledNow(run, stored?.value, { inventory: inventory(), nowMs: clock.now() });
  return called && calledLine(called, inventory());
}
