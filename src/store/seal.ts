import { createHmac } from "node:crypto";
import { z } from "zod";
import { Bug } from "../domain/errors.ts";
import { canonicalJson } from "../domain/json.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";
import type { Secret } from "../domain/secret.ts";
import { READ_ONLY } from "./connection.ts";

/** HMAC-SHA-256 of a line of a journal with the ledger's key, which is not in the store. Never equal to a ledger's chain. */
export const sealOf = (key: Secret, line: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`journal\n${canonicalJson(line)}`)
    .digest("hex");

/** Of which run an entry is, and at which place of its journal: at any other it is nobody's. */
export interface Place {
  readonly run: string;
  readonly position: number;
}

const Line = z.strictObject({ entry: z.record(z.string(), z.unknown()), seal: z.string() });

/** The lines of the journals: whoever can only write to the store can neither make one up nor move one. */
export interface JournalLines {
  write(entry: RunEntry, place: Place): string;
  /** What the line says; undefined: TwoKey has not written it there. */
  read(text: string, place: Place): unknown;
}

export const sealedWith = (key: Secret): JournalLines => ({
  write: (entry, place) => JSON.stringify({ entry, seal: sealOf(key, { ...place, entry }) }),
  read(text, place) {
    const line = lineIn(text);
    return line && line.seal === sealOf(key, { ...place, entry: line.entry }) ? line.entry : undefined;
  },
});

/** For whoever only reads and has no key, such as a terminal: what stands there is believed, and nothing rests on it. */
export const WITHOUT_KEY: JournalLines = {
  write() {
    throw new Bug(READ_ONLY, "Without the ledger's key no journal is written");
  },
  read: (text) => lineIn(text)?.entry,
};

function lineIn(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
