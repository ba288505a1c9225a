import { createHmac } from "node:crypto";
import { z } from "zod";
import { Bug } from "../domain/errors.ts";
import { canonicalJson } from "../domain/json.ts";
import type { FreezeSaid } from "../domain/plan-run/freeze.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";
import type { Secret } from "../domain/secret.ts";
import { READ_ONLY } from "./connection.ts";
import type { Seen } from "./seen.ts";

/** HMAC-SHA-256 of what TwoKey writes, with the ledger's key, which is not in the store. Never equal to a ledger's chain. */
export const sealOf = (key: Secret, line: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`journal\n${canonicalJson(line)}`)
    .digest("hex");

/** What is sealed beside the lines of journals; each is told from the others by its name. */
type Sealed =
  | { readonly plan: string; readonly digest: string }
  | { readonly freeze: FreezeSaid }
  | { readonly head: Readonly<Record<string, unknown>> }
  | { readonly recovery: string };

/** Of which run an entry is, and at which place of its journal: at any other it is nobody's. */
export interface Place {
  readonly run: string;
  readonly position: number;
}

const Line = z.strictObject({
  entry: z.record(z.string(), z.unknown()),
  /** Seal of the line of TwoKey's before it, or of the plan: one seal so stands for all that is before it. */
  after: z.string(),
  seal: z.string(),
});
export type SealedLine = z.infer<typeof Line>;

/** What gives authority and lies in the store: whoever can only write there can neither make it up nor move it. */
export interface Seals {
  of(what: Sealed): string;
  fits(seal: string | undefined, what: Sealed): boolean;
  /** A line of a journal. */
  write(entry: RunEntry, place: Place & Pick<SealedLine, "after">): SealedLine;
  /** What the line says; undefined: TwoKey has not written it there. */
  read(text: string, place: Place): SealedLine | undefined;
  /** What this process has seen. Absent: nothing is remembered. */
  readonly seen?: Seen;
}

export const sealedWith = (key: Secret, seen?: Seen): Seals => ({
  of: (what) => sealOf(key, what),
  fits: (seal, what) => seal === sealOf(key, what),
  write: (entry, { after, ...place }) => ({ entry, after, seal: sealOf(key, { ...place, after, entry }) }),
  read(text, place) {
    const line = lineIn(text);
    if (!line) return undefined;
    const { seal, ...said } = line;
    return seal === sealOf(key, { ...place, ...said }) ? line : undefined;
  },
  ...(seen && { seen }),
});

/** For whoever only reads and has no key, such as a terminal: what stands there is believed, and nothing rests on it. */
export const WITHOUT_KEY: Seals = {
  of: () => "",
  fits: () => true,
  write() {
    throw new Bug(READ_ONLY, "Without the ledger's key no journal is written");
  },
  read: lineIn,
};

function lineIn(text: string): SealedLine | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The seal that a line says it has, whoever wrote it. */
export const sealIn = (text: string): string | undefined => lineIn(text)?.seal;
