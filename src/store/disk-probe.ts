import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../domain/errors.ts";

/** As much as one line of a ledger may take, and what a disk gives at once. */
const PROBE_BYTES = 4_096;

/** Why this directory takes no line now, as the file system says it: full, read-only, gone; undefined: it took and kept one. */
export async function whyUnwritable(directory: string, process: string): Promise<string | undefined> {
  const path = join(directory, `.${process}.probe`);
  try {
    const file = await open(path, "w", 0o600);
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES));
      await file.datasync();
    } finally {
      await file.close();
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
