import { dirname } from "node:path";
import { hearOfChanges, type Reloading } from "./reload.ts";
import type { Secrets } from "./secrets.ts";

export interface SecretReloadOptions {
  /** From the first sign of a change to the look: what is written in several strokes is read when it is whole. Machine time. */
  readonly settleMs?: number;
  /** The files are read this often anyway: not every file system tells of changes. Machine time. */
  readonly pollMs?: number;
}

/** Looks at the files of secrets when something changes in their directories, and every 10 s. */
export function reloadSecrets(secrets: Secrets, options: SecretReloadOptions = {}): Reloading {
  const { settleMs = 200, pollMs = 10_000 } = options;
  if (secrets.paths.length === 0) return { stop: () => undefined };
  let timer: NodeJS.Timeout | undefined;
  // A directory in which something always happens does not put the look off.
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      secrets.look();
    }, settleMs);
  };
  const directories = [...new Set(secrets.paths.map((path) => dirname(path)))];
  const hearing = directories.map((directory) => hearOfChanges(directory, soon));
  const poll = setInterval(soon, pollMs);
  poll.unref();
  soon();
  return {
    stop: () => {
      clearTimeout(timer);
      clearInterval(poll);
      for (const directory of hearing) directory?.close();
    },
  };
}
