import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { plan } from "../../src/commands/plan.ts";
import { draftOf, keepDraft } from "../../src/commands/propose.ts";
import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import { OutcomeUnknown, TransientError, UserError } from "../../src/domain/errors.ts";
import type { Standing } from "../../src/domain/proof.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { LEDGER_UNWRITABLE } from "../../src/ports/runs.ts";
import { readEvents } from "../../src/store/events.ts";
import { KEYS } from "../../src/store/keys.ts";
import { eventually } from "../harness/eventually.ts";
import { startRun } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { RecordedChat, who } from "../harness/fakes/index.ts";
import { serviceIn } from "../harness/plans.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";
import { standbyOf } from "../harness/site.ts";

let at: FailoverWorld;
beforeEach(async () => {
  // Nothing is silent here: what a busy machine answers late is waited for.
  at = await startFailoverWorld({ example: "inventory", speed: 200, answerWithinMs: 60_000 });
});
afterEach(() => at.stop());

/** `/dr <runbook> inventory`, as somebody types it. */
const askFor = (runbook: string, person = "farid") => ({
  ...{ verb: runbook, args: ["inventory"], text: "inventory", who: who(person), channel: "C01OPS" },
});

function asks(person: string, runbook: string, deps = runCommandDeps(at)) {
  return onceSeen(() => plan(runbookOf({ runbook, id: "" }), askFor(runbook, person), deps));
}

/** A busy machine may not answer a look in time; people ask again then. */
async function onceSeen<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + SEEN_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isUnseen = error instanceof UserError && error.code === "plan-refused";
      if (!isUnseen || Date.now() > deadline) throw error;
    }
  }
}

const SEEN_WITHIN_MS = 60_000;

/** What this person would put before the approvers, after their own look at the world. */
async function drafted(person: string, deps: RunCommandDeps, asksFor = "failover") {
  const service = serviceIn(at.inventory);
  const requester = { id: person, name: person, proof: who(person).proof };
  const runbook = runbookOf({ runbook: asksFor, id: "" });
  const wish = asksFor === "failover" ? { mode: "unplanned", to: standbyOf(service) } : {};
  const wanted = { service, runbook, wish, reason: "r", requester };
  const proposal = { ...wanted, channel: undefined };
  return { proposal, draft: await onceSeen(() => draftOf(proposal, deps)) };
}

/** What somebody is told whose plan is refused. */
async function refusal(person: string, runbook: string): Promise<string> {
  const refused = await asks(person, runbook).catch((error: unknown) => error);
  if (refused instanceof UserError) return refused.message;
  throw new Error(`${runbook} was not refused`);
}

