import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { UserError } from "../domain/errors.ts";

/** A file's text. Throws UserError where it is not UTF-8: what was guessed would be shown, and typed, with other letters. */
export const readText = (path: string): string => decoded(readFileSync(path));

const UTF16_MARKS = ["fffe", "feff"];
const NEWLINE = 0x0a;

/** A byte order mark of UTF-8 is left out. */
export function decoded(bytes: Buffer): string {
  // English text in UTF-16 has a zero byte beside each letter, with a mark or without.
  if (UTF16_MARKS.includes(bytes.subarray(0, 2).toString("hex")) || bytes.includes(0))
    throw new UserError("file-encoding", "it is not saved as UTF-8, but perhaps as UTF-16: save it as UTF-8");
  if (!isUtf8(bytes))
    throw new UserError(
      "file-encoding",
      `line ${firstWrongLine(bytes)} is not saved as UTF-8, but perhaps as Latin-1: save the file as UTF-8`,
    );
  return new TextDecoder().decode(bytes);
}

function firstWrongLine(bytes: Buffer): number {
  for (let line = 1, start = 0; ; line += 1) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline === -1 || !isUtf8(bytes.subarray(start, newline))) return line;
    start = newline + 1;
  }
}
