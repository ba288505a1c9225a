import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { canonicalJson } from "../domain/json.ts";
import { Act } from "../domain/plan-run/recovery.ts";
import type { Secret } from "../domain/secret.ts";

const Line = z.object({
  /** Random; the newest one also stands in the store, so that a lost or older store is recognised for good (G17). */
  mark: z.string(),
  entry: z.object({ ...Act.shape, door: z.string().optional(), requestIds: z.array(z.string()).optional() }),
  /** HMAC-SHA-256 over the previous line's chain and this line, with a key that is not in the store. */
  chain: z.string(),
});
export type Line = z.infer<typeof Line>;

/** Reads a ledger file and checks its chain; `broken` is the number of the first line that does not fit. */
export async function verifyLedger(path: string, key: Secret): Promise<{ lines: number; broken: number | undefined }> {
  const { lines, torn } = await readLines(path);
  let previous = "";
  for (const [index, { chain, ...body }] of lines.entries()) {
    if (chained(key, previous, body) !== chain) return { lines: lines.length, broken: index + 1 };
    previous = chain;
  }
  return { lines: lines.length, broken: torn === "no" ? undefined : lines.length + 1 };
}

export const chained = (key: Secret, previous: string, body: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`${previous}\n${canonicalJson(body)}`)
    .digest("hex");

/** A last line that was cut off by a crash is left out: its call was never made, because the line was not yet durable. */
export async function readLines(
  path: string,
): Promise<{ lines: Line[]; torn: "no" | "end" | "inside"; wholeBytes: number }> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines: Line[] = [];
  let wholeBytes = 0;
  const parts = text.split("\n");
  const last = parts.pop() ?? "";
  for (const part of parts) {
    const parsed = Line.safeParse(safeJson(part));
    if (!parsed.success) return { lines, torn: "inside", wholeBytes };
    lines.push(parsed.data);
    wholeBytes += Buffer.byteLength(part) + 1;
  }
  return { lines, torn: last === "" ? "no" : "end", wholeBytes };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