describe("several people who ask for a plan of one service", () => {
  test("in the same moment: one plan is kept, and everybody else is told which, whose, and the way out", async () => {
    const deps = runCommandDeps(at);
    const people = ["ana", "ben", "chloe", "dmitri", "farid", "grace", "ana", "farid"];
    const drafts = await Promise.all(people.map((person) => drafted(person, deps)));

    const answers = await Promise.allSettled(drafts.map(({ draft, proposal }) => keepDraft(draft, proposal, deps)));

    const [kept = ""] = await at.memory.runs.openIds();
    expect(await at.memory.runs.openIds()).toEqual([kept]);
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(refused).toHaveLength(people.length - 1);
    const asker = at.inventory.people.find(({ id }) => id === people[answers.findIndex(isKept)])?.name;
    for (const error of refused)
      expect(error).toMatchObject({
        code: "plan-waiting",
        facts: { run: kept },
        message: `Nothing new was planned: plan ${kept} (Move inventory to eu-central-1) waits already. ${asker} asked for it. Use that one, or close it first: ${asker} with /dr withdraw ${kept}, an approver with /dr reject ${kept}.`,
      });
  });

  test("while a run that only adds holds it: they are told that /dr abort ends that one", async () => {
    await asks("farid", "snapshot");

    expect(await refusal("ana", "failover")).toMatch(
      /^Run F-NEW1 \(Snapshot .* copy it to eu-central-1\) holds inventory and is running\. Farid Haddad asked for it\. To stop it: \/dr abort F-NEW1\. What it has made so far stays\./,
    );
  });

  test("while a run holds it of which nothing stands in Redis any more: they read so, and where what to do is written", async () => {
    await asks("farid", "snapshot");
    const redis = await at.bench.connect();
    await redis.del(KEYS.run("F-NEW1"), KEYS.journal("F-NEW1"));

    expect(await refusal("ana", "failover")).toMatch(
      /^Run F-NEW1 is in the way, and nothing of it stands in Redis any more: .*“who can write to Redis”/,
    );
  });

  test("while something holds it: they read that at the click, and are shown no form for it", async () => {
    const runbook = runbookOf({ runbook: "failover", id: "" });
    const deps = runCommandDeps(at);
    const clicks = () => plan(runbook, { ...askFor("failover", "ana"), args: [], text: "" }, deps);
    expect(await clicks()).toMatchObject({ kind: "form" });
    await asks("farid", "snapshot", deps);

    await expect(clicks()).rejects.toMatchObject({
      code: "service-claimed",
      message: expect.stringMatching(/^Run F-NEW1 .* holds inventory and is running\./),
    });

    const [one] = at.inventory.services;
    const two = { ...at.inventory, services: [...at.inventory.services, { ...one, name: "another" }] };
    const form = await plan(
      runbook,
      { ...askFor("failover", "ana"), args: [], text: "" },
      {
        ...deps,
        inventory: () => two as typeof at.inventory,
      },
    );
    expect(form).toMatchObject({
      form: { fields: expect.arrayContaining([expect.objectContaining({ choices: [["another", "another"]] })]) },
    });
    expect(JSON.stringify(form)).toContain("holds inventory and is running");
  });

  test("while it is being moved: nobody is told to abort that for the sake of another plan", async () => {
    await startRun(at);

    const says = await refusal("ana", "snapshot");
    expect(says).toContain("Run F-1 (Move inventory to eu-central-1) holds inventory and is running.");
    expect(says).toContain("Two runs of one service cannot run at once. Wait until it ends.");
    expect(says).not.toContain("/dr abort");
  });
});

const isKept = ({ status }: PromiseSettledResult<unknown>): boolean => status === "fulfilled";

test("guard foreseen: a plan that only its own steps can judge is refused by them", async () => {
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "DescribeDBSnapshots" },
    effect: { kind: "error", status: 403, code: "AccessDenied" },
  });
  const refused = await plan(runbookOf({ runbook: "snapshot", id: "" }), askFor("snapshot"), runCommandDeps(at)).catch(
    (error: unknown) => error,
  );

  expect(refused).toMatchObject({
    code: "plan-refused",
    message: expect.stringContaining("may not read snapshots in"),
  });
  expect(await at.memory.runs.openIds()).toEqual([]);
});

test("what is written of a plan that was asked for is true for every runbook", async () => {
  await asks("farid", "snapshot");

  const said = (await readEvents(await at.bench.connect(), "", 10)).map(({ event: { says } }) => says);

  expect(said[0]).toMatch(/^Farid Haddad asks: Snapshot .* of inventory, and copy it to eu-central-1\. Reason: /);
  expect(said.join()).not.toMatch(/planned|from eu-west-1/);
});

test.each([
  ["needs no key has started", "snapshot", /^Plan F-NEW1 is started\. Its progress is in the channel\.$/],
  [
    "needs two keys waits for its approvers",
    "failover",
    /^Plan F-NEW1 is made\. Its approvers are asked for\. Its card is in the channel\. Your own key does not count\. /,
  ],
])("who asks is told that a plan that %s", async (_what, runbook, says) => {
  expect(await asks("farid", runbook)).toMatchObject({ card: { text: expect.stringMatching(says) } });
});

