import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Secret } from "../domain/secret.ts";
import { firstWrong, type LedgerLines, readLines } from "./ledger-lines.ts";
import { segmentFile, segmentFiles } from "./ledger-segments.ts";

export interface VerifiedFile {
  readonly path: string;
  readonly lines: number;
  /** Number of the first line that does not fit; 1 also where the segment does not go on from the one before it. */
  readonly broken: number | undefined;
  /** Number of the line with the wanted seal; undefined: it has none, or none was wanted. */
  readonly found: number | undefined;
  /** The segment before it, where that is not there: its time was over, or people moved it away. */
  readonly goesOnFrom: string | undefined;
}

/**
 * Verifies every ledger of a directory, or one with the segments before it, in their order. `seal`: the first hex digits of a line's
 * own, as a plan card shows them.
 */
export async function verifyLedgers(path: string, key: Secret, seal?: string): Promise<readonly VerifiedFile[]> {
  const files: VerifiedFile[] = [];
  const lastChains = new Map<string, string>();
  for (const { path: each, process } of await inOrderOf(path)) {
    const { read, ...file } = await verifyFile(each, key, lastChains.get(process));
    files.push({ ...file, found: lineWith(read, seal) });
    lastChains.set(process, chainOf(read));
  }
  return files;
}

interface Listed {
  readonly path: string;
  readonly process: string;
}

async function inOrderOf(path: string): Promise<readonly Listed[]> {
  if ((await stat(path)).isDirectory())
    return (await segmentFiles(path)).map(({ name, process }) => ({ path: join(path, name), process }));
  const wanted = segmentFile(basename(path));
  // Under a name of their own people keep copies: of those only what is asked for.
  if (!wanted) return [{ path, process: path }];
  const directory = dirname(path);
  const siblings = (await segmentFiles(directory)).filter(({ process }) => process === wanted.process);
  const upTo = siblings.findIndex(({ name }) => name === wanted.name) + 1;
  return siblings.slice(0, upTo).map(({ name, process }) => ({ path: join(directory, name), process }));
}

/** `before`: chain of the last line of the segment before it, where that is there. */
async function verifyFile(
  path: string,
  key: Secret,
  before: string | undefined,
): Promise<Omit<VerifiedFile, "found"> & { readonly read: LedgerLines }> {
  const read = await readLines(path);
  const [first] = read.lines;
  const from = first?.goesOn?.chain ?? "";
  const fits = before === undefined || from === before;
  return {
    ...{ path, lines: read.lines.length, read },
    broken: fits ? firstWrong(read, key) : 1,
    goesOnFrom: before === undefined && first?.goesOn ? first.entry.run : undefined,
  };
}

const chainOf = ({ lines: [first, ...more] }: LedgerLines): string =>
  more.at(-1)?.chain ?? first?.chain ?? first?.goesOn?.chain ?? "";

function lineWith({ lines }: LedgerLines, seal: string | undefined): number | undefined {
  const index = seal === undefined ? -1 : lines.findIndex(({ chain }) => chain.startsWith(seal));
  return index < 0 ? undefined : index + 1;
}
