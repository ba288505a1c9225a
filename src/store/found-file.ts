import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Found, NOTHING_FOUND } from "../domain/service/found.ts";
import { sayUnreadable } from "./put-aside.ts";

/** Increases when `Found` changes so that what older versions wrote does not fit any more. */
const FOUND_VERSION = 1;
const Written = z.strictObject({ v: z.literal(FOUND_VERSION), found: Found });

/** What was discovered, beside the ledger: on the bot's own disk, which lies outside every protected region. */
export interface FoundFile {
  /** Nothing where there is no such file, or where it cannot be read: it is a memory, and is made again. */
  read(): Promise<Found>;
  write(found: Found): Promise<void>;
}

/** Says why a file of this name counts as not said. */
export type SayUnread = (why: string) => void;

export function foundFile(directory: string, process: string, sayUnread: SayUnread): FoundFile {
  const path = join(directory, `discovered-${process}.json`);
  return {
    read: () => readFound(path, sayUnread),
    async write(found) {
      // A reader meanwhile sees the old file or the new one, never half of one; nor does a power cut leave half of one.
      const draft = `${path}.new`;
      try {
        await writeDurably(draft, `${JSON.stringify({ v: FOUND_VERSION, found }, null, 2)}\n`);
        await rename(draft, path);
      } catch (error) {
        // On a full disk it would hold the room that the ledger waits for.
        await rm(draft, { force: true }).catch(() => undefined);
        throw error;
      }
    },
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Whose file it is; undefined for any other file. */
export const foundFileOf = (name: string): string | undefined =>
  /^discovered-(?<process>.*)\.json$/.exec(name)?.groups?.["process"];

/** What every process of this machine remembers, for somebody who only wants to know. */
export async function readFoundIn(directory: string, sayUnread: SayUnread): Promise<readonly Found[]> {
  const names = await readdir(directory).catch(() => []);
  const paths = names.filter((name) => foundFileOf(name) !== undefined).map((name) => join(directory, name));
  return Promise.all(paths.map((path) => readFound(path, sayUnread)));
}

async function readFound(path: string, sayUnread: SayUnread): Promise<Found> {
  try {
    return Written.parse(JSON.parse(await readFile(path, "utf8"))).found;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) sayUnread(sayUnreadable(path, error));
    return NOTHING_FOUND;
  }
}
