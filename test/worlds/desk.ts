import { renderCard } from "../../src/app/cards.ts";
import { createOutside, type Outside } from "../../src/app/outside.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { sendCard } from "../../src/engine/delivery/outbox.ts";
import { showRun } from "../../src/engine/runs/advance-run.ts";
import { reasonNow } from "../../src/flows/reach/first-calls.ts";
import { callForRun } from "../../src/flows/reach/run-calls.ts";
import { whoIsNeeded } from "../../src/flows/reach/run-needs.ts";
import { sharedBudget } from "../../src/store/budget.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { runOf } from "../harness/failover-runs.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { silent, TELLS_NOBODY } from "../harness/fakes/index.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";
import { SHOWN, shownIn } from "./shown.ts";

/** Machine time between two turns of its loops. */
const TURN_EVERY_MS = 400;

/** What people were told at the very end. */
export interface Told {
  /** The key under which people are called now; undefined: nobody has to be. */
  readonly needed: string | undefined;
  /** How the run's card begins now. */
  readonly shows: string;
}

/**
 * The part of an installation that drives nothing: it calls people, and shows the run, each in a loop of its own, through the
 * product's pagers and its chat.
 */
export class Desk {
  readonly #at: FailoverWorld;
  readonly #outside: Outside;
  readonly #loops: readonly Promise<void>[];
  #isOver = false;

  private constructor(at: FailoverWorld, outside: Outside) {
    this.#at = at;
    this.#outside = outside;
    this.#loops = [this.#loop(() => this.#call()), this.#loop(() => this.#show())];
  }

  static async open(at: FailoverWorld): Promise<Desk> {
    const read = readEnvironment(at.environment);
    if (!read.ok) throw new Error("the world's own environment has to be in order");
    const budget = sharedBudget(await at.bench.connect());
    const outside = createOutside(read.settings, () => at.inventory, { clock: at.clock, budget, logger: silent });
    return new Desk(at, outside);
  }

  /** Resolves when nobody is left to be called and the card is sent, or when that took so long. Machine time. */
  async caughtUp(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline && (await this.#owes().catch(() => true))) await nap();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    this.#outside.close();
  }

  async told(run: RunState): Promise<Told> {
    const { inventory, clock, memory } = this.#at;
    const needed = whoIsNeeded(run, inventory, clock.now());
    const called = (await memory.calls.get("F-1"))?.value;
    // What is over is left out of the reason, and not of the call that goes on; what flaps waits.
    const reason = needed && reasonNow(called, needed.reason, clock.now());
    const { text } = progressCard(run, inventory, { nowMs: clock.now() });
    const [shows = ""] = text.split(",");
    return { needed: reason && `dr:${inventory.file.environment}:run:F-1:${reason}`, shows };
  }

  async #owes(): Promise<boolean> {
    const { memory } = this.#at;
    const run = await runOf(this.#at);
    const { needed, shows } = await this.told(run);
    const [calls, card] = await Promise.all([memory.calls.get("F-1"), memory.cards.get(SHOWN)]);
    const isCalled =
      needed === undefined || (calls?.value.pagedAtMs !== undefined && needed.endsWith(calls.value.reason));
    // A card that was sent may be one of before the run's last change, which nobody has asked for yet.
    const isShown = shownIn(this.#at.whole.world.log.read()).startsWith(shows);
    return !isCalled || !isShown || card === undefined || card.value.sent < card.value.wanted;
  }

  async #loop(turn: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      // What a store, a pager or a chat refuses is owed, and tried again at the next turn.
      await turn().catch(() => undefined);
      await nap();
    }
  }

  #call(): Promise<void> {
    const { memory } = this.#at;
    const { pagers, chat } = this.#outside;
    return callForRun("F-1", {
      ...this.#deps,
      ...{ runs: memory.runs, calls: memory.calls, pagers, chat, logger: silent },
    });
  }

  async #show(): Promise<void> {
    const { memory, clock } = this.#at;
    await showRun(await runOf(this.#at), this.#deps);
    const sources = { stores: memory, clock, inventory: () => this.#at.inventory };
    await sendCard(SHOWN, {
      ...{ cards: memory.cards, chat: this.#outside.chat, clock, logger: silent, worker: "desk", inVain: TELLS_NOBODY },
      render: (kind, subject) => renderCard(kind, subject, sources),
    });
  }

  get #deps() {
    return {
      ...runCommandDeps(this.#at),
      channelOf: async () => this.#at.inventory.file.alerts.channel,
    };
  }
}

const nap = () => new Promise<void>((resolve) => setTimeout(resolve, TURN_EVERY_MS));
