import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { faultRows, quotesIn } from "../words/fault-claims.ts";

const PAGE = fileURLToPath(new URL("../../docs/when-something-fails.md", import.meta.url));

/** What says this sentence of docs/when-something-fails.md; `…` stands for a value. */
export const quoted = (sentence: string): RegExp => new RegExp(sentence.split("…").map(escaped).join("[^]*?"));

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** All sentences that the row of this fault quotes. */
export function quotationsOf(fault: string): RegExp[] {
  const row = [...faultRows(readFileSync(PAGE, "utf8")).values()].flat().find((each) => each.fault === fault);
  if (!row) throw new Error(`docs/when-something-fails.md has no row “${fault}”`);
  return quotesIn(row.text).map(quoted);
}
