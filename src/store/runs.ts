import { z } from "zod";
import { Bug, Superseded } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Plan } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { RunEntry } from "../domain/plan-run/run-entry.ts";
import { transition } from "../domain/plan-run/run-transition.ts";
import type { Keeping } from "../ports/keeping.ts";
import type { AppendAnswer, Appended, CreateAnswer, Runs, Start } from "../ports/runs.ts";
import { withLists } from "./events.ts";
import { KEYS } from "./keys.ts";
import { certain, leftOut } from "./plain-errors.ts";
import { isOtherType, type Place, readOrPutAside, settledBefore, takeBack } from "./put-aside.ts";
import { type FoundRun, remember, replayer } from "./replayed.ts";
import type { ScriptedRedis } from "./scripts.ts";
import type { Seals } from "./seal.ts";

/** Of the plan and of the entries behind it. */
const JOURNAL_VERSION = 6;
const PLACE: Place = {
  kind: "run",
  beginsAgain: false,
  document: KEYS.run,
  open: KEYS.openRuns,
  due: KEYS.dueDocuments("run"),
  settled: KEYS.settledRuns,
};

export interface KeptRuns extends Runs, Keeping {
  /** False: it is open. `alongside`: keys of the store that go with it in the same step. */
  remove(id: string, alongside: readonly string[]): Promise<boolean>;
}

export function createRuns(redis: ScriptedRedis, now: () => number, journal: Seals): KeptRuns {
  const reading = { redis, journal, replayed: replayer(JOURNAL_VERSION, journal) };
  return {
    create: async (plan, digest, events) => {
      const answer = await create({ plan, digest, events }, { redis, journal, nowMs: now() });
      if (answer.kind === "cooling-down") throw new Bug("plan-cooled", `Plan ${plan.id} only waits for keys`);
      return answer;
    },
    createStarted: (proposed, start) => createStarted(proposed, start, { redis, journal, nowMs: now() }),
    read: (id) => readOrPutAside(source(reading, id)),
    append: (run, change) => append({ redis, journal }, run, { ...change, nowMs: now() }),
    ofIncident: (incident) => redis.smembers(KEYS.runsOf(incident)),
    openIds: openRuns(redis),
    holderOf: async (service) => (await redis.get(KEYS.claim(service))) ?? undefined,
    async coolDownUntil(service) {
      const until = Number((await redis.get(KEYS.coolDown(service))) ?? 0);
      return until > now() ? until : undefined;
    },
    settledBefore: (atMs, limit) => settledBefore(redis, KEYS.settledRuns, { atMs, limit }),
    remove: async (id, alongside) => {
      const keys = [KEYS.openRuns, PLACE.due, KEYS.settledRuns, KEYS.run(id), KEYS.journal(id), ...alongside];
      return (await redis.twokeyRemove(keys.length, ...keys, id, "", now())) === 1;
    },
    takeBack: (id) => takeBack(source(reading, id)),
  };
}

/** A plan never changes, so it is asked for once what its run is about. A run that nobody can read may be of any service. */
function openRuns(redis: ScriptedRedis): Runs["openIds"] {
  let services: ReadonlyMap<string, string | undefined> = new Map();
  const known = async (id: string) => [id, services.get(id) ?? serviceIn(await planOf(redis, id))] as const;
  return async (service) => {
    const ids = await redis.smembers(KEYS.openRuns);
    if (service === undefined) return ids;
    services = new Map(await Promise.all(ids.map(known)));
    return ids.filter((id) => [service, undefined].includes(services.get(id)));
  };
}

async function planOf(redis: ScriptedRedis, id: string): Promise<string> {
  try {
    return (await redis.hget(KEYS.run(id), "plan")) ?? "";
  } catch (error) {
    if (isOtherType(error)) return "";
    throw error;
  }
}

const OfService = z.object({ service: z.string() });

function serviceIn(plan: string): string | undefined {
  try {
    return OfService.safeParse(JSON.parse(plan)).data?.service;
  } catch {
    return undefined;
  }
}

interface Reading {
  readonly redis: ScriptedRedis;
  readonly journal: Seals;
  readonly replayed: ReturnType<typeof replayer>;
}

const source = ({ redis, journal, replayed }: Reading, id: string) => ({
  ...{ redis, place: PLACE, id },
  fetch: async (): Promise<FoundRun> => {
    // Before it is asked: an answer on its way knows nothing of what is written meanwhile.
    const known = journal.seen?.journal(id);
    return [...(await Promise.all([redis.hgetall(KEYS.run(id)), redis.lrange(KEYS.journal(id), 0, -1)])), known];
  },
  parse: (found: FoundRun) => replayed(id, found),
});

interface Creating {
  readonly redis: ScriptedRedis;
  readonly journal: Seals;
  readonly nowMs: number;
}

/** `first`: the line that starts it. */
interface Created {
  readonly plan: Plan;
  readonly digest: string;
  readonly events: readonly Event[];
  readonly first?: string | undefined;
}