describe("what everybody is told who could see the look, where it ended with an error", () => {
  /** The last words of the look. `fails` begins when the look is there to be seen. */
  async function lastWords(
    runbook: string,
    fails: (deps: RunCommandDeps, seen: Promise<unknown>) => Partial<RunCommandDeps>,
  ) {
    const chat = new RecordedChat(at.clock);
    const seen = eventually("look", () => chat.messages[0]);
    const deps = { ...runCommandDeps(at), chat };
    const answer = plan(runbookOf({ runbook, id: "" }), askFor(runbook), { ...deps, ...fails(deps, seen) });
    await expect(answer).rejects.toThrow();
    return eventually("last words", () =>
      chat.calls.map(({ text }) => text).find((text) => text.startsWith("Looked at")),
    );
  }
  const onceShown = async (seen: Promise<unknown>, error: Error): Promise<never> => {
    await seen;
    throw error;
  };
  const refused = new UserError("some-code", "Words for Farid.");
  const lost = new Error("the answer was lost");

  test("before the plan is kept there is none, and what was whispered to the asker stays there", async () => {
    const fails = (error: Error) => (_: RunCommandDeps, seen: Promise<unknown>) => ({
      lastLook: () => onceShown(seen, error),
    });
    const told = await lastWords("snapshot", fails(refused));
    expect(told).toMatch(/No plan\. Nothing was changed\. Only Farid Haddad is told why\.$/);
    expect(told).not.toContain("Words for");
    expect(await lastWords("snapshot", fails(lost))).toMatch(/No plan: it went wrong\.$/);
  });

  test("what is wrong with the service itself is for everybody, and all of it for who asked", async () => {
    const fails = (words: string) => (_: RunCommandDeps, seen: Promise<unknown>) => ({
      lastLook: () => onceShown(seen, new UserError("plan-refused", words)),
    });
    expect(await lastWords("snapshot", fails("No plan: stock follows nobody. Nothing was changed."))).toMatch(
      /No plan: stock follows nobody\. Nothing was changed\.$/,
    );
    expect(await lastWords("snapshot", fails(`No plan: ${"stock is silent. ".repeat(40)}`))).toMatch(
      /stock is silent\..*… Farid Haddad was answered all of it\.$/,
    );
  });

  test("from then on nobody says that there is none: its answer may be lost, and a run may have started", async () => {
    const lostAnswer = (deps: RunCommandDeps, seen: Promise<unknown>) => ({
      runs: { ...deps.runs, createStarted: () => onceShown(seen, lost) },
    });
    const words = /It went wrong\. \/dr status shows whether there is a plan\.$/;
    expect(await lastWords("snapshot", lostAnswer)).toMatch(words);
    expect(await at.memory.runs.openIds()).toEqual([]);
  });
});

test("a snapshot that the ledger takes no line of is said not to be started, and is not", async () => {
  const why = "The ledger cannot be written: no room is left on its disk (ENOSPC)";
  const append = async () => {
    throw new TransientError(LEDGER_UNWRITABLE, why);
  };

  const refused = await asks("farid", "snapshot", runCommandDeps(at, { append })).catch((error: unknown) => error);

  expect(refused).toMatchObject({
    code: "act-not-done",
    message: `Nothing was started: ${why}. Nothing was changed. Ask again when that is mended.`,
  });
  expect(await at.memory.runs.openIds()).toEqual([]);
  expect(await at.memory.runs.holderOf("inventory")).toBeUndefined();
});

test("a snapshot for which somebody was faster stands in the ledger as not started, with why", async () => {
  const lines: string[] = [];
  const deps = runCommandDeps(at, { append: async ({ kind, says }) => void lines.push(`${kind}: ${says}`) });
  const { draft, proposal } = await drafted("ana", deps, "snapshot");
  await asks("farid", "snapshot", deps);

  await expect(keepDraft(draft, proposal, deps)).rejects.toMatchObject({ code: "service-claimed" });

  expect(lines).toEqual([
    expect.stringMatching(/^started: Snapshot .*: started by Farid Haddad; it only adds something/),
    expect.stringMatching(/^started: Snapshot .*: started by ana; it only adds something/),
    expect.stringMatching(/^not-started: Run F-NEW2 .* holds inventory and is running\./),
  ]);
});

