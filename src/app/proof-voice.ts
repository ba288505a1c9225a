import { messageOf } from "../domain/errors.ts";
import { isWrong, type Standing } from "../domain/proof.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { type Need, reach } from "../flows/reach/reach.ts";
import { commandersOf } from "../flows/reach/run-needs.ts";
import type { Chat } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pagers } from "../ports/pager.ts";
import { sayAllWrong, sayMended, sayWrong } from "../views/proofs.ts";
import { alertsLink } from "./announce.ts";
import { inProcess } from "./in-process.ts";
import type { Told } from "./proving.ts";

export interface ProofVoiceDeps {
  /** Says it in the alerts channel; several processes saying the same say it once an hour. */
  announce(says: string): Promise<void>;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly process: string;
  readonly inventory: () => Inventory;
  readonly chat: Pick<Chat, "addressOf">;
}

/**
 * Tells people what is wrong, and what is mended, each once: in the alerts channel, and by whichever pager takes it, since the
 * channel may be what is wrong. What only gives no answer is on the board, and wakes nobody.
 */
export function proofVoice(deps: ProofVoiceDeps): (standings: readonly Told[]) => Promise<void> {
  const { announce, process, clock, logger } = deps;
  const memory = inProcess();
  const said = new Map<string, string>();
  const sayOne = async (standing: Told): Promise<void> => {
    const now = isWrong(standing) ? sayWrong(standing, process) : undefined;
    const before = said.get(standing.id);
    if (now === before) return;
    // Silence is no mending.
    if (now === undefined && standing.proven.kind !== "ok") return;
    await announce(now ?? sayMended(standing, process, clock.now()));
    if (now === undefined) said.delete(standing.id);
    else said.set(standing.id, now);
  };
  const tell = async (standings: readonly Told[]): Promise<void> => {
    const ours = standings.filter(({ isToldElsewhere }) => !isToldElsewhere);
    for (const standing of ours) {
      // What could not be said is said at the next turn; whom the channel does not reach the pager does.
      await sayOne(standing).catch((error: unknown) =>
        logger.warn({ why: messageOf(error) }, "Could not say so in Slack"),
      );
    }
    await reach(needOf(ours.filter(isWrong), deps), { ...deps, memory, againMs: 0 });
  };
  let isTelling = false;
  return async (standings) => {
    // One at a time: a pager that is slow is not asked twice for the same.
    if (isTelling) return;
    isTelling = true;
    await tell(standings).finally(() => {
      isTelling = false;
    });
  };
}

/** Each process has an environment of its own, so each calls for itself. */
function needOf(wrong: readonly Standing[], deps: ProofVoiceDeps): Need | undefined {
  if (wrong.length === 0) return undefined;
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:not-proven:${process}`;
  const isCritical = wrong.some(({ critical }) => critical !== undefined);
  return {
    ...{
      occasion: isCritical ? "not-ready" : "degraded",
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
