import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { loadFile } from "../../../../src/config/load.ts";
import { type Plan, planDigest } from "../../../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import type { Moved } from "../../../../src/domain/service/moved.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import type { Planned } from "../../../../src/flows/runbooks/runbook.ts";
import type { DatabaseFacts } from "../../../../src/ports/databases.ts";
import { planCard, planInFull } from "../../../../src/views/plan.ts";
import { progressCard } from "../../../../src/views/run-progress.ts";
import { sayStand, standOf } from "../../../../src/views/standing.ts";
import { serviceCard } from "../../../../src/views/status.ts";
import { type Change, fakeCloud, ordinaryDay } from "../../../harness/fakes/index.ts";
import { AT } from "../../../harness/observed.ts";
import { serviceIn } from "../../../harness/plans.ts";
import { REPLICA, THIRD, withThirdRegion } from "../../../harness/third-region.ts";

/** The example with a third region, as people would write it down. */
function loaded(edits: readonly (readonly [string, string])[] = []) {
  const path = new URL("../../../../examples/inventory.yaml", import.meta.url).pathname;
  const text = withThirdRegion(readFileSync(path, "utf8"));
  const answer = loadFile(
    path,
    edits.reduce((edited, [from, to]) => edited.replace(from, to), text),
  );
  if (!answer.ok) throw new Error(answer.problems.map(({ path: at, what }) => `${at}: ${what}`).join("; "));
  return answer;
}

const { inventory } = loaded();
const service = serviceIn(inventory);

const NEXT = "eu-central-1";
const { home: HOME } = service;
/** The database of a region that was promoted. */
const standalone = (facts: DatabaseFacts): DatabaseFacts => ({ ...facts, role: "standalone", source: undefined });
/** Home is dark, and the next region was promoted; the third one still follows home. */
const PROMOTED: Change = {
  silent: [HOME],
  database: (facts, region) => (region === NEXT ? standalone(facts) : facts),
};
/** The third region serves; both others follow it. */
const IN_THIRD: Change = {
  database: (facts, region) =>
    region === THIRD
      ? standalone(facts)
      : {
          ...facts,
          role: "replica",
          replicating: true,
          source: `arn:aws:rds:${THIRD}:123456789012:db:${REPLICA[THIRD]}`,
        },
};

const FENCED: Moved = { kind: "proven", to: NEXT, fenced: { [HOME]: { run: "F-1", sinceMs: AT - 60_000 } } };
/** Home was left for the next region and is fenced; the third one follows the new writer. */
const LEFT: Found = {
  moved: FENCED,
  closed: [HOME],
  database: (facts, region) =>
    region === THIRD
      ? { ...facts, source: `arn:aws:rds:${NEXT}:123456789012:db:${REPLICA[NEXT]}` }
      : region === NEXT
        ? standalone(facts)
        : facts,
};

/** What is there, and what our own runs know of it. */
interface Found extends Change {
  readonly moved?: Moved;
}

async function judged(runbook: string, wish: object, { moved, ...change }: Found = {}): Promise<Planned> {
  const observed = await observe(service, fakeCloud(ordinaryDay(service, change)), { moved });
  return runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, observed, nowMs: AT, reason: "a rehearsal", requester: "farid" },
      incident: undefined,
    },
    wish,
  );
}

async function planOf(runbook: string, wish: object, change?: Change): Promise<Plan> {
  const made = await judged(runbook, wish, change);
  if (made.kind === "refused") throw new Error(made.reasons.join(" "));
  return made.plan;
}
const planTo = (to: string) => planOf("failover", { to });

async function standing(change: Change): Promise<string> {
  const observed = await observe(service, fakeCloud(ordinaryDay(service, change)));
  const status = { service, observed, incident: undefined, run: undefined, newest: undefined };
  return sayStand(standOf(status, AT));
}

