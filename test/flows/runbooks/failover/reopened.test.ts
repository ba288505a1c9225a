import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { openedSince } from "../../../../src/domain/plan-run/before-promotion.ts";
import { type RunState, stateOf } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import type { ExecutorDeps } from "../../../../src/engine/runs/executor-deps.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import { storesIn } from "../../../../src/flows/resources/site.ts";
import { failover } from "../../../../src/flows/runbooks/failover/failover.ts";
import type { StoredStep } from "../../../../src/ports/stored-step.ts";
import { drive } from "../../../harness/drive.ts";
import { eventually } from "../../../harness/eventually.ts";
import { mutationsOf, runOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { accountInOrders, fewBookings, patientGuests } from "../../../harness/own-accounts.ts";
import { standbyOf } from "../../../harness/site.ts";

const SPEED = 60;
/** World time by which the standby is behind when somebody writes to the old side. */
const BEHIND_SECONDS = 240;
/** Of a program that TwoKey does not know. */
const PROGRAM = { address: "10.0.0.77", groups: [] };
const MEASURES = "record-data-position";

let at: FailoverWorld;
afterEach(() => at.stop());

const worlds = [
  {
    proof: "a marker row",
    /** TwoKey's account in the one that was opened signs in no more. */
    end: ["stopped", expect.stringMatching(/guests is closed, and programs that were connected may still write to it/)],
    edit: (text: string) => fewBookings(accountInOrders(patientGuests(text))),
    store: "guests",
    position: "record-position-guests",
  },
  {
    proof: "three samples",
    end: ["verified", ""],
    edit: fewBookings,
    store: "orders",
    position: "record-position-orders",
  },
] as const;

/** The database of a store that somebody opens. */
function databaseOf(store: string, side: "home" | "standby") {
  const region = side === "home" ? at.service.home : standbyOf(at.service);
  const found = storesIn(at.service, region).find(({ database }) => database.instance.includes(store));
  if (!found) throw new Error(`${region} has no ${store}`);
  const { instance, security_group: securityGroup, write_check: writeCheck } = found.database;
  return { region, instance, securityGroup, writeCheck };
}

const rule = (securityGroup: string) => ({
  GroupId: securityGroup,
  IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
});
const open = ({ region, securityGroup }: ReturnType<typeof databaseOf>) =>
  at.client.click("ec2:AuthorizeSecurityGroupIngress", region, rule(securityGroup));
async function close(old: ReturnType<typeof databaseOf>): Promise<void> {
  await at.client.click("ec2:RevokeSecurityGroupIngress", old.region, rule(old.securityGroup));
  const { engine } = at.whole.rds;
  await eventually("closed door", () => {
    const connected = engine.connect(old, PROGRAM, { user: "reports" });
    if (connected.ok) engine.end(connected.session);
    return connected.ok ? undefined : true;
  });
}

/** A program that TwoKey does not know writes to the old side as soon as it gets in. The standby hears of it late. */
async function writes(store: string, id: string): Promise<void> {
  const { engine } = at.whole.rds;
  const row = { id, writer: "reports" };
  engine.setReplication(databaseOf(store, "standby"), BEHIND_SECONDS);
  await eventually("a write", () => {
    const { ok } = engine.write(databaseOf(store, "home"), row, PROGRAM);
    return ok || undefined;
  });
}

const isOnNewSide = (store: string, id: string): boolean =>
  at.whole.rds.engine.rows(databaseOf(store, "standby")).has(id);
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));
async function says(entry: RunEntry): Promise<void> {
  await eventually("entry in the journal", async () => {
    const { kind } = await at.memory.runs.append(await runOf(at), { entries: [entry], events: [] });
    return kind === "appended" || undefined;
  });
}
/** Of the writers that were stopped; what open sessions wrote people agreed to in words. */
async function losesNothing(run: RunState): Promise<boolean> {
  const { lost } = await failover.measure(run, { read: async () => undefined });
  return lost?.kind === "nothing" || (lost?.kind === "after" && lost.ofOthers === true);
}

const Measured = z.object({ instance: z.string() });

/** The steps, with something that happens once, when the position of this store is known and before that is written down. */
function whenKnown(store: string, act: () => Promise<void>): ExecutorDeps["steps"] {
  const step = STEPS[MEASURES];
  if (!step) throw new Error(`there is no ${MEASURES}`);
  const { instance } = databaseOf(store, "standby");
  let hasHappened = false;
  const measures: StoredStep = {
    ...step,
    async verify(input, ...asked) {
      const verdict = await step.verify(input, ...asked);
      if (!verdict.done || hasHappened || Measured.parse(input).instance !== instance) return verdict;
      hasHappened = true;
      await act();
      return verdict;
    },
  };
  return { ...STEPS, [MEASURES]: measures };
}

const pause = async () =>
  says({ kind: "paused", atMs: at.clock.now(), by: "ana", door: "slack", why: "we look first" });
const resume = async () => says({ kind: "resumed", atMs: at.clock.now(), by: "ana", door: "slack" });

