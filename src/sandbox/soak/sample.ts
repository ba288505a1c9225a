import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readMemory } from "../../store/memory.ts";
import { rssMb } from "../bench/process-cost.ts";
import type { Stage } from "../stage.ts";

export interface Sample {
  readonly day: number;
  readonly redisMb: number;
  readonly keys: number;
  /** Ledger segments and archive files together. */
  readonly ledgerMb: number;
  /** Of the bot. */
  readonly rssMb: number;
}

const BYTES_A_MB = 1_000_000;
const rounded = (value: number) => Math.round(value * 100) / 100;

export async function takeSample({ redis, directory, bots }: Stage, day: number): Promise<Sample> {
  const [{ usedBytes }, keys, ledgerBytes, botMb] = await Promise.all([
    readMemory(redis, undefined),
    redis.dbsize(),
    bytesIn(join(directory, "ledger")),
    rssMb(bots[0]?.pid),
  ]);
  return {
    ...{ day, keys, rssMb: rounded(botMb) },
    ...{ redisMb: rounded(usedBytes / BYTES_A_MB), ledgerMb: rounded(ledgerBytes / BYTES_A_MB) },
  };
}

/** What goes while it is counted, as the probe of the disk does, weighs nothing. */
export async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function tableOf(samples: readonly Sample[]): string {
  const rows = [
    ["day", "Redis MB", "keys", "ledger MB", "bot MB"],
    ...samples.map(({ day, redisMb, keys, ledgerMb, rssMb: botMb }) =>
      [day, redisMb.toFixed(1), keys, ledgerMb.toFixed(1), botMb.toFixed(0)].map(String),
    ),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return `${rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  ")).join("\n")}\n`;
}

/** A line, or nothing where none was played. */
export function sayRuns(runs: Readonly<Record<string, number>>): string {
  const counted = Object.entries(runs).map(([how, times]) => `${times} × ${how}`);
  return counted.length === 0 ? "" : `played: ${counted.join(", ")}\n`;
}
