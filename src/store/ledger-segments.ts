import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Bug } from "../domain/errors.ts";
import { LineFile } from "./line-file.ts";

/** The first line of a segment that follows another one. */
export const SEGMENT = "segment";
/** A segment ends with the first line after so much of either; world time. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;
export const SEGMENT_MS = 92 * 86_400_000;

/** Names of processes have no dot. */
const LEDGER_FILE = /^(?<process>[^.]+)(?:\.(?<number>\d{4,})-(?<day>\d{4}-\d{2}-\d{2}))?\.jsonl$/;

export interface SegmentFile {
  readonly name: string;
  readonly process: string;
  /** Of a closed segment, with the day on which it was closed. Absent: the file that is written now. */
  readonly closed: { readonly number: number; readonly day: string } | undefined;
}

/** The file that is written now, the one that takes its place while it is made, and a segment that was closed. */
export const segmentPaths = (directory: string, process: string) => ({
  directory,
  current: join(directory, `${process}.jsonl`),
  next: join(directory, `${process}.jsonl.next`),
  closed: (number: number, atMs: number) =>
    join(directory, `${process}.${String(number).padStart(4, "0")}-${new Date(atMs).toISOString().slice(0, 10)}.jsonl`),
});
type SegmentPaths = ReturnType<typeof segmentPaths>;

/** Ledger files of a directory: of each process the closed segments by their number, then the file that is written now. */
export async function segmentFiles(directory: string): Promise<readonly SegmentFile[]> {
  return (await readdir(directory)).flatMap((name) => segmentFile(name) ?? []).toSorted(inOrder);
}

export function segmentFile(name: string): SegmentFile | undefined {
  const { process, number, day } = LEDGER_FILE.exec(name)?.groups ?? {};
  if (process === undefined) return undefined;
  const closed = number === undefined || day === undefined ? undefined : { number: Number(number), day };
  return { name, process, closed };
}

const placeOf = ({ closed }: SegmentFile) => closed?.number ?? Number.MAX_SAFE_INTEGER;
const inOrder = (one: SegmentFile, other: SegmentFile) =>
  one.process.localeCompare(other.process) || placeOf(one) - placeOf(other);

/** A crash while a segment was closed leaves one that was never used, or one that has not yet taken its place. */
export async function mendSegments({ current, next }: SegmentPaths): Promise<void> {
  if (!(await exists(next))) return;
  if (await exists(current)) await rm(next);
  else await rename(next, current);
}

/**
 * The next segment, which has taken the place of the present one. It is whole on the disk before the present one gives up
 * its name. What fails leaves the present one in its place.
 */
export async function openNext(paths: SegmentPaths, closed: string, line: string): Promise<LineFile> {
  const file = await LineFile.open(paths.next, 0);
  try {
    await file.append(line);
    await exchange(paths, closed);
    file.renamed(paths.current);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function exchange({ directory, current, next }: SegmentPaths, closed: string): Promise<void> {
  if (await exists(closed)) throw new Bug("segment-exists", `${closed} is there already, and is not written over`);
  await rename(current, closed);
  try {
    await rename(next, current);
    await syncDirectory(directory);
  } catch (error) {
    await rename(closed, current);
    throw error;
  }
}

/** Until then a power cut could take the names back, and with them lines that stand in the next segment. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
