import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { TransientError } from "../domain/errors.ts";
import { LEDGER_UNWRITABLE } from "../ports/runs.ts";

/** As much as one line of a ledger may take, and what a disk gives at once. */
const PROBE_BYTES = 4_096;

/** What the file system says, by its own code, as people read it. */
const REFUSALS: Readonly<Record<string, string>> = {
  ENOSPC: "no room is left on its disk",
  EDQUOT: "TwoKey's user has used up its part of the disk",
  EFBIG: "a file there may not grow any more",
  EROFS: "its disk is read-only",
  ENOENT: "its directory does not exist",
  ENOTDIR: "its directory is a file",
  ESTALE: "the file that it writes is not in its directory any more",
  EACCES: "TwoKey's user may not write there",
  EPERM: "TwoKey's user may not write there",
  EMFILE: "this process has too many files open",
  ENFILE: "this machine has too many files open",
  EIO: "its disk is broken",
};

/** Why nothing can be written there, as a clause; the code of the file system stands behind it for whom it helps. */
export function sayDiskRefusal(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "no code";
  return `${REFUSALS[code] ?? "the file system refuses it"} (${code})`;
}

/** What a ledger throws that could not write its line. */
export function throwUnwritable(cause: unknown): never {
  throw new TransientError(LEDGER_UNWRITABLE, `The ledger cannot be written: ${sayDiskRefusal(cause)}`, { cause });
}

/** Why this directory takes no line now, in words: full, read-only, gone; undefined: it took and kept one. */
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
    return sayDiskRefusal(error);
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
