import { describe, expect, test } from "@jest/globals";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Moved } from "../../src/domain/service/moved.ts";
import type { Observation } from "../../src/domain/service/observation.ts";
import { withMoved, withWrites } from "../../src/flows/active-region.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Planned } from "../../src/flows/runbooks/runbook.ts";
import { fakeCloud, ordinaryDay } from "../harness/fakes/index.ts";
import { AT, type Day, dark, known, seenOn } from "../harness/observed.ts";
import { siteOf, standbyOf } from "../harness/site.ts";
import { INVENTORY, nobodyKnowsTheWriter, QUIET, SERVICE } from "./runbooks/asked.ts";

const { home } = SERVICE;
const there = standbyOf(SERVICE);
const FENCED: Moved = { kind: "proven", to: there, fenced: { [home]: { run: "F-1", sinceMs: AT - 60_000 } } };
const LOST: Moved = { kind: "unproven", left: home, why: `${home} was fenced by F-1 and seen open at 03:12:45Z` };

/** After a move: both databases stand alone, and no rule lets anybody in at home. */
const AWAY = inSite(nobodyKnowsTheWriter, home, {
  firewall: known({ [siteOf(SERVICE, home).database.security_group]: [] }),
});

function inSite(day: Day, region: string, change: Partial<Day["sites"][string]>): Day {
  const site = day.sites[region];
  if (!site) throw new Error(`there is no site in ${region}`);
  return { ...day, sites: { ...day.sites, [region]: { ...site, ...change } } };
}

const look = (day: Day, moved: Moved | undefined): Observation => withMoved(SERVICE, seenOn(SERVICE, day), moved);
const writer = (day: Day, moved?: Moved) => {
  const { activeRegion } = look(day, moved);
  return activeRegion.known ? activeRegion.value : activeRegion.why;
};
const TWO = "both databases accept writes: neither follows the other";

function asked(runbook: string, observed: Observation, wish: object = {}): Planned {
  const request = { id: "F-2", service: SERVICE, inventory: INVENTORY, observed, reason: "before a release" };
  const meant = runbookOf({ runbook, id: "F-2" });
  const read = meant.read(wish);
  if (!read.ok) throw new Error(read.why);
  return meant.plan({ ...request, requester: "farid", incident: undefined, nowMs: AT }, read.wish);
}
const refused = (planned: Planned) => (planned.kind === "refused" ? planned.reasons : planned.plan.title);

describe("who writes after a move", () => {
  test("AWS alone cannot tell: a fenced database says that it takes writes", () => {
    expect(writer(AWAY)).toBe(TWO);
  });

  test("our own run tells, where the old side is fenced and this look shows it closed", () => {
    expect(writer(AWAY, FENCED)).toBe(there);
  });

  test("also while the old side, or the new one, gives no answer", () => {
    expect(writer(inSite(AWAY, home, { database: dark("RDS"), firewall: dark("EC2") }), FENCED)).toBe(there);
    expect(writer(inSite(AWAY, there, { database: dark("RDS") }), FENCED)).toBe(there);
  });

  test("guard stands open: not where this look shows that the old side lets somebody in", () => {
    expect(writer(nobodyKnowsTheWriter, FENCED)).toBe(
      `${TWO}; ${home} was fenced by F-1 at 03:11:45Z, and its security group lets somebody in now`,
    );
  });

  test.each(["denied", "failed", "absent"] as const)(
    "guard nobody sees: not where the old database answers, and whether it is closed nobody can see (%s)",
    (cause) => {
      const firewall = { known: false, cause, why: "EC2 does not say", atMs: AT } as const;
      const said = `${TWO}; nobody can see whether ${home} is closed: EC2 does not say`;
      expect(writer(inSite(AWAY, home, { firewall }), FENCED)).toBe(said);
    },
  );

  test("guard nobody sees: nor where only the database is silent, and who may reach it is refused to TwoKey", () => {
    const firewall = { known: false, cause: "denied", why: "EC2 refuses", atMs: AT } as const;
    expect(writer(inSite(AWAY, home, { database: dark("RDS"), firewall }), FENCED)).toMatch(
      new RegExp(`; nobody can see whether ${home} is closed: EC2 refuses$`),
    );
  });

  test("guard another writer: not where a database stands alone that no run has fenced", () => {
    expect(writer(AWAY, { ...FENCED, fenced: {} })).toBe(`${TWO}; no run has fenced ${home}`);
  });

  test("not where AWS says that the new side follows again: people have moved it back", () => {
    expect(writer(QUIET, FENCED)).toBe(home);
  });

  test("not while the newest move proves nothing: what is known of it is said", () => {
    expect(writer(AWAY, LOST)).toBe(`${TWO}; ${LOST.kind === "unproven" ? LOST.why : ""}`);
    expect(writer(QUIET, LOST)).toBe(home);
  });

  test("guard took a write: a side that has just taken a write is closed no more, whatever was proven", () => {
    const seen = look(AWAY, FENCED);
    const writes = (kind: "written" | "refused") => ({ "stores.main": { [home]: { kind, reason: "" } as const } });

    expect(withWrites(SERVICE, seen, writes("refused")).activeRegion).toMatchObject({ known: true, value: there });
    expect(withWrites(SERVICE, seen, writes("written")).activeRegion).toMatchObject({
      ...{ known: false, why: `${TWO}; ${home} was fenced by F-1, and has just taken a write` },
    });
  });

  test("a look from before the file had a resource stays as it is", () => {
    const old = { ...seenOn(SERVICE, AWAY), resources: {} };
    expect(withMoved(SERVICE, old, FENCED)).toBe(old);
  });
});

