import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../domain/errors.ts";
import { type Line, readLines, type Whose } from "./ledger-lines.ts";
import { mendSegments, segmentFiles, segmentPaths } from "./ledger-segments.ts";
import { LineFile } from "./line-file.ts";

/** A last line that was cut off while it was written. What it tells was not asked of the cloud yet, or is in the journal. */
export interface TornEnd {
  readonly piece: string;
  /** The file that it was put aside into; undefined: it could not be kept. */
  readonly keptIn: string | undefined;
}

/** What lies in a ledger's directory when its process starts. */
export interface FoundLedger {
  /** The segment that is written now. */
  readonly file: LineFile;
  readonly lines: readonly Line[];
  readonly number: number;
  /** Lines of the segment before it, where that still lies there: its acts and signatures are remembered. */
  readonly before: readonly Line[];
  readonly torn: TornEnd | undefined;
}

export interface LedgerPlace {
  readonly directory: string;
  readonly process: string;
  /** The first line of each segment says it, and another one's ledger is refused. */
  readonly whose: Whose;
}

/** Throws UserError, also where the ledger is another installation's. */
export async function openFound({ directory, process, whose }: LedgerPlace): Promise<FoundLedger> {
  const paths = segmentPaths(directory, process);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mendSegments(paths);
    return await opened(paths.current, { directory, process, whose });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      "ledger-unusable",
      `The ledger ${paths.current} cannot be opened. Check TWOKEY_LEDGER_DIR and who may write there.`,
      { cause: error },
    );
  }
}

async function opened(path: string, about: LedgerPlace): Promise<FoundLedger> {
  const { lines, torn, wholeBytes, tail } = await readLines(path);
  const [first] = lines;
  if (first) requireOurs(path, first.installation, about.whose);
  // Only the last line can be torn by a crash. Anything after a line that does not parse is not ours to drop.
  if (torn === "inside")
    throw new UserError(
      "ledger-damaged",
      `${path} has a damaged line ${lines.length + 1}. Keep the file for the review, move it aside, and start again.`,
    );
  const end = torn === "end" ? { piece: tail, keptIn: await keptBeside(path, tail) } : undefined;
  const file = await LineFile.open(path, wholeBytes);
  // A disk that does not even let it be cut off refuses the first append: pages and cards need no ledger.
  await file.cutTornEnd().catch(() => undefined);
  const before = first?.goesOn ? (await readLines(join(about.directory, first.entry.run))).lines : [];
  return { file, lines, before, torn: end, number: first?.goesOn?.segment ?? (await unusedNumber(about)) };
}

/** Acts of a rehearsal must never stand among those of production, and a file that was put in the wrong place is no memory. */
function requireOurs(path: string, theirs: Whose | undefined, ours: Whose): void {
  if (theirs?.environment === ours.environment && theirs.world === ours.world) return;
  const whose = theirs
    ? `the ledger of another installation (${theirs.environment}, ${theirs.world})`
    : "a ledger that does not say whose it is";
  throw new UserError(
    "ledger-other-installation",
    `${path} is ${whose}; this one is ${ours.environment}, ${ours.world}. Set TWOKEY_LEDGER_DIR to a directory of its own, or give environment in twokey.yaml its old name again.`,
  );
}

/** A ledger that begins while segments of an earlier one still lie there must not close over them. */
async function unusedNumber({ directory, process }: LedgerPlace): Promise<number> {
  const numbers = (await segmentFiles(directory)).flatMap((file) =>
    file.process === process && file.closed ? [file.closed.number] : [],
  );
  return Math.max(0, ...numbers) + 1;
}

/** Undefined: it could not be kept, as on a full disk. */
async function keptBeside(path: string, piece: string): Promise<string | undefined> {
  const beside = `${path}.torn-${new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;
  return writeFile(beside, piece, { mode: 0o600, flush: true }).then(
    () => beside,
    () => undefined,
  );
}
