import { Unreadable } from "./errors.ts";

/** Several things that are read together: one that cannot be read is named, and keeps nobody from the others. */
export async function readable<T>(
  reads: readonly Promise<T>[],
): Promise<{ readonly read: readonly T[]; readonly unreadable: readonly Unreadable[] }> {
  const results = await Promise.allSettled(reads);
  const read: T[] = [];
  const unreadable: Unreadable[] = [];
  for (const result of results) {
    if (result.status === "fulfilled") read.push(result.value);
    else if (result.reason instanceof Unreadable) unreadable.push(result.reason);
    else throw result.reason;
  }
  return { read, unreadable };
}

/** One thing whose neighbours go on without it; undefined where it cannot be read. */
export async function readIfReadable<T>(read: Promise<T>): Promise<T | undefined> {
  return (await readable([read])).read[0];
}
