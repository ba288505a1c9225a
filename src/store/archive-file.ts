import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Archive } from "../ports/keeping.ts";
import type { Ledger } from "../ports/runs.ts";

/** On every line, for who reads it years later. TwoKey itself reads none; it increases when a line changes its shape. */
const ARCHIVE_VERSION = 1;
const NEW_LINE = 0x0a;
/** A line that says which bytes of which archive file were written. */
export const EXPORTED = "exported";

const ARCHIVE_FILE = /^(?<process>[^.]+)\.archive-(?<year>\d{4})-(?<month>\d{2})\.jsonl$/;

/** Whose archive a file is, and when its month is over. */
export function archiveFile(name: string): { readonly process: string; readonly untilMs: number } | undefined {
  const { process, year, month } = ARCHIVE_FILE.exec(name)?.groups ?? {};
  // Months count from 0: this is the first day of the next one.
  return process === undefined ? undefined : { process, untilMs: Date.UTC(Number(year), Number(month)) };
}

export interface ArchiveOptions {
  readonly directory: string;
  readonly process: string;
  readonly ledger: Pick<Ledger, "append">;
  /** World time. */
  now(): number;
}

/**
 * One file a month: a line for each thing that left the store. The ledger gets the hash of each batch, so that whoever has
 * the ledger's key can tell that the archive is as it was written.
 */
export function createArchive({ directory, process, ledger, now }: ArchiveOptions): Archive {
  return {
    async write(items) {
      const atMs = now();
      const name = `${process}.archive-${new Date(atMs).toISOString().slice(0, 7)}.jsonl`;
      const text = items
        .map((item) => `${JSON.stringify({ v: ARCHIVE_VERSION, ...item, exportedAtMs: atMs })}\n`)
        .join("");
      const start = await appendDurably(directory, name, text);
      const end = start + Buffer.byteLength(text);
      const hash = createHash("sha256").update(text).digest("hex");
      await ledger.append({
        ...{ atMs, run: name, epoch: 0, kind: EXPORTED },
        says: `${countedKinds(items.map(({ kind }) => kind))}: bytes ${start} to ${end} of ${name}, sha256 ${hash}`,
      });
    },
  };
}

async function appendDurably(directory: string, name: string, text: string): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = await open(join(directory, name), "a+", 0o600);
  try {
    const { size } = await file.stat();
    // What a crash or a full disk cut off stands on a line of its own, and is written again in its batch.
    const isTorn = size > 0 && (await lastByte(file, size)) !== NEW_LINE;
    await file.appendFile(isTorn ? `\n${text}` : text);
    await file.datasync();
    return isTorn ? size + 1 : size;
  } finally {
    await file.close();
  }
}

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0];
}

function countedKinds(kinds: readonly string[]): string {
  return [...new Set(kinds)].map((kind) => `${kinds.filter((each) => each === kind).length} ${kind}`).join(", ");
}
