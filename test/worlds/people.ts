import { type AcceptStoreDeps, acceptStore } from "../../src/commands/accept-store.ts";
import { freeze, unfreeze } from "../../src/commands/freeze.ts";
import { Bug, UserError } from "../../src/domain/errors.ts";
import { fits, type JournalDecision, needsOf } from "../../src/domain/plan-run/decision.ts";
import { recoveryDigest } from "../../src/domain/plan-run/recovery.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { approversOf } from "../../src/domain/service/access.ts";
import { decide } from "../../src/engine/approvals/decisions.ts";
import type { LedgerFile } from "../../src/store/ledger-file.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { who } from "../harness/fakes/index.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";
import { patiently } from "./patiently.ts";

/**
 * What people do each time that a run waits for them. `go-on`: they resume it, or try the failed step again; `give-back`: they
 * abort it; `alone`: one approver votes to skip, and nobody joins them. `accept-store` is what all of them become after a lost store.
 */
export const WORDS = ["go-on", "give-back", "skip", "alone", "take-over", "unwind"] as const;
export type Word = (typeof WORDS)[number];

/** World time between two people who do the same. */
const BETWEEN_TWO_MS = 20_000;

/** People who act through the product's own commands, in a process that drives nothing. */
export class People {
  readonly #at: FailoverWorld;
  readonly #ledger: LedgerFile;
  /** Each thing that they got done, once for each time. */
  readonly done: string[] = [];

  constructor(at: FailoverWorld, ledger: LedgerFile) {
    this.#at = at;
    this.#ledger = ledger;
  }

  /** False: what they said was refused. */
  async decide(word: Word, run: RunState): Promise<boolean> {
    const decision = decisionFor(word, run);
    if (!decision) return false;
    const isOfTwo = needsOf(decision, run) === "two approvers";
    const sayers = isOfTwo ? this.#approvers : [this.#responder];
    const isDone = await this.#allSay(word === "alone" ? sayers.slice(0, 1) : sayers, (person) =>
      decide(
        run.plan.id,
        { decision, who: who(person), words: decision === "take-over" ? "it is done" : "" },
        this.#deps,
      ),
    );
    if (isDone) this.done.push(word);
    return isDone;
  }

  async freeze(): Promise<void> {
    const { log } = this.#at.whole.world;
    await freeze({ verb: "freeze", args: [], text: "a rehearsal", who: who(this.#responder) }, this.#frozen);
    log.append("people.freeze", { frozen: true });
    this.done.push("freeze");
  }

  async lift(): Promise<void> {
    const { log } = this.#at.whole.world;
    const isDone = await this.#allSay(this.#approvers, async (person) => {
      // From the second one on calls leave again: said before it counts.
      if (person === this.#approvers.at(-1)) log.append("people.freeze", { frozen: false });
      await unfreeze({ verb: "unfreeze", args: [], text: "", who: who(person) }, this.#frozen);
    });
    if (isDone) this.done.push("lift");
  }

  /** Somebody asks, and two others sign for the store as it is now. */
  async acceptStore(): Promise<boolean> {
    const { log } = this.#at.whole.world;
    const deps = this.#acceptDeps;
    const isDone = await this.#allSay([this.#responder, ...this.#approvers], async (person) => {
      const { value } = await deps.recoveries.read();
      const signs = value?.state === "waiting" ? { value: `${value.id}:${recoveryDigest(value)}` } : {};
      await acceptStore({ verb: "accept-store", args: [], text: "", who: who(person), ...signs }, deps);
    });
    if (!isDone) return false;
    log.append("people.accepted-store", {});
    this.done.push("accept-store");
    return true;
  }

  /** One after the other; false where one of them was refused, or the store does not count. */
  async #allSay(people: readonly string[], say: (person: string) => Promise<unknown>): Promise<boolean> {
    for (const [index, person] of people.entries()) {
      if (index > 0) await this.#at.clock.sleep(BETWEEN_TWO_MS, this.#at.ended);
      try {
        await patiently(() => say(person));
      } catch (error) {
        if (error instanceof UserError || error instanceof Bug) return false;
        throw error;
      }
    }
    return true;
  }

  get #approvers(): readonly string[] {
    return approversOf(this.#at.inventory, undefined)
      .slice(0, 2)
      .map(({ id }) => id);
  }

  /** Who asks for nothing that needs two of them. */
  get #responder(): string {
    const [first = ""] = this.#at.inventory.people
      .filter(({ id, roles }) => roles.includes("responder") && !this.#approvers.includes(id))
      .map(({ id }) => id);
    return first;
  }

  get #deps() {
    return { ...runCommandDeps(this.#at), ledger: this.#ledger };
  }

  get #frozen() {
    return { ...this.#deps, freezes: this.#at.memory.freezes };
  }

  get #acceptDeps(): AcceptStoreDeps {
    const { recoveries } = this.#at.memory;
    return { ...this.#deps, recoveries, lostStore: this.#ledger, eventsOfRun: async () => [] };
  }
}

/** Undefined: nothing fits the run as it stands. */
function decisionFor(word: Word, run: RunState): JournalDecision | undefined {
  const decisions: Readonly<Record<Word, readonly JournalDecision[]>> = {
    "go-on": ["resume", "retry"],
    "give-back": ["abort"],
    skip: ["skip"],
    alone: ["skip"],
    "take-over": ["take-over"],
    unwind: ["unwind"],
  };
  return decisions[word].find((decision) => fits(decision, run));
}
