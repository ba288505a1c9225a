import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir, realpath } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../domain/errors.ts";

/** A server program; `libraries` are folders that the loader has to search as well. */
export interface Program {
  readonly file: string;
  readonly libraries: readonly string[];
}

/** Either speaks the same protocol; the first folder that holds one decides. */
const SERVER_NAMES = ["redis-server", "valkey-server"] as const;
const OLDEST_VERSION = [6, 2] as const;
const VERSION_LIMIT_MS = 5_000;

/** The folder inside a cache that a finished unpack is published as: a symbolic link, replaced in one step. */
export const PUBLISHED = "current";

const run = promisify(execFile);

export async function findOnPath(path: string): Promise<Program | string> {
  const file = await whichOf(SERVER_NAMES, path);
  return file === undefined ? "neither redis-server nor valkey-server is on PATH" : { file, libraries: [] };
}

export async function findCached(cacheDir: string): Promise<Program | string> {
  // Resolved once: a program that has started must not see the link move to another unpack.
  const root = await realpath(join(cacheDir, PUBLISHED)).catch(() => undefined);
  const program = root === undefined ? undefined : await unpackedProgram(root);
  return program ?? `the cache ${cacheDir} holds no server`;
}

/** The server in a folder of unpacked packages, with the library folders that lie beside it. */
export async function unpackedProgram(root: string): Promise<Program | undefined> {
  const file = await whichOf(SERVER_NAMES, join(root, "usr", "bin"));
  if (file === undefined) return undefined;
  const libraries: string[] = [];
  for (const parent of [join(root, "usr", "lib"), join(root, "lib")]) {
    const names = await readdir(parent).catch(() => []);
    libraries.push(...names.filter((name) => name.includes("-linux-gnu")).map((name) => join(parent, name)));
  }
  return { file, libraries };
}

/** The program if it runs and is new enough, otherwise what is wrong with it. */
export async function checkProgram(program: Program): Promise<Program | string> {
  try {
    const env = programEnvironment(program);
    const { stdout } = await run(program.file, ["--version"], {
      env,
      timeout: VERSION_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    const [, major, minor] = / v=(\d+)\.(\d+)/.exec(stdout) ?? [];
    if (major === undefined || minor === undefined) return `${program.file} does not say its version`;
    const old =
      Number(major) < OLDEST_VERSION[0] || (Number(major) === OLDEST_VERSION[0] && Number(minor) < OLDEST_VERSION[1]);
    return old ? `${program.file} is version ${major}.${minor}, older than ${OLDEST_VERSION.join(".")}` : program;
  } catch (error) {
    return `${program.file} does not run (${firstLine(messageOf(error))})`;
  }
}

/** All that the server sees of our environment: tokens stay here. */
export function programEnvironment({ libraries }: Program): Record<string, string> {
  return libraries.length > 0 ? { LD_LIBRARY_PATH: libraries.join(":") } : {};
}

/** First executable with one of the names; relative folders are not searched, because they depend on where one stands. */
export async function whichOf(names: readonly string[], path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const name of names) {
      const file = join(folder, name);
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
  }
  return undefined;
}

export function firstLine(text: string): string {
  return (
    text
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? "it said nothing"
  );
}
