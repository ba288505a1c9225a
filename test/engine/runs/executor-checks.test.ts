import { afterEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type Mode, type StepRole, stepOf } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { computesIn, namesOf as recordsOf, storesIn } from "../../../src/flows/resources/site.ts";
import { RecordsInput } from "../../../src/flows/steps/schemas.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { eventsOf } from "../../../src/store/events.ts";
import { callsOf, effectsOf, namesOf } from "../../harness/calls.ts";
import { drive } from "../../harness/drive.ts";
import { startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { inEachMode } from "../../harness/plays.ts";
import { PROPOSED, type Proposed } from "../../harness/proposed-plays.ts";
import { trafficOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";
import { drawn, inThirds, WALKED } from "../../harness/tables.ts";

const SPEED = 200;
/** From the moment at which a step can only wait for its deadline. */
const SPEED_TO_DEADLINE = 1_500;

const TtlInput = z.object({ ttlMs: z.number() });

let at: FailoverWorld;
afterEach(() => at?.stop());
/** Region of the side that the run leads to. */
let newSide: string;

type Effect = FaultInput["effect"];
const says = (status: number): Effect => ({ kind: "error", status, code: "Injected" });
const CUT: Effect = { kind: "drop-before" };
const DENIED: Effect = { kind: "error", status: 400, code: "AccessDenied" };

const plan = (fault: Omit<FaultInput, "region">) => () =>
  at.whole.world.faults.plan({ ...fault, ...(fault.vendor === "dns" ? {} : { region: newSide }) });
const aws = (operation: string, effect: Effect) => plan({ vendor: "aws", operation, effect });
const writeCheck = (effect: Effect) => plan({ vendor: "app", operation: "POST /write-check", effect });
const health = (effect: Effect) => plan({ vendor: "app", operation: "GET /health", effect });
const dns = (effect: Effect) => plan({ vendor: "dns", operation: "query", effect });

function databaseIn(region: string) {
  const [store] = storesIn(at.service, region);
  if (!store) throw new Error(`${at.service.name} has no store in ${region}`);
  return store.database;
}

/** Replication is broken: the newest sample says -1. */
const broken = () => {
  const { instance } = databaseIn(newSide);
  return at.client.post("/rds/lag", { region: newSide, instance, seconds: "broken" });
};

/** Trouble that takes a call of its own begins with an earlier step, so that it is there in time. */
interface Row {
  /** What only some services have. */
  readonly needs?: "targets" | "records" | "instances";
  readonly does: string;
  readonly trouble: string;
  readonly mode: Mode;
  readonly make: () => unknown;
  readonly state: RunState["state"];
  readonly why: RegExp;
  /** What the step is for with which the trouble begins; absent: with the step itself. */
  readonly from?: StepRole;
}
const ROWS: readonly Row[] = [
  {
    does: "record-data-position",
    trouble: "is denied the lag",
    mode: "planned",
    make: aws("GetMetricData", DENIED),
    state: "unwound",
    why: /lag is unknown/,
  },
  {
    does: "record-data-position",
    trouble: "gets no answer about the lag",
    mode: "planned",
    make: aws("GetMetricData", CUT),
    state: "unwound",
    why: /lag is unknown/,
  },
  {
    does: "record-data-position",
    trouble: "is told a lag of -1",
    mode: "planned",
    make: broken,
    state: "unwound",
    why: /lag is unknown/,
    from: "protects",
  },
  {
    does: "record-data-position",
    trouble: "is denied the lag",
    mode: "unplanned",
    make: aws("GetMetricData", DENIED),
    state: "verified",
    why: /^$/,
  },
  {
    does: "record-data-position",
    trouble: "gets no answer about the lag",
    mode: "unplanned",
    make: aws("GetMetricData", CUT),
    state: "verified",
    why: /^$/,
  },
  {
    does: "record-data-position",
    trouble: "is told a lag of -1",
    mode: "unplanned",
    make: broken,
    state: "verified",
    why: /^$/,
    from: "protects",
  },
  {
    does: "check-writable",
    trouble: "is refused every write",
    mode: "unplanned",
    needs: "instances",
    make: () => closeNewSide(),
    state: "stopped",
    why: /a write is refused/,
    from: "commits",
  },
  {
    does: "check-writable",
    trouble: "gets no answer",
    mode: "unplanned",
    make: writeCheck(CUT),
    state: "stopped",
    why: /no answer from the write check/,
  },
  {
    does: "check-writable",
    trouble: "is told 200 without “written”",
    mode: "unplanned",
    make: writeCheck(says(200)),
    state: "stopped",
    why: /answered 200/,
  },
  {
    does: "check-direct",
    trouble: "is denied the targets",
    mode: "unplanned",
    needs: "targets",
    make: aws("DescribeTargetHealth", DENIED),
    state: "stopped",
    why: /cannot be seen/,
  },
  {
    does: "check-direct",
    trouble: "gets no answer",
    mode: "unplanned",
    make: health(CUT),
    state: "stopped",
    why: /gives no answer/,
  },
  {
    does: "check-direct",
    trouble: "is told 503",
    mode: "unplanned",
    make: health(says(503)),
    state: "stopped",
    why: /gives errors \(HTTP 503\)/,
  },
  {
    does: "check-direct",
    trouble: "is sent elsewhere",
    mode: "unplanned",
    make: health(says(302)),
    state: "stopped",
    why: /gives errors \(HTTP 302\)/,
  },
  {
    does: "check-answer",
    trouble: "gets no answer",
    mode: "unplanned",
    make: health(CUT),
    state: "stopped",
    why: /gives no answer/,
  },
  {
    does: "check-answer",
    trouble: "is told 503",
    mode: "unplanned",
    make: health(says(503)),
    state: "stopped",
    why: /gives errors \(HTTP 503\)/,
  },
  {
    does: "check-public",
    trouble: "is refused by every DNS server",
    mode: "unplanned",
    make: dns(says(500)),
    state: "stopped",
    why: /answer/,
  },
  {
    does: "check-public",
    trouble: "gets no answer under the public name",
    mode: "unplanned",
    make: health(CUT),
    state: "stopped",
    why: /users get no answer/,
  },
  {
    does: "check-public",
    trouble: "is told the old side",
    mode: "unplanned",
    needs: "records",
    make: () => sendUsersBack(),
    state: "stopped",
    why: /answers/,
    from: "settles",
  },
  {
    does: "check-public",
    trouble: "is told 503 under the public name",
    mode: "unplanned",
    make: health(says(503)),
    state: "stopped",
    why: /users get errors \(HTTP 503\)/,
  },
];

let byOthers: string[];

/** Without what somebody else did in the meantime. */
function ownEffects(): string[] {
  return byOthers.reduce((left, call) => left.toSpliced(left.indexOf(call), 1), namesOf(effectsOf(at)));
}

/** What the steps asked for that are done, as the journal has it: of a run that did not unwind, all that it did. */
function effectsOfDone(run: RunState): string[] {
  const done = run.plan.steps
    .map(({ id }) => ({ id, step: stateOf(run, id) }))
    .filter(({ step }) => step.state === "done" && !step.says.includes("(by hand: "));
  const calls = callsOf(at, run, new Map(done.map(({ id, step }) => [id, step.requestIds])));
  return namesOf(calls.filter(({ isFollowed }) => !isFollowed));
}

async function closeNewSide(): Promise<void> {
  const group = databaseIn(newSide).security_group;
  const rules = await at.cloud.firewall.rules(newSide, group);
  if (!rules.known) throw new Error(rules.why);
  byOthers.push(`RevokeSecurityGroupIngress ${newSide}`);
  await at.others.firewall.close({ region: newSide, securityGroup: group, rules: rules.value });
}

let recordsBefore: Awaited<ReturnType<FailoverWorld["cloud"]["traffic"]["records"]>>;

/** Records without health checks: DNS goes on giving the old side, although nobody answers there. */
async function sendUsersBack(): Promise<void> {
  if (!recordsBefore.known) throw new Error(recordsBefore.why);
  byOthers.push("ChangeResourceRecordSets us-east-1");
  const unguarded = recordsBefore.value.map(({ healthCheck: _none, alias, ...record }) => ({
    ...record,
    ...(alias ? { alias: { ...alias, evaluateTargetHealth: false } } : {}),
  }));
  await at.others.traffic.upsert({ zone: trafficOf(at.service).zone, records: unguarded, comment: "somebody else" });
}

const EXAMPLES = ["inventory", "regami"] as const;
type Example = (typeof EXAMPLES)[number];

/** Each runbook on each service, in each of its modes, where these things are. */
const playsFor = ({ does, mode, needs }: Row) =>
  inEachMode(PROPOSED).filter((play) => play.mode === mode && doing(play.run, does).length === 1 && has(play, needs));

const doing = ({ plan }: RunState, does: string) => plan.steps.filter((step) => step.does === does);

function has({ inventory, service: name, run }: Proposed, needs: Row["needs"]): boolean {
  const service = inventory.services.find((each) => each.name === name);
  if (!service || needs === undefined) return needs === undefined;
  if (needs === "instances") return storesIn(service, run.plan.to).length === 1;
  return needs === "records" ? recordsOf(service).length === 1 : computesIn(service, service.home).length > 0;
}

/** Steps of all runbooks that may ask AWS for no change. */
const LOOKING = new Set(
  PROPOSED.flatMap(({ run }) => run.plan.steps)
    .filter(({ does, input }) => STEPS[does]?.permissions(input).length === 0)
    .map(({ does }) => does),
);
/** What these wait for is nobody's answer to one question: where their troubles are walked. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "settle-dns": "waits for a time, and for records that somebody else may change: below",
  "await-dns": "waits for people: flows/steps/await-dns.test.ts",
};

/**
 * Which steps look, the plans tell. What can go wrong with a look is written above by hand: it is a state of the world or an answer
 * of a machine, with the words that people read of it, and no step says that of itself.
 */
test("every step of every runbook that only looks has troubles here, or where they are walked is said", () => {
  const walked = new Set(ROWS.map(({ does }) => does));

  expect(new Set([...LOOKING].filter((does) => !walked.has(does)))).toEqual(new Set(Object.keys(ELSEWHERE)));
  expect([...walked].filter((does) => !LOOKING.has(does))).toEqual([]);
});

test("a trouble is walked by every runbook that has the step", () => {
  const runbooksWith = (does: string) =>
    new Set(PROPOSED.filter(({ run }) => doing(run, does).length > 0).map(({ runbook }) => runbook));
  for (const does of new Set(ROWS.map((row) => row.does))) {
    const plays = ROWS.filter((row) => row.does === does).flatMap(playsFor);
    expect([does, new Set(plays.map(({ runbook }) => runbook))]).toEqual([does, runbooksWith(does)]);
  }
});

/** Every trouble of every step that only looks, of one play that has it or another. */
const LOOKS = inThirds("looks", ROWS).flatMap((row) =>
  drawn(`${row.does} ${row.trouble} ${row.mode}`, playsFor(row), 3).map(
    ({ title, example, service, runbook, words = {} }) => ({ title, example, service, runbook, words, ...row }),
  ),
);

describe(`a step that only looks, ${WALKED}`, () => {
  test.each(LOOKS)("$does of $title $trouble ($mode)", async ({ does, mode, make, state, why, from, ...play }) => {
    at = await startFailoverWorld({ ...play, speed: SPEED });
    byOthers = [];
    const [traffic] = recordsOf(at.service);
    if (traffic) recordsBefore = await at.cloud.traffic.records(traffic.zone, traffic.name);
    const before = await standingOf(at);
    const started = await startRun(at, { ...play, mode });
    newSide = started.plan.to;
    const [{ id: step } = { id: "" }] = doing(started, does);
    const begins = started.plan.steps.find(({ role }) => role === from)?.id ?? step;
    let making: unknown;

    const run = await drive(at, {
      onIntent: (id) => {
        if (id === begins) making = make();
        if (id === step && state !== "verified") void at.setSpeed(SPEED_TO_DEADLINE);
      },
    });
    await making;

    expect([run.state, run.why]).toEqual([state, expect.stringMatching(why)]);
    at.whole.world.faults.clear();
    if (state === "unwound") {
      expect(await standingOf(at)).toEqual(before);
      expect(effectsOf(at).filter(({ operation }) => /Promote|Records/.test(operation))).toEqual([]);
      expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
      return;
    }
    expect(ownEffects()).toEqual(effectsOfDone(run));
    expect((await verdictOf(at)).splitBrain).toEqual([]);
    if (state === "verified") {
      // What the plan knew stays true when nothing newer can be measured; a good sample since then only moves it on.
      const { dataLoss } = run.plan;
      const signedMs = dataLoss.kind === "after" ? dataLoss.atMs : Number.NaN;
      expect(stateOf(run, step).output["lastCommitMs"]).toBeGreaterThanOrEqual(signedMs);
      return;
    }
    expect(stateOf(run, step).state).toBe("failed");
    const later = run.plan.steps.filter(({ after }) => after.includes(step));
    expect(later.map(({ id }) => stateOf(run, id).state)).toEqual(later.map(() => "waiting"));
    expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");
  });
});

test("what the application answered stands in the timeline alone: people read on the card that users get errors", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  newSide = (await startRun(at)).plan.to;
  const replied = health({ kind: "error", status: 503, code: "Injected", message: "no database" });

  const run = await drive(at, {
    onIntent: (id) => {
      if (id !== "check-direct") return;
      replied();
      void at.setSpeed(SPEED_TO_DEADLINE);
    },
  });

  expect(run.why).toMatch(
    /Last seen: inventory in eu-central-1 gives errors \(HTTP 503\)\. The application finds its database by/,
  );
  const events = await eventsOf(await at.bench.connect(), "run", run.plan.id);
  expect(events.map((event) => event.says)).toContainEqual(
    expect.stringMatching(/gives errors \(HTTP 503\).* \(the answer was “{"error":"no database"}”\)$/),
  );
});

describe(`users are moved by hand, ${WALKED}`, () => {
  /** The run after somebody said that the records were changed by hand, and they were, or were not. */
  async function takenOver(example: Example, isDone: boolean): Promise<RunState> {
    at = await startFailoverWorld({ example, speed: SPEED });
    byOthers = [];
    const started = await startRun(at);
    newSide = started.plan.to;
    const { zone, name } = trafficOf(at.service);
    recordsBefore = await at.cloud.traffic.records(zone, name);
    const stopped = await drive(at, {
      onIntent: (id) => {
        if (id === "shift-traffic")
          at.whole.world.faults.plan({ vendor: "aws", operation: "ChangeResourceRecordSets", effect: DENIED });
      },
    });
    expect(stopped.state).toBe("stopped");
    at.whole.world.faults.clear();
    const { after } = RecordsInput.parse(stepOf(started.plan, "shift-traffic").input);
    if (isDone) {
      await at.others.traffic.upsert({ zone, records: after, comment: "by hand" });
      byOthers.push("ChangeResourceRecordSets us-east-1");
    } else {
      await sendUsersBack();
    }
    const who = { atMs: at.clock.now(), by: "somebody", door: "slack" } as const;
    const entry: RunEntry = { kind: "taken-over", ...who, step: "shift-traffic", words: "in the console" };
    await at.memory.runs.append(stopped, { entries: [entry], events: [] });
    return drive(at);
  }

  test.each(drawn("settle-dns by hand", EXAMPLES))(
    "%s: settle-dns gives old answers one whole TTL, counted from when it is told",
    async (example) => {
      const run = await takenOver(example, true);

      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(stateOf(run, "shift-traffic")).toMatchObject({
        ...{
          state: "done",
          says: expect.stringMatching(/had its planned value already: .*\(by hand: in the console\)/),
        },
      });
      const settled = stateOf(run, "settle-dns");
      const { ttlMs } = TtlInput.parse(stepOf(run.plan, "settle-dns").input);
      expect((settled.endedAtMs ?? 0) - (settled.startedAtMs ?? 0)).toBeGreaterThanOrEqual(ttlMs);
      expect(ownEffects()).toEqual(effectsOfDone(run));
    },
  );

  test.each(drawn("shift-traffic by hand", EXAMPLES))(
    "%s: nobody's word is believed: records that still lead to the old side stop the run",
    async (example) => {
      const run = await takenOver(example, false);

      expect([run.state, run.why]).toEqual(["stopped", expect.stringMatching(/Somebody else changed/)]);
      expect([stateOf(run, "shift-traffic").state, stateOf(run, "settle-dns").state]).toEqual(["failed", "waiting"]);
      expect(ownEffects()).toEqual(effectsOfDone(run));
    },
  );
});