describe("a service of three regions", () => {
  test("is accepted by the check", () => {
    expect(loaded().warnings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(service.regions).toEqual(["eu-west-1", "eu-central-1", THIRD]);
  });

  test("is shown in all three by its status", async () => {
    const observed = await observe(service, fakeCloud(ordinaryDay(service)));
    const shown = { service, observed, incident: undefined, run: undefined, newest: undefined };
    const card = JSON.stringify(serviceCard(shown, AT));

    for (const region of service.regions) expect(card).toContain(`{"bold":"${region}"}`);
  });

  test.each([
    ["eu-central-1", THIRD],
    [THIRD, "eu-central-1"],
  ])("moves to %s, and says what becomes of the replica in %s", async (to, other) => {
    const plan = await planTo(to);
    const says = `${REPLICA[other]} in ${other} keeps following the old database mycomputer-inventory-db in eu-west-1. People have to rebuild it as a replica of ${REPLICA[to]} in ${to}.`;

    expect([plan.from, plan.to, plan.leftForPeople?.[0]]).toEqual(["eu-west-1", to, says]);
    const run = proposedRun(plan, planDigest(plan));
    expect(JSON.stringify(planInFull(run, inventory, { nowMs: AT, downSinceMs: undefined }))).toContain(says);
    const entries: RunEntry[] = [
      { kind: "started", atMs: AT, keys: ["ana", "ben"] },
      { kind: "finished", atMs: AT, state: "verified" },
    ];
    const ended = entries.reduce(transition, run);
    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain(says);
  });

  test("is not ready where any of its copies lags, also the one that is not first, and says which one could take over", async () => {
    const lag = (...regions: string[]) => ({
      lag: Object.fromEntries(regions.map((region) => [REPLICA[region] ?? "", 4_000])),
    });
    const late = "lag 1 h 6 min, objective 15 min";

    expect(await standing({})).toBe("ready");
    expect(await standing(lag(THIRD))).toBe(`not ready: ${THIRD} (${late}); ${NEXT} could take over`);
    expect(await standing(lag(NEXT))).toBe(`not ready: ${NEXT} (${late}); ${THIRD} could take over`);
    expect(await standing(lag(NEXT, THIRD))).toBe(`not ready: ${NEXT} (${late}); ${THIRD} (${late})`);
    expect(await standing({ silent: [THIRD] })).toMatch(/^not ready: eu-west-2 \(.* does not answer\); eu-central-1 /);
  });

  test("goes, when nobody says where, to the ready region of highest priority, and says why not to an earlier one", async () => {
    const asked = async (change?: Change) => {
      const plan = await planOf("failover", {}, change);
      return [plan.to, plan.passedOver];
    };
    const late = { [REPLICA[NEXT] ?? ""]: 4_000 };
    const lagging = `${NEXT} comes earlier in twokey.yaml: lag 1 h 6 min, objective 15 min`;

    expect(await asked()).toEqual([NEXT, undefined]);
    expect(await asked({ lag: late })).toEqual([THIRD, [lagging]]);
    expect(await asked({ silent: [HOME], lag: late })).toEqual([THIRD, [lagging]]);
    expect((await asked({ silent: [NEXT] }))[0]).toBe(THIRD);
    // Nobody is ready: the earlier one, whose loss is agreed to in words.
    expect(await asked({ lag: { ...late, [REPLICA[THIRD] ?? ""]: 4_000 } })).toEqual([NEXT, undefined]);
    // Where users are already, and where nobody remembers who moved them.
    expect(await asked(IN_THIRD)).toEqual([HOME, undefined]);
    expect((await asked(PROMOTED))[0]).toBe(NEXT);
  });

  test("says on the first lines of its card why an earlier region was passed over", async () => {
    const plan = await planOf("failover", {}, { lag: { [REPLICA[NEXT] ?? ""]: 4_000 } });
    const card = planCard(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT, downSinceMs: undefined });

    expect(JSON.stringify(card.parts.slice(0, 3))).toContain(`${NEXT} comes earlier in twokey.yaml.`);
    // Why may be an answer of AWS: it stands below the buttons.
    expect(JSON.stringify(card.parts)).toContain(`${NEXT} comes earlier in twokey.yaml: “lag 1 h 6 min`);
    expect((await planTo(THIRD)).passedOver).toBeUndefined();
  });

  test("has a copy of its snapshot in the first other region that is there", async () => {
    const to = async (change?: Change) => (await planOf("snapshot", {}, change)).to;

    expect(await to()).toBe(NEXT);
    expect(await to({ silent: [NEXT] })).toBe(THIRD);
    expect(await to(IN_THIRD)).toBe(HOME);
    expect(await to({ ...IN_THIRD, silent: [HOME] })).toBe(NEXT);
  });

  test("of which one was promoted while another still follows the dark home has no writer that anybody could name", async () => {
    const why = `the database in ${NEXT} accepts writes, and a replica still follows the one in ${HOME}`;
    const { activeRegion } = await observe(service, fakeCloud(ordinaryDay(service, PROMOTED)));
    expect(activeRegion).toMatchObject({ known: false, why });

    // Users may write there already: a move of what the third one has would lose that, and leave a second writer.
    const wish = { to: THIRD, mode: "unplanned" };
    expect(await judged("failover", wish, PROMOTED)).toMatchObject({
      kind: "refused",
      reasons: expect.arrayContaining([expect.stringContaining(why)]),
    });
  });

  test("goes on to the region that was promoted, and leaves the one region that gives no answer", async () => {
    const wish = { to: NEXT, mode: "unplanned" };
    const { from, to } = await planOf("failover", wish, PROMOTED);
    expect([from, to]).toEqual([HOME, NEXT]);

    expect(await judged("failover", wish, { ...PROMOTED, silent: [HOME, THIRD] })).toMatchObject({
      kind: "refused",
      reasons: expect.arrayContaining([expect.stringContaining("Nobody can say which database")]),
    });
  });

  describe("whose writer is known by its own run alone", () => {
    const ALONE = "both databases accept writes: neither follows the other";
    const says = (to: string, alone: string) =>
      `TwoKey knows by its own run alone that ${NEXT} is the writer: ${HOME} was fenced by F-1 at 03:11:45Z. AWS does not show it so: ${alone}. A move to ${to} is planned only when AWS does. To have a standby in ${HOME} again, build its databases as read replicas by hand: docs/operations.md, “Build the old side again”.`;

    test.each(["planned", "unplanned"])(
      "guard move on a run: is moved to no third region (%s): nobody signs for the word of a run",
      async (mode) => {
        expect(await judged("failover", { to: THIRD, mode }, LEFT)).toEqual({
          ...{ kind: "refused", reasons: [says(THIRD, ALONE)] },
        });
      },
    );

    test("nor is it where AWS names the side that was fenced, while the writer is dark", async () => {
      const lost: Found = { closed: [HOME], silent: [NEXT] };
      const asked = await judged("failover", { to: THIRD, mode: "unplanned" }, { ...lost, moved: FENCED });
      expect(asked).toMatchObject({ kind: "refused" });
      expect(await judged("failover", { to: THIRD, mode: "unplanned" }, lost)).toMatchObject({ plan: { from: HOME } });
    });

    test("has its snapshot, which leads nowhere else, and moves once the fenced database is gone", async () => {
      expect(await judged("snapshot", {}, LEFT)).toMatchObject({ kind: "plan", plan: { from: NEXT } });

      const gone: Found = { ...LEFT, absent: [HOME] };
      expect(await judged("failover", { to: THIRD }, gone)).toMatchObject({ plan: { from: NEXT, to: THIRD } });
    });
  });

  test("that is active where it is asked to go is told the way to its first region", async () => {
    const answer = await judged("failover", { to: THIRD }, { ...IN_THIRD, silent: [NEXT] });

    expect(answer).toMatchObject({
      reasons: expect.arrayContaining([
        `inventory is active in ${THIRD} already. To move it to ${HOME}: /dr failover inventory to ${HOME}.`,
      ]),
    });
  });

  test.each([
    ["no rule", "metric: ReadLatency", " for inventory,"],
    ["a rule for one of them", "metric: ReplicaLag\n        region: eu-central-1", " for inventory in eu-west-2,"],
  ])("that has %s about the lag of its copies is warned", (_what, written, says) => {
    const found = loaded([["metric: ReplicaLag", written]]).warnings.filter(({ what }) => what.includes("ReplicaLag"));

    expect(found.map(({ what }) => what)).toEqual([expect.stringContaining(says)]);
  });

  test("that has a rule for the lag in its home region is told where the lag is measured", () => {
    const found = loaded([["metric: ReplicaLag", `metric: ReplicaLag\n        region: ${HOME}`]]).warnings;

    expect(found.map(({ what }) => what)).toContainEqual(
      expect.stringContaining("is measured in eu-central-1 and eu-west-2, so this alarm never has data"),
    );
  });
});
