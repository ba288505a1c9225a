import { messageOf } from "../../domain/errors.ts";
import { isWrong, type Standing } from "../../domain/proof.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { sayAllWrong, sayMended, sayWrong } from "../../views/proofs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { calledBefore, inProcess } from "./in-process.ts";
import type { Told } from "./proving.ts";

/** What was said in the channel and not taken back, by the proof's id. */
export type Said = Readonly<Record<string, string>>;

/** Outlives the process: a secret of the environment is mended by a restart. Either may reject. */
export interface SaidMemory {
  read(): Promise<Said>;
  write(said: Said): Promise<void>;
}

export interface ProofVoiceDeps extends Telling {
  readonly said: SaidMemory;
}

/**
 * Tells people what is wrong, and what is mended, each once: in the alerts channel, and by whichever pager takes it, since the
 * channel may be what is wrong. What only gives no answer is on the board, and wakes nobody.
 */
export function proofVoice(deps: ProofVoiceDeps): (standings: readonly Told[]) => Promise<void> {
  const saying = new Saying(deps);
  const memories = new Map<Gravity, CallMemory>();
  let isTelling = false;
  const tell = async (standings: readonly Told[]): Promise<void> => {
    const ours = standings.filter(({ isToldElsewhere }) => !isToldElsewhere);
    await saying.say(ours);
    for (const gravity of GRAVITIES)
      await call(
        gravity,
        ours.filter((each) => gravityOf(each) === gravity),
      );
  };
  const call = async (gravity: Gravity, about: readonly Told[]): Promise<void> => {
    if (about.length === 0) return;
    // An incident that a process of this name had open before is let go when nothing is wrong any more.
    const memory = memories.get(gravity) ?? (saying.hasBegunFresh ? inProcess() : calledBefore([keyOf(deps, gravity)]));
    memories.set(gravity, memory);
    const wrong = about.filter(isWrong);
    const isLooking = about.some(({ proven }) => proven.kind === "pending");
    if (wrong.length > 0 || !isLooking) await reach(needOf(wrong, gravity, deps), { ...deps, memory, againMs: 0 });
  };
  return async (standings) => {
    // One at a time: a pager that is slow is not asked twice for the same.
    if (isTelling) return;
    isTelling = true;
    await tell(standings).finally(() => {
      isTelling = false;
    });
  };
}

/** What takes alerts or pages away has a call of its own: it does not join one that nobody was woken for. */
const GRAVITIES = ["not-ready", "unheard", "degraded"] as const;
type Gravity = (typeof GRAVITIES)[number];
const gravityOf = ({ critical, wakes }: Told): Gravity =>
  critical === undefined ? (wakes === true ? "unheard" : "degraded") : "not-ready";

/** The channel hears of each thing once, whoever of this name says it. */
class Saying {
  readonly #deps: ProofVoiceDeps;
  #said: Record<string, string> | undefined;
  /** It is known that nothing had been said before. */
  hasBegunFresh = false;

  constructor(deps: ProofVoiceDeps) {
    this.#deps = deps;
  }

  async say(standings: readonly Told[]): Promise<void> {
    // Nothing is said before it is known what was: the channel lies in the same store.
    this.#said ??= await this.#remembered();
    if (this.#said === undefined) return;
    for (const standing of standings) await this.#sayOne(standing, this.#said).catch(this.#unsaid);
  }

  async #remembered(): Promise<Record<string, string> | undefined> {
    const said = await this.#deps.said.read().catch(this.#unsaid);
    this.hasBegunFresh = said !== undefined && Object.keys(said).length === 0;
    return said && { ...said };
  }

  readonly #unsaid = (error: unknown): undefined => {
    // What could not be said is said at the next turn; whom the channel does not reach the pager does.
    this.#deps.logger.warn({ why: messageOf(error) }, "Could not say so in Slack");
    return undefined;
  };

  async #sayOne(standing: Told, said: Record<string, string>): Promise<void> {
    const { announce, process, clock } = this.#deps;
    const { id, proven } = standing;
    const before = said[id];
    // Silence is no mending.
    if (proven.kind === "wrong" ? proven.what === before : before === undefined || proven.kind !== "ok") return;
    await announce(proven.kind === "wrong" ? sayWrong(standing, process) : sayMended(standing, process, clock.now()));
    if (proven.kind === "wrong") said[id] = proven.what;
    else delete said[id];
    await this.#deps.said.write(said);
  }
}

const keyOf = ({ inventory, process }: Pick<ProofVoiceDeps, "inventory" | "process">, gravity: Gravity): string =>
  `dr:${inventory().file.environment}:${gravity}:${process}`;

/** Each process has an environment of its own, so each calls for itself. */
function needOf(wrong: readonly Standing[], gravity: Gravity, deps: ProofVoiceDeps): Need | undefined {
  if (wrong.length === 0) return undefined;
  const { inventory, process } = deps;
  const key = keyOf(deps, gravity);
  return {
    ...{
      occasion: gravity,
      reason: wrong
        .map(({ id }) => id)
        .toSorted()
        .join(" "),
    },
    ...{ people: commandersOf(inventory()), key, page: key, why: sayAllWrong(wrong, process) },
    about: {
      source: process,
      details: Object.fromEntries(wrong.map((each) => [each.id, sayWrong(each, process)])),
      links: [alertsLink(deps)],
      state: "What is wrong is looked at again every minute",
    },
  };
}
