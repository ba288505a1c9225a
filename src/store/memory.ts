import type { Redis } from "ioredis";

export interface Memory {
  readonly usedBytes: number;
  /** Redis refuses writes beyond it; undefined: it is not limited. */
  readonly limitBytes: number | undefined;
}

/** `configuredBytes` counts where Redis itself names no limit, or a higher one. */
export async function readMemory(redis: Pick<Redis, "info">, configuredBytes: number | undefined): Promise<Memory> {
  const info = await redis.info("memory");
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const limits = [number("maxmemory"), configuredBytes ?? 0].filter((limit) => limit > 0);
  return { usedBytes: number("used_memory"), limitBytes: limits.length > 0 ? Math.min(...limits) : undefined };
}
