import { createHmac, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Secret } from "../domain/secret.ts";
import type { Ledger, LedgerEntry } from "../ports/runs.ts";
import { KEYS } from "./keys.ts";

const Line = z.object({
  /** The store's identity and position when the line was written: how a lost or older store is recognised (G17). */
  store: z.string(),
  position: z.number(),
  entry: z.object({
    atMs: z.number(),
    run: z.string(),
    epoch: z.number(),
    kind: z.string(),
    step: z.string().optional(),
    says: z.string(),
    requestIds: z.array(z.string()).optional(),
  }),
  /** HMAC-SHA-256 over the previous line's chain and this line, with a key that is not in the store. */
  chain: z.string(),
});
type Line = z.infer<typeof Line>;

/** Appends one fsynced line for each act. One file a process, so that two processes never interleave. */
export class LedgerFile implements Ledger {
  readonly #redis: Redis;
  readonly #key: Secret;
  readonly #file: FileHandle;
  #chain: string;
  #known: { store: string; position: number; epoch: number };
  #queue: Promise<void> = Promise.resolve();

  private constructor(redis: Redis, key: Secret, file: FileHandle, lines: readonly Line[]) {
    this.#redis = redis;
    this.#key = key;
    this.#file = file;
    const last = lines.at(-1);
    this.#chain = last?.chain ?? "";
    this.#known = {
      store: last?.store ?? "",
      position: last?.position ?? 0,
      epoch: Math.max(0, ...lines.map((line) => line.entry.epoch)),
    };
  }

  static async open(redis: Redis, options: { directory: string; process: string; key: Secret }): Promise<LedgerFile> {
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
    return new LedgerFile(redis, options.key, file, lines);
  }

  append(entry: LedgerEntry): Promise<void> {
    // One at a time: the chain needs the previous line's hash.
    const next = this.#queue.then(() => this.#write(entry));
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #write(entry: LedgerEntry): Promise<void> {
    const { store, position } = await whereIs(this.#redis);
    const body = { store, position, entry };
    const chain = chained(this.#key, this.#chain, body);
    await this.#file.appendFile(`${JSON.stringify({ ...body, chain })}\n`);
    await this.#file.datasync();
    this.#chain = chain;
    this.#known = { store, position, epoch: Math.max(this.#known.epoch, entry.epoch) };
  }

  async disagreement(): Promise<string | undefined> {
    const { store, position } = await whereIs(this.#redis);
    const known = this.#known;
    if (known.store === "") return undefined;
    if (store !== known.store)
      return "Redis is not the one this ledger was written beside: it came back empty, or it is another one";
    if (position < known.position)
      return `Redis went back in time: it stands at change ${position}, the ledger has seen ${known.position}`;
    return undefined;
  }

  highestEpoch(): number {
    return this.#known.epoch;
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

async function whereIs(redis: Redis): Promise<{ store: string; position: number }> {
  await redis.setnx(KEYS.identity, randomUUID());
  const [store, position] = await redis.mget(KEYS.identity, KEYS.position);
  return { store: store ?? "", position: Number(position ?? 0) };
}
