import { createHmac } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { z } from "zod";
import { canonicalJson } from "../domain/json.ts";
import { FreezeLine } from "../domain/plan-run/freeze.ts";
import { Act } from "../domain/plan-run/recovery.ts";
import { Captured } from "../domain/plan-run/run-entry.ts";
import type { Secret } from "../domain/secret.ts";

/** An installation, as a ledger and a store name it. */
export const Whose = z.object({ environment: z.string(), world: z.enum(["production", "rehearsal"]) });
export type Whose = z.infer<typeof Whose>;

const Line = z.object({
  /** Random; the newest one also stands in the store, so that a lost or older store is recognised for good (G17). */
  mark: z.string(),
  /** In the first line of a segment that follows another one: its number and the chain that it goes on from. */
  goesOn: z.strictObject({ segment: z.number().int(), chain: z.string() }).exactOptional(),
  /** In the first line of a segment, and in no other: whose ledger it is. */
  installation: Whose.exactOptional(),
  entry: z.object({
    ...Act.shape,
    door: z.string().optional(),
    strength: z.string().optional(),
    requestIds: z.array(z.string()).optional(),
    captured: Captured.optional(),
    journal: z.strictObject({ length: z.number().int(), seal: z.string(), untilMs: z.number() }).optional(),
    freeze: FreezeLine.optional(),
  }),
  /** HMAC-SHA-256 over the previous line's chain and this line, with a key that is not in the store. */
  chain: z.string(),
});
export type Line = z.infer<typeof Line>;

/** A line of a file, and all that its chain covers: also what a later version has added to it. */
interface ReadLine extends Line {
  readonly body: unknown;
}

/** Reads a ledger file and checks its chain; `broken` is the number of the first line that does not fit. */
export async function verifyLedger(path: string, key: Secret): Promise<{ lines: number; broken: number | undefined }> {
  const read = await readLines(path);
  return { lines: read.lines.length, broken: firstWrong(read, key) };
}

/** Number of the first line that does not fit; the first one of a segment says itself where it goes on from. */
export function firstWrong({ lines, torn }: LedgerLines, key: Secret): number | undefined {
  let previous = lines[0]?.goesOn?.chain ?? "";
  for (const [index, { chain, body }] of lines.entries()) {
    if (chained(key, previous, body) !== chain) return index + 1;
    previous = chain;
  }
  return torn === "no" ? undefined : lines.length + 1;
}

export const chained = (key: Secret, previous: string, body: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`${previous}\n${canonicalJson(body)}`)
    .digest("hex");

export interface LedgerLines {
  readonly lines: ReadLine[];
  /** Where a line does not parse: in its midst, or only in a last one without its line break. */
  readonly torn: "no" | "end" | "inside";
  readonly wholeBytes: number;
  /** What follows the last line break. Its call was never made, because the line was not yet durable. */
  readonly tail: string;
}

export async function readLines(path: string): Promise<LedgerLines> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const wholeBytes = bytes.lastIndexOf("\n") + 1;
  const tail = bytes.subarray(wholeBytes).toString("utf8");
  const lines: ReadLine[] = [];
  for (const part of bytes.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1)) {
    const json = safeJson(part);
    const parsed = Line.safeParse(json);
    if (!parsed.success) return { lines, torn: "inside", wholeBytes, tail };
    lines.push({ ...parsed.data, body: withoutChain(json) });
  }
  return { lines, torn: tail === "" ? "no" : "end", wholeBytes, tail };
}

function withoutChain(line: unknown): unknown {
  const { chain: _, ...body } = z.looseObject({}).parse(line);
  return body;
}

/** The longest line by far is shorter. */
const TAIL_BYTES = 256 * 1024;

/** World time of the newest whole line; undefined where there is none that can be read. */
export async function newestLine(path: string): Promise<Line | undefined> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    const newest = buffer.subarray(0, bytesRead).toString("utf8").split("\n").slice(0, -1).at(-1) ?? "";
    return Line.safeParse(safeJson(newest)).data;
  } finally {
    await file.close();
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
