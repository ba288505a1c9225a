import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Found, NOTHING_FOUND } from "../domain/service/found.ts";

/** What was discovered, beside the ledger: on the bot's own disk, which lies outside every protected region. */
export interface FoundFile {
  /** Nothing where there is no such file, or where it cannot be read: it is a memory, and is made again. */
  read(): Promise<Found>;
  write(found: Found): Promise<void>;
}

export function foundFile(directory: string, process: string): FoundFile {
  const path = join(directory, `discovered-${process}.json`);
  return {
    async read() {
      const text = await readFile(path, "utf8").catch(() => undefined);
      return text === undefined ? NOTHING_FOUND : readFound(text);
    },
    async write(found) {
      // Whoever reads meanwhile sees the old file or the new one, never half of one.
      const draft = `${path}.new`;
      await writeFile(draft, `${JSON.stringify(found, null, 2)}\n`);
      await rename(draft, path);
    },
  };
}

/** Whose file it is; undefined for any other file. */
export const foundFileOf = (name: string): string | undefined =>
  /^discovered-(?<process>.*)\.json$/.exec(name)?.groups?.["process"];

/** What every process of this machine remembers, for whoever only wants to know. */
export async function readFoundIn(directory: string): Promise<readonly Found[]> {
  const names = await readdir(directory).catch(() => []);
  const files = names.filter((name) => /^discovered-.*\.json$/.test(name));
  return Promise.all(files.map(async (name) => readFound(await readFile(join(directory, name), "utf8"))));
}

function readFound(text: string): Found {
  try {
    return Found.safeParse(JSON.parse(text)).data ?? NOTHING_FOUND;
  } catch {
    return NOTHING_FOUND;
  }
}
