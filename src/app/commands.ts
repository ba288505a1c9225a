import { randomInt } from "node:crypto";
import type { CommandDeps } from "../commands/index.ts";
import type { Intents } from "../commands/intent.ts";
import { askFromPipeline, type PipelineAnswer, type PipelineAsk } from "../commands/pipeline.ts";
import { renewals } from "../commands/renew.ts";
import { createIntents, underLostStore } from "../commands/route.ts";
import type { Looked } from "../commands/run-deps.ts";
import type { Event } from "../domain/event.ts";
import type { Incident, UpdateFields } from "../domain/incident/incident.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { SPEAKABLE } from "../domain/speakable.ts";
import { tendWait } from "../engine/delivery/waits.ts";
import { againstClosing } from "../flows/incident/life/against-closing.ts";
import { measuredOf, newestRunOf, runUnderWay } from "../flows/incident/life/incident-runs.ts";
import { emptyOf, rotationsOf } from "../flows/incident/paging/rotations.ts";
import { observe } from "../flows/observe.ts";
import { stillMay } from "../integrations/slack/standing.ts";
import type { Clock } from "../ports/clock.ts";
import type { LearnedTimes } from "../ports/learned-times.ts";
import type { Logger } from "../ports/logger.ts";
import type { LostStore } from "../ports/lost-store.ts";
import type { Ledger } from "../ports/runs.ts";
import type { Wake } from "../ports/wake.ts";
import { storeError, withPlainLines, withPlainLoss } from "../store/plain-errors.ts";
import type { OnCall } from "../views/standing.ts";
import { sayRun, updateFacts } from "../views/update-facts.ts";
import { incidentShown, openIncidentOf } from "./open-incident.ts";
import type { Outside } from "./outside.ts";
import { whyNoSession } from "./session-lengths.ts";
import type { Stores } from "./stores.ts";

export interface CommandSources {
  readonly stores: Stores;
  readonly outside: Outside;
  readonly ledger: Ledger & LostStore;
  readonly clock: Clock;
  readonly wake: Wake;
  readonly times: LearnedTimes;
  readonly inventory: () => Inventory;
  readonly logger: Logger;
  /** What holds the state, in words. */
  readonly server: string;
  /** How that stands which TwoKey stands on. */
  readonly proven: Looked;
  timeline(incident: string): Promise<readonly Event[]>;
  eventsOfRun(run: string): Promise<readonly Event[]>;
}

/** Machine times that `/dr status` waits before it shows what was seen last, with its age: the board is there within 300 ms. */
const LOOK_WITHIN_MS = 250;
const PAGER_WITHIN_MS = 300;
const ON_CALL_COUNTS_FOR_MS = 60_000;

export interface Commands {
  readonly intents: Intents;
  /** What a pipeline asks for, which is no person. */
  readonly askFromPipeline: (ask: PipelineAsk) => Promise<PipelineAnswer>;
  /** Makes a plan again that was made while something was silent which answers now. */
  readonly renewPlan: (run: RunState) => void;
}