async function createStarted(proposed: RunState, { entry, events }: Start, creating: Creating) {
  const { plan, digest } = proposed;
  // As at an append: what does not fit never reaches the journal (J1).
  const next = transition(proposed, entry);
  const { lines, seal } = linesBehind(proposed, [entry], creating.journal);
  const answer = await create({ plan, digest, events, first: lines[0] }, creating);
  if (answer.kind === "created") remember(creating.journal, { ...next, seal });
  return answer;
}

async function create(
  { plan, digest, events, first = "" }: Created,
  { redis, journal, nowMs }: Creating,
): Promise<CreateAnswer | Extract<AppendAnswer, { kind: "cooling-down" }>> {
  const { id, service, incident, restOf } = plan;
  const incidentKey = incident === undefined ? [] : [KEYS.runsOf(incident)];
  const ofService = [KEYS.claim(service), KEYS.waitingPlan(service), KEYS.journal(id), KEYS.coolDown(service)];
  const all = [KEYS.position, KEYS.events, KEYS.run(id), KEYS.openRuns, ...ofService, ...incidentKey];
  const { keys, args } = withLists(all, events);
  const document = [JOURNAL_VERSION, canonicalJson(plan), digest, journal.of({ plan: id, digest })];
  const more = [restOf?.run ?? "", incidentKey.length, nowMs, first];
  const ask = () => redis.twokeyCreateRun(keys.length, ...keys, id, ...document, ...more, ...args);
  const [answer, detail] = await certain<[string, string]>(ask, async () => {
    const kept = await redis.hget(KEYS.run(id), "digest");
    if (kept === null) throw leftOut();
    // A pipeline that asks twice at once says the same id for two plans.
    if (kept !== digest) throw exists(id);
    return ["created", ""];
  });
  switch (answer) {
    case "created":
      return { kind: "created" };
    case "in-the-way":
      return { kind: "in-the-way", run: detail };
    case "cooling":
      return { kind: "cooling-down", untilMs: Number(detail) };
    default:
      throw exists(id);
  }
}

const exists = (id: string): Superseded => new Superseded("run-exists", `Run ${id} exists already`);

// oxlint-disable-next-line max-lines-per-function -- one call of a script: its keys, its arguments and its answers
async function append(
  { redis, journal }: { readonly redis: ScriptedRedis; readonly journal: Seals },
  run: RunState,
  { nowMs, ...change }: Appended & { readonly nowMs: number },
): Promise<AppendAnswer> {
  const { id, service } = run.plan;
  // The transition is tried before anything is written: an entry that does not fit never reaches the journal (J1).
  const next = change.entries.reduce(transition, run);
  const claim = change.claim?.service ?? service;
  const { continues } = change;
  if (continues) transition(continues.run, continues.entry);
  const { keys, args } = withLists(
    [
      KEYS.position,
      KEYS.events,
      KEYS.journal(id),
      KEYS.openRuns,
      KEYS.claim(claim),
      KEYS.coolDown(claim),
      KEYS.run(id),
      KEYS.journal(continues?.run.plan.id ?? id),
      KEYS.settledRuns,
      KEYS.waitingPlan(service),
    ],
    [...change.events, ...(continues ? [continues.event] : [])],
  );
  const { lines, seal } = linesBehind(run, change.entries, journal);
  const ask = () =>
    redis.twokeyAppendRun(
      keys.length,
      ...keys,
      id,
      run.length,
      change.over ? 1 : 0,
      change.claim?.action ?? "none",
      nowMs,
      change.claim?.coolDownUntilMs ?? "",
      continues?.run.plan.id ?? "",
      continues?.run.length ?? "",
      ...(continues ? linesBehind(continues.run, [continues.entry], journal).lines : [""]),
      next.state === "waiting-for-keys" ? 1 : 0,
      change.entries.length,
      ...lines,
      ...args,
    );
  const [answer, detail] = await certain(ask, () => standing(redis, run, lines));
  switch (answer) {
    case "ok":
      if (run.lost === undefined) remember(journal, { ...next, seal });
      return { kind: "appended", run: { ...next, seal } };
    case "claimed":
      return { kind: "claimed-by", run: detail };
    case "cooling":
      return { kind: "cooling-down", untilMs: Number(detail) };
    case "gone":
      throw new Superseded("run-gone", `Run ${id} is not in the store any more`);
    default:
      return { kind: "conflict" };
  }
}

/** What stands where these lines were to be written: they themselves, or what somebody else wrote. */
async function standing(redis: ScriptedRedis, run: RunState, lines: readonly string[]): Promise<[string, string]> {
  const there = await redis.lrange(KEYS.journal(run.plan.id), run.length, run.length + lines.length - 1);
  if (there.length === 0) throw leftOut();
  return [lines.every((line, at) => line === there[at]) ? "ok" : "conflict", ""];
}

/** The lines of these entries behind what a run's journal has, as they are stored, and the seal of the last one. */
export function linesBehind(
  { plan: { id: run }, digest, length, seal: last }: RunState,
  entries: readonly RunEntry[],
  journal: Seals,
): { readonly lines: readonly string[]; readonly seal: string } {
  let seal = last;
  const lines = entries.map((entry, at) => {
    const place = { run, position: length + at, after: seal || journal.of({ plan: run, digest }) };
    const line = journal.write(RunEntry.parse(entry), place);
    seal = line.seal;
    return JSON.stringify(line);
  });
  return { lines, seal };
}
