import { FREEZE_ID } from "../domain/plan-run/freeze.ts";
import { SEEN } from "./ledger-entries.ts";
import type { LedgerFile } from "./ledger-file.ts";
import type { Seen } from "./seen.ts";

/** What a process that ended has seen, as far as its ledger has it. */
export function recall({ memory }: Pick<LedgerFile, "memory">, seen: Seen): void {
  for (const [run, end] of memory.journals) seen.sawJournal(run, end);
  for (const line of memory.freezes.values()) seen.sawFreeze(line);
}

/** Writes down what this process has seen and its ledger does not have: the next process of its name begins with it. */
export async function noteSeen(ledger: Pick<LedgerFile, "memory" | "append">, seen: Seen, atMs: number): Promise<void> {
  const { journals, freezes } = ledger.memory;
  const noted = (run: string) => journals.get(run)?.length ?? 0;
  for (const [run, journal] of seen.journals) {
    if (journal.length <= noted(run)) continue;
    const says = `its journal had ${journal.length} lines`;
    await ledger.append({ atMs, run, epoch: 0, kind: SEEN, says, journal });
  }
  for (const freeze of seen.freezes)
    if (!freezes.has(freeze.seal))
      await ledger.append({ atMs, run: FREEZE_ID, epoch: 0, kind: SEEN, says: freeze.said.kind, freeze });
  seen.forgetOver(atMs, noted);
}