// oxlint-disable-next-line max-lines-per-function -- one table: what each family of commands is handed
export function createCommands(sources: CommandSources): Commands {
  const { stores, outside, clock, wake, inventory } = sources;
  const deps: CommandDeps = {
    run: {
      runs: stores.runs,
      ledger: withPlainLines(sources.ledger),
      cloud: outside.cloud,
      sessionTrouble: (permissions, service) => whyNoSession(inventory().file, { permissions, service }),
      clock,
      wake,
      times: sources.times,
      cards: stores.cards,
      chat: outside.chat,
      inventory,
      freezes: stores.freezes,
      alarmReads: stores.alarmReads,
      stillMay: (person) => stillMay(outside.accounts.membersOf(person), outside.chat.confirm),
      newId: () => newId("F"),
      incidentOf: async (service) => {
        const incident = await openIncidentOf(service, stores);
        return incident && { id: incident.id, channel: incident.channel?.id, firstSeenAtMs: incident.firstSeenAtMs };
      },
      lastLook: async (service) => (await stores.seen.get(service))?.value.observation,
      incidentShown: (service) => incidentShown(service, stores),
      ...{ waits: stores.waits, calls: stores.calls },
      rememberChannel: async (run, channel) => {
        await stores.runChannels.change(run, () => ({ value: { channel }, events: [] }));
      },
      channelOf: async (run) => (await stores.runChannels.get(run))?.value.channel,
      observed: (service) => observedSoon(service, sources),
      server: sources.server,
      ...{ proven: sources.proven, standings: sources.proven.standings },
      onCall: createOnCall(sources),
    },
    recovery: {
      ...{ recoveries: stores.recoveries, runs: stores.runs, cards: stores.cards },
      lostStore: withPlainLoss(sources.ledger),
      ...{ cloud: outside.cloud, clock, wake, inventory },
      newId: () => newId("R"),
      eventsOfRun: (run) => sources.eventsOfRun(run),
    },
    incident: {
      incidents: stores.incidents,
      correlation: stores.correlation,
      pagers: outside.pagers,
      clock,
      wake,
      inventory,
      timeline: sources.timeline,
      newId: () => newId("I"),
      facts: (incident) => factsOf(incident, stores, clock),
      runInProgress: async (incident) => {
        const run = await runUnderWay(incident, stores);
        return run && sayRun(run, clock.now());
      },
      measured: (incident) => measuredOf(incident, stores),
      againstClosing: (incident) => againstClosing(incident, { ...stores, nowMs: () => clock.now() }),
    },
    waiting: {
      ...{ runs: stores.runs, incidents: stores.incidents, waits: stores.waits },
      ...{ ledger: withPlainLines(sources.ledger), clock, inventory, logger: sources.logger },
      channelOf: async (run) => (await stores.runChannels.get(run))?.value.channel,
      tendWait: (service) => tendWait(service, { ...stores, clock, wake }),
    },
  };
  return {
    intents: withStoreErrors(underLostStore(createIntents(deps, inventory), sources.ledger)),
    askFromPipeline: (ask) => askFromPipeline(ask, deps.run),
    renewPlan: renewals(deps.run, sources.logger),
  };
}

/** What else stands on Redis beside the stores, such as the marks of the ledgers, fails in the same words. */
const withStoreErrors =
  (intents: Intents): Intents =>
  async (ask) => {
    try {
      return await intents(ask);
    } catch (error) {
      throw storeError(error, "write");
    }
  };

/** What the next status update says before anybody edits it. */
export async function factsOf(incident: Incident, stores: Stores, clock: Clock): Promise<UpdateFields> {
  return updateFacts(incident, await newestRunOf(incident, stores), clock.now());
}

function newId(kind: string): string {
  return `${kind}-${Array.from({ length: 6 }, () => SPEAKABLE[randomInt(SPEAKABLE.length)]).join("")}`;
}

/** Looks, and remembers what was seen; a slow look goes on and is there for the next question. */
async function observedSoon(service: Service, { stores, outside }: CommandSources): Promise<Observation | undefined> {
  const looking = look(service, stores, outside).catch(() => undefined);
  const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), LOOK_WITHIN_MS).unref());
  const first = await Promise.race([looking, late]);
  if (first !== "late" && first !== undefined) return first;
  return (await stores.seen.get(service.name))?.value.observation;
}

export async function look(service: Service, stores: Stores, outside: Pick<Outside, "cloud">): Promise<Observation> {
  const lastLook = (await stores.seen.get(service.name))?.value.observation;
  const observation = await observe(service, outside.cloud, { lastLook });
  await stores.seen.change(service.name, (current) =>
    current && current.observation.atMs > observation.atMs ? undefined : { value: { observation }, events: [] },
  );
  return observation;
}

/** Who is on call, from the pager or, where it is slow, as it said within the last minute. Undefined: the file names no rotation. */
function createOnCall({ outside, inventory }: CommandSources): () => Promise<OnCall | undefined> {
  let last: { readonly atMs: number; readonly onCall: OnCall } | undefined;
  const ask = async (rotations: ReadonlyMap<string, string>): Promise<OnCall | undefined> => {
    const answer = await outside.pagers.keeper.whoIsOnCall([...rotations.keys()]);
    if (answer.kind !== "accepted") return undefined;
    const names = answer.value.map((entry) => `${entry.name} (${entry.policyName}, level ${entry.level})`);
    const onCall = { names: [...new Set(names)], empty: emptyOf(rotations, answer.value) };
    last = { atMs: Date.now(), onCall };
    return onCall;
  };
  return async () => {
    const rotations = rotationsOf(inventory(), outside.pagers.keeper.name);
    if (rotations.size === 0) return undefined;
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PAGER_WITHIN_MS).unref());
    const answer = await Promise.race([ask(rotations).catch(() => undefined), late]);
    if (answer) return answer;
    return last && Date.now() - last.atMs <= ON_CALL_COUNTS_FOR_MS ? last.onCall : "unknown";
  };
}
