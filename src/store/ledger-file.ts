import { createHmac, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { z } from "zod";
import { Bug, UserError } from "../domain/errors.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Secret } from "../domain/secret.ts";
import type { Ledger, LedgerEntry } from "../ports/runs.ts";
import { KEYS } from "./keys.ts";

const Line = z.object({
  /** Random; the newest one also stands in the store, so that a lost or older store is recognised for good (G17). */
  mark: z.string(),
  entry: z.object({
    atMs: z.number(),
    run: z.string(),
    epoch: z.number(),
    kind: z.string(),
    step: z.string().optional(),
    by: z.string().optional(),
    door: z.string().optional(),
    says: z.string(),
    requestIds: z.array(z.string()).optional(),
  }),
  /** HMAC-SHA-256 over the previous line's chain and this line, with a key that is not in the store. */
  chain: z.string(),
});
type Line = z.infer<typeof Line>;

export interface LedgerOptions {
  readonly directory: string;
  readonly process: string;
  readonly key: Secret;
}

/**
 * Appends one fsynced line for each act, in one file a process. Two processes of one name would overwrite each other's
 * mark, and both would see a disagreement: that stops them, which is safe.
 */
export class LedgerFile implements Ledger {
  readonly #redis: Redis;
  readonly #key: Secret;
  readonly #file: FileHandle;
  #chain: string;
  readonly #markKey: string;
  #mark: string;
  #epoch: number;
  #queue: Promise<void> = Promise.resolve();

  private constructor(redis: Redis, options: LedgerOptions, file: FileHandle, lines: readonly Line[]) {
    this.#redis = redis;
    this.#key = options.key;
    this.#markKey = KEYS.ledgerMark(options.process);
    this.#file = file;
    const last = lines.at(-1);
    this.#chain = last?.chain ?? "";
    this.#mark = last?.mark ?? "";
    this.#epoch = Math.max(0, ...lines.map((line) => line.entry.epoch));
  }

  static async open(redis: Redis, options: LedgerOptions): Promise<LedgerFile> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const path = join(options.directory, `${options.process}.jsonl`);
    const { lines, torn, wholeBytes } = await readLines(path);
    // Only the last line can be torn by a crash. Anything after a line that does not parse is not ours to drop.
    if (torn === "inside")
      throw new UserError(
        "ledger-damaged",
        `${path} has a damaged line ${lines.length + 1}. Keep the file for the review, move it aside, and start again.`,
      );
    if (torn === "end") await truncate(path, wholeBytes);
    const file = await open(path, "a", 0o600);
    return new LedgerFile(redis, options, file, lines);
  }

  append(entry: LedgerEntry): Promise<void> {
    // One at a time: the chain needs the previous line's hash.
    const next = this.#queue.then(() => this.#write(entry));
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #write(entry: LedgerEntry): Promise<void> {
    const wrong = await this.disagreement();
    if (wrong !== undefined) throw new Bug("store-lost", wrong);
    const mark = randomUUID();
    // The store first: after a crash in between it holds the new mark beside the one that the file ends with.
    await this.#redis.set(this.#markKey, `${mark} ${this.#mark}`);
    const body = { mark, entry };
    const chain = chained(this.#key, this.#chain, body);
    await this.#file.appendFile(`${JSON.stringify({ ...body, chain })}\n`);
    await this.#file.datasync();
    this.#chain = chain;
    this.#mark = mark;
    this.#epoch = Math.max(this.#epoch, entry.epoch);
  }

  async disagreement(): Promise<string | undefined> {
    if (this.#mark === "") return undefined;
    const stored = await this.#redis.get(this.#markKey);
    if (stored === null) return "Redis came back empty, or it is another one: it does not know this ledger";
    if (!stored.split(" ").includes(this.#mark))
      return "Redis went back in time: it does not know the newest line of this ledger";
    return undefined;
  }

  highestEpoch(): number {
    return this.#epoch;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#file.close();
  }
}

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

const chained = (key: Secret, previous: string, body: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`${previous}\n${canonicalJson(body)}`)
    .digest("hex");

/** A last line that was cut off by a crash is left out: its call was never made, because the line was not yet durable. */
async function readLines(path: string): Promise<{ lines: Line[]; torn: "no" | "end" | "inside"; wholeBytes: number }> {
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
