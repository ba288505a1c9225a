import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ClosedFiles } from "../ports/keeping.ts";
import type { Ledger } from "../ports/runs.ts";
import { archiveFile } from "./archive-file.ts";
import { foundFileOf } from "./found-file.ts";
import { newestLine } from "./ledger-lines.ts";
import { segmentFile } from "./ledger-segments.ts";

/** A line that says which file was removed because its time was over. */
export const REMOVED = "removed";

export interface ClosedFilesOptions {
  readonly directory: string;
  readonly process: string;
  readonly ledger: Pick<Ledger, "append">;
  /** Removes what the store knows of a process whose ledger ends with this mark; of one that goes on somewhere else nothing. */
  forget(process: string, newest: string): Promise<void>;
  /** World time. */
  now(): number;
}

/**
 * Files that are written no more, of this process and of one that is not used any more. The ledger has the hash of each before it goes, so that an auditor can tell
 * a file whose time was over from one that somebody took away, and knows the copy that was kept elsewhere.
 */
export function createClosedFiles({ directory, process, ledger, forget, now }: ClosedFilesOptions): ClosedFiles {
  const end = async (name: string): Promise<void> => {
    const path = join(directory, name);
    const [{ size }, hash] = await Promise.all([stat(path), sha256Of(path)]);
    const says = `its time was over: ${size} bytes, sha256 ${hash}`;
    await ledger.append({ atMs: now(), run: name, epoch: 0, kind: REMOVED, says });
    await rm(path);
  };
  return {
    async removeBefore(beforeMs) {
      for (const name of await namesIn(directory)) {
        if (ownerOf(name) === process && closedAtMs(name) < beforeMs) await end(name);
      }
    },
    async removeUnusedSince(atMs) {
      const names = await namesIn(directory);
      for (const other of new Set(names.flatMap((name) => ownerOf(name) ?? []))) {
        const current = `${other}.jsonl`;
        if (other === process || !names.includes(current)) continue;
        const newest = await newestLine(join(directory, current));
        if (newest === undefined || newest.entry.atMs >= atMs) continue;
        const theirs = names.filter((name) => ownerOf(name) === other && name !== current);
        // Their ledger last: by it a look that was cut off finds the rest.
        for (const name of theirs) await end(name);
        await forget(other, newest.mark);
        await end(current);
      }
    },
  };
}

const namesIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory).catch((): string[] => [])).toSorted();

/** A piece of a line that a crash cut off, put aside at that machine time. */
const TORN = /^(?<process>[^.]+)\.jsonl\.torn-(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})\d{6}$/;

/** Process whose file it is; undefined for what people put there. */
const ownerOf = (name: string): string | undefined =>
  segmentFile(name)?.process ?? archiveFile(name)?.process ?? TORN.exec(name)?.groups?.["process"] ?? foundFileOf(name);

/** As the name says it; a file that is still written never closes. */
function closedAtMs(name: string): number {
  const { year, month, day } = TORN.exec(name)?.groups ?? {};
  if (year !== undefined) return Date.parse(`${year}-${month}-${day}`);
  const closed = segmentFile(name)?.closed;
  if (closed) return Date.parse(closed.day);
  return archiveFile(name)?.untilMs ?? Number.POSITIVE_INFINITY;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest("hex");
}