describe("away from home, before the old side is built again", () => {
  const AGAIN = `To have a standby in ${home} again, build its databases as read replicas by hand: docs/operations.md, “Build the old side again”.`;

  test("a snapshot is taken of the writer, and the writer moves to its standby", () => {
    const away = look(AWAY, FENCED);
    expect(refused(asked("snapshot", away))).toMatch(/^Snapshot mycomputer-inventory-db-replica of inventory/);
    expect(refused(asked("reboot-failover", away))).toBe(
      "Move mycomputer-inventory-db-replica of inventory onto its standby",
    );
  });

  test("guard word of a run: keys of a reboot-failover that rests on a run hold only while that run shows the writer", async () => {
    const made = asked("reboot-failover", look(AWAY, FENCED));
    if (made.kind === "refused") throw new Error(made.reasons.join(" "));
    const signed = proposedRun(made.plan, planDigest(made.plan));
    const { signal } = new AbortController();
    const cloud = fakeCloud(ordinaryDay(SERVICE, { silent: SERVICE.regions }));
    const drift = async (run: RunState, moved: Moved | undefined) =>
      (await runbookOf(run.plan).drift(run, { service: SERVICE, cloud, signal, moved: async () => moved })).voids;
    const none = `no run shows any more that ${there} is the writer`;

    expect(await drift(signed, FENCED)).toEqual([]);
    expect(await drift(signed, LOST)).toEqual([`${none}: ${home} was fenced by F-1 and seen open at 03:12:45Z`]);
    expect(await drift(signed, undefined)).toEqual([none]);
    expect(await drift(signed, { ...FENCED, to: home })).toEqual([none]);

    const quiet = asked("reboot-failover", look(QUIET, undefined));
    if (quiet.kind === "refused") throw new Error(quiet.reasons.join(" "));
    expect(await drift({ ...signed, plan: quiet.plan }, undefined)).toEqual([]);
  });

  test.each(["snapshot", "reboot-failover", "failover"])(
    "%s is refused with what is known, where that is unproven",
    (runbook) => {
      const [why] = refused(asked(runbook, look(AWAY, LOST)));
      expect(why).toBe(
        `Nobody can say which database of inventory is the writer: ${TWO}; ${home} was fenced by F-1 and seen open at 03:12:45Z. Settle by hand which side counts. ${AGAIN}`,
      );
    },
  );

  test("guard left behind: the way home is refused, with which side is fenced, since when, and what to do", () => {
    expect(refused(asked("failover", look(AWAY, FENCED), { to: home }))).toEqual([
      `${home} was fenced by F-1 at 03:11:45Z and has no commit since. ${AGAIN}`,
    ]);
  });

  test("guard left behind: so it is while the new side is dark, with the way to take it all the same", () => {
    const lost = inSite(AWAY, there, { database: dark("RDS"), compute: dark("ECS"), firewall: dark("EC2") });
    const why = refused(asked("failover", look(lost, FENCED), { to: home, mode: "unplanned" }));
    expect(why[0]).toBe(`${home} was fenced by F-1 at 03:11:45Z and has no commit since. ${AGAIN}`);
    expect([why].flat().join(" ")).toContain(
      "End the watch of that run (/dr stop-watch), and put the rules back first.",
    );
  });
});