describe.each(worlds)(
  "a planned move whose last commit was proven by $proof, and whose old side is opened again",
  ({ edit, store, position, end }) => {
    beforeEach(async () => {
      at = await startFailoverWorld({ example: "every-kind", service: "bookings", edit, speed: SPEED, lagSeconds: 1 });
      await startRun(at, { mode: "planned" });
    });

    test("guard proven again: is proven again where TwoKey closes it before the promotion", async () => {
      const run = await drive(at, {
        steps: whenKnown(store, async () => {
          await open(databaseOf(store, "home"));
          await writes(store, "late");
        }),
      });

      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(stateOf(run, position).attempt).toBe(2);
      expect([isOnNewSide(store, "late"), await losesNothing(run)]).toEqual([true, true]);
    });

    test("guard seen open: is fenced again where somebody else has closed it before the promotion, and TwoKey saw it open", async () => {
      let opened: Promise<void> | undefined;
      const openForAWhile = async () => {
        const old = databaseOf(store, "home");
        await open(old);
        await writes(store, "late");
        await at.clock.sleep(180_000);
        await close(old);
      };
      const steps = whenKnown(store, async () => {
        opened = openForAWhile();
        await opened;
      });

      const run = await drive(at, { steps });

      await opened;
      expect([run.state, run.why]).toEqual(end);
      expect(stateOf(run, "fence").attempt).toBe(2);
      if (run.state === "stopped") return expect(promotions()).toEqual([]);
      expect([isOnNewSide(store, "late"), await losesNothing(run)]).toEqual([true, true]);
    });

    test("guard seen by another: is fenced again where somebody closed it while the run was paused, by another executor too", async () => {
      let opened: Promise<void> | undefined;
      const openAndPause = async () => {
        const old = databaseOf(store, "home");
        await open(old);
        await writes(store, "late");
        await eventually("line of the opening", async () => openedSince(await runOf(at)) && true);
        await pause();
        await close(old);
      };
      const steps = whenKnown(store, async () => {
        opened = openAndPause();
        await opened;
      });
      const paused = await drive(at, { steps });
      await opened;
      expect([paused.state, promotions()]).toEqual(["paused", []]);
      await resume();

      const run = await drive(at, { worker: "another" });

      expect([run.state, run.why]).toEqual(end);
      expect(stateOf(run, "fence").attempt).toBe(2);
      if (run.state === "stopped") return expect(promotions()).toEqual([]);
      expect([isOnNewSide(store, "late"), await losesNothing(run)]).toEqual([true, true]);
    });

    test("guard unseen gap: is proven again where it was opened and closed while nobody drove the run", async () => {
      const paused = await drive(at, { steps: whenKnown(store, pause) });
      expect([paused.state, stateOf(paused, position).state, promotions()]).toEqual(["paused", "done", []]);
      at.whole.world.clock.jump(10 * 60_000);
      await at.setSpeed(SPEED);
      const old = databaseOf(store, "home");
      await open(old);
      await writes(store, "late");
      await close(old);
      await resume();

      const run = await drive(at, { worker: "another" });

      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect([isOnNewSide(store, "late"), await losesNothing(run)]).toEqual([true, true]);
    });
  },
);

const endedByReboot = (text: string): string =>
  text.replace("        kind: rds-replica\n", "        kind: rds-replica\n        end_sessions: reboot\n");

const inside = [
  {
    ends: "over TwoKey's own connection",
    ...{ world: { example: "every-kind" as const, service: "bookings", edit: worlds[0].edit }, store: "guests" },
    /** Its account signs in no more. */
    end: worlds[0].end,
  },
  {
    ends: "with a reboot",
    ...{ world: { example: "inventory" as const, edit: endedByReboot }, store: "inventory" },
    end: ["verified", ""],
  },
] as const;

describe.each(inside)(
  "a planned move whose old side was opened and closed again, and whose fence ends sessions $ends",
  ({ world, store, end }) => {
    beforeEach(async () => {
      at = await startFailoverWorld({ ...world, speed: SPEED, lagSeconds: 1 });
      await startRun(at, { mode: "planned" });
    });

    test("guard left inside: is fenced again where all of it is closed, and who came in meanwhile still writes", async () => {
      const run = await drive(at, {
        steps: whenKnown(store, async () => {
          const old = databaseOf(store, "home");
          await open(old);
          await eventually("a write over a session that stays", async () => {
            const { kind } = await at.others.probe.writeOverKept(old.writeCheck);
            return kind === "written" || undefined;
          });
          await close(old);
        }),
      });

      expect([run.state, run.why]).toEqual(end);
      expect(stateOf(run, "fence").attempt).toBe(2);
    });
  },
);

const OPEN_FOR = 2;

/** The steps, with an opening that lasts for two looks of the fence, when all is closed and what is still inside is waited for. */
function whileFencing(begin: () => Promise<void>, end: () => Promise<void>): ExecutorDeps["steps"] {
  const step = STEPS["fence-primary"];
  if (!step) throw new Error("there is no fence");
  let isWaitedFor = false;
  let hasBegun = false;
  let looks = 0;
  const fence: StoredStep = {
    ...step,
    async verify(...asked) {
      if (isWaitedFor && !hasBegun) {
        hasBegun = true;
        await begin();
      }
      const verdict = await step.verify(...asked);
      if (!verdict.done && verdict.letsIn && isWaitedFor) {
        looks += 1;
        if (looks === OPEN_FOR) await end();
      }
      isWaitedFor ||= !verdict.done && verdict.isUnderWay === true;
      return verdict;
    },
  };
  return { ...STEPS, "fence-primary": fence };
}

describe("an unplanned move whose old side is opened while its fence waits for its tasks", () => {
  beforeEach(async () => {
    const bookings = { example: "every-kind", service: "bookings", edit: fewBookings } as const;
    const world = { ...bookings, speed: SPEED, stopSeconds: 120 };
    at = await startFailoverWorld(world);
    await startRun(at, { mode: "unplanned" });
  });

  test("guard opened meanwhile: is fenced again, though somebody has closed it since", async () => {
    const old = databaseOf("orders", "home");
    const begin = () => open(old);
    const end = () => close(old);

    const run = await drive(at, { steps: whileFencing(begin, end) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").attempt).toBe(2);
  });
});
