import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ClosedFiles } from "../ports/keeping.ts";
import type { Ledger } from "../ports/runs.ts";
import { archiveFile } from "./archive-file.ts";
import { segmentFile } from "./ledger-segments.ts";

/** A line that says which file was removed because its time was over. */
export const REMOVED = "removed";

export interface ClosedFilesOptions {
  readonly directory: string;
  readonly process: string;
  readonly ledger: Pick<Ledger, "append">;
  /** World time. */
  now(): number;
}

/**
 * Files of this process that are written no more. The ledger has the hash of each before it goes, so that an auditor can tell
 * a file whose time was over from one that somebody took away, and knows the copy that was kept elsewhere.
 */
export function createClosedFiles({ directory, process, ledger, now }: ClosedFilesOptions): ClosedFiles {
  return {
    async removeBefore(beforeMs) {
      const names = await readdir(directory).catch(() => []);
      for (const name of names.filter((each) => closedAtMs(each, process) < beforeMs)) {
        const path = join(directory, name);
        const [{ size }, hash] = await Promise.all([stat(path), sha256Of(path)]);
        const says = `its time was over: ${size} bytes, sha256 ${hash}`;
        await ledger.append({ atMs: now(), run: name, epoch: 0, kind: REMOVED, says });
        await rm(path);
      }
    },
  };
}

/** World time, as the name says it; a file that is written, is not of this process, or not of the ledger never closes. */
function closedAtMs(name: string, process: string): number {
  const segment = segmentFile(name);
  if (segment?.process === process && segment.closed) return Date.parse(segment.closed.day);
  const archive = archiveFile(name);
  return archive?.process === process ? archive.untilMs : Number.POSITIVE_INFINITY;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest("hex");
}
