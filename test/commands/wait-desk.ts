import { afterEach, beforeEach } from "@jest/globals";
import { renderCard } from "../../src/app/cards.ts";
import { createStores, type Stores } from "../../src/app/stores.ts";
import type { Answer } from "../../src/commands/intent.ts";
import { type WaitCommandDeps, wait } from "../../src/commands/wait.ts";
import type { Card } from "../../src/domain/card/card.ts";
import type { Incident } from "../../src/domain/incident/incident.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { tendWait } from "../../src/engine/delivery/waits.ts";
import { resolveIncident, TWOKEY } from "../../src/flows/incident/life/changes.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { plainText } from "../../src/views/card-text.ts";
import { openedIncident } from "../cards/incident-states.ts";
import { example } from "../harness/example.ts";
import { clockAt, quietLedger, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

export const inventory = example("inventory");
export const nothing = async () => undefined;
export const MINUTE = 60_000;
export const BECAUSE = "because AWS says that it comes back";

/** What `/dr wait` works with in one test: a test may move the time and change its dependencies. */
interface Desk {
  redis: ScriptedRedis;
  stores: Stores;
  nowMs: number;
  lines: LedgerEntry[];
  warned: object[];
  deps: WaitCommandDeps;
}

/** A desk of its own for each test of the suite that asks for it. */
export function waitDesk() {
  let bench: StoreBench;
  const desk = {} as Desk; // filled before each test
  beforeEach(async () => {
    bench = await StoreBench.start();
    desk.redis = await bench.connect();
    desk.nowMs = AT;
    desk.lines = [];
    desk.warned = [];
    desk.stores = createStores(desk.redis, () => desk.nowMs, JOURNAL);
    desk.deps = depsOf(desk);
  });
  afterEach(() => bench.close());
  return { desk, ...asked(desk), ...around(desk), ...shown(desk) };
}

function depsOf(desk: Desk): WaitCommandDeps {
  const { stores } = desk;
  const clock = clockAt(() => desk.nowMs);
  return {
    ...{ runs: stores.runs, incidents: stores.incidents, waits: stores.waits, clock },
    ledger: quietLedger({ append: async (line) => void desk.lines.push(line) }),
    inventory: () => inventory,
    channelOf: async () => "C0PLANS",
    logger: { warn: (...said: unknown[]) => void desk.warned.push(said) },
    tendWait: (service) => tendWait(service, { ...stores, clock, wake: { card: nothing, run: nothing } }),
  };
}

/** What people ask for, and what becomes of it. */
function asked(desk: Desk) {
  const ask = (text: string, more: object = {}) => ({
    ...{ verb: "wait", args: text.split(" "), text, who: who("ana") },
    ...more,
  });
  const says = (text: string, more: object = {}): Promise<Answer> => wait(ask(text, more), desk.deps);
  const refusal = (text: string, more: object = {}): Promise<string> =>
    says(text, more).then(
      (answer) => `not refused: ${answer.kind}`,
      (error: unknown) => String(error),
    );
  return {
    ...{ says, refusal },
    stored: async () => (await desk.stores.waits.get("inventory"))?.value,
    sweeps: () => desk.deps.tendWait("inventory"),
  };
}

/** What is open meanwhile. */
function around(desk: Desk) {
  return {
    async planWaits(wish: { readonly incident?: string } = {}) {
      const plan = { ...planFor(inventory, { id: "F-AAA111" }), ...wish };
      await desk.stores.runs.create(plan, planDigest(plan), []);
      return plan;
    },
    async incidentOpens(as: Partial<Incident> = {}): Promise<Incident> {
      const incident = { ...openedIncident(), ...as };
      await desk.stores.incidents.change(incident.id, () => ({ value: incident, events: [] }));
      return incident;
    },
    async closes({ id }: Incident): Promise<void> {
      const fields = { details: "x", impact: "x", followUps: "x", lessons: "x" };
      const { nowMs } = desk;
      await desk.stores.incidents.change(
        id,
        (current) => current && resolveIncident(current, { fields, by: "Ana" }, { actor: TWOKEY, nowMs }),
      );
    },
  };
}

/** What people see. */
function shown(desk: Desk) {
  const render = (kind: string, subject: string): Promise<Card | undefined> =>
    renderCard(kind, subject, {
      stores: desk.stores,
      clock: clockAt(() => desk.nowMs),
      inventory: () => inventory,
    });
  /** What the room was told so far: the messages that are owed, as they are rendered now. */
  async function told(): Promise<{ readonly id: string; readonly channel: string; readonly text: string }[]> {
    const owed = [];
    for (const id of await desk.stores.cards.openIds()) {
      const card = (await desk.stores.cards.get(id))?.value;
      if (!card?.kind.startsWith("wait")) continue;
      const now = await render(card.kind, card.subject);
      if (now) owed.push({ id, channel: "channel" in card.to ? card.to.channel : "", text: now.text });
    }
    return owed.toSorted((one, other) => one.id.localeCompare(other.id));
  }
  return { render, told };
}

export const linesOf = (card: Card | undefined): string =>
  JSON.stringify(card?.parts.map((part) => ("lines" in part ? part.lines.map((line) => plainText(line)) : part)));