test("a snapshot is refused by what is proven to be wrong, as a move is: its run would stop before its first call", async () => {
  const disk: Standing = {
    ...{ id: "ledger-disk", proves: "the ledger can be written", neededBy: "every move", critical: undefined },
    ...{ sinceMs: 0, answeredAtMs: 0, isSilent: false },
    proven: { kind: "wrong", what: "The ledger's disk is full.", instead: "Make room on it." },
  };
  const proven = { standings: () => [disk], again: async () => undefined };

  expect(
    await asks("farid", "snapshot", { ...runCommandDeps(at), proven }).catch((error: unknown) => error),
  ).toMatchObject({
    code: "not-proven",
    message: "No plan for inventory: The ledger's disk is full. Make room on it. Nothing was changed.",
  });
  expect(await at.memory.runs.openIds()).toEqual([]);
});

test("guard asked for twice: of two people who ask for one snapshot at once one starts it, and the other reads who did", async () => {
  const lines: string[] = [];
  const deps = runCommandDeps(at, { append: async ({ kind, run }) => void lines.push(`${kind} ${run}`) });
  const { draft, proposal } = await drafted("ana", deps, "snapshot");
  const other = await drafted("farid", deps, "snapshot");

  const answers = await Promise.allSettled([
    keepDraft(draft, proposal, deps),
    keepDraft(other.draft, other.proposal, deps),
  ]);

  const [id = "", ...others] = await deps.runs.openIds();
  const run = await deps.runs.read(id);
  const asker = run?.plan.requester === "ana" ? "Ana Keller" : "Farid Haddad";
  expect([others, run?.state]).toEqual([[], "running"]);
  const told = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
  expect(told).toEqual([expect.stringContaining(`holds inventory and is running. ${asker} asked for it.`)]);
  expect(lines.filter((line) => line.endsWith(id))).toEqual([`started ${id}`]);
});

describe("a snapshot that does not start", () => {
  const withRuns = (over: Partial<RunCommandDeps["runs"]>) => {
    const deps = runCommandDeps(at);
    return { ...deps, runs: { ...deps.runs, ...over } };
  };

  test("guard cooling snapshot: while its service cools down for less than a plan may wait, nothing is kept that would be in the way", async () => {
    const deps = runCommandDeps(at);
    const { draft, proposal } = await drafted("farid", deps, "snapshot");
    const redis = await at.bench.connect();
    await redis.set(KEYS.coolDown("inventory"), at.clock.now() + 3_600_000);

    await expect(keepDraft(draft, proposal, deps)).rejects.toMatchObject({
      code: "service-cooling-down",
      message: expect.stringMatching(/^Nothing was started: inventory was moved .* The next run may start at /),
    });

    expect(await at.memory.runs.read("F-NEW1")).toBeUndefined();
    expect(await at.memory.runs.openIds()).toEqual([]);
  });

  test("guard kept and started: is kept and started in one step, so that no plan waits for nobody", async () => {
    const twoSteps = () => Promise.reject(new Error("this is a step of its own"));
    await asks("farid", "snapshot", withRuns({ create: twoSteps, append: twoSteps }));

    expect(await at.memory.runs.read("F-NEW1")).toMatchObject({ state: "running", length: 1, foreign: [], astray: [] });
    expect(await at.memory.runs.holderOf("inventory")).toBe("F-NEW1");
    const kinds = (await readEvents(await at.bench.connect(), "", 10)).map(({ event: { kind } }) => kind);
    expect(kinds).toEqual(["run.proposed", "run.started"]);
  });

  test("where the answer was lost, who asks is told so, and asking again is answered by what is true", async () => {
    const { createStarted } = at.memory.runs;
    const lost = withRuns({
      createStarted: async (...asked) => {
        await createStarted(...asked);
        throw new OutcomeUnknown("store-silent", "the answer was lost");
      },
    });
    await expect(asks("farid", "snapshot", lost)).rejects.toMatchObject({ code: "act-not-known" });

    await expect(asks("ana", "snapshot")).rejects.toMatchObject({
      message: expect.stringMatching(/^Run F-NEW1 .* holds inventory and is running\. Farid Haddad asked for it\./),
    });
  });
});
