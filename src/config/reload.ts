import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { chainOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { loadFile } from "./load.ts";
import type { Problem } from "./problem.ts";
import type { Rule } from "./rules/rule.ts";
import { readText } from "./text.ts";

export interface FileHandlers {
  /** The file changed and can be used. */
  onGood(inventory: Inventory, warnings: readonly Problem[]): void;
  /** The file changed and cannot be used: keep the last good one, and say so. */
  onBad(problems: readonly Problem[]): void;
}

export interface ReloadOptions {
  /** Text that is already in use; without it the first reading is reported too. */
  readonly inUse?: string;
  /** What runbooks warn of. */
  readonly rules?: readonly Rule[];
  /** Quiet time after the last change before the file is read: an editor writes in several strokes. Machine time. */
  readonly settleMs?: number;
  /** The file is read this often anyway: not every file system tells of changes. Machine time. */
  readonly pollMs?: number;
}

export interface Reloading {
  stop(): void;
}

/** Reports each new content of the file once, also when an editor replaces the file by renaming another over it. */
// oxlint-disable-next-line max-lines-per-function -- one file: its parts share what was read last
export function reloadOnChange(path: string, handlers: FileHandlers, options: ReloadOptions = {}): Reloading {
  const { settleMs = 200, pollMs = 10_000 } = options;
  let reported: string | undefined = options.inUse;
  let wasMissing = false;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const look = () => {
    timer = undefined;
    const { text, why } = textOf(path);
    if (text === undefined) {
      if (!wasMissing) handlers.onBad([unreadable(path, why)]);
      wasMissing = true;
      // What comes back after it was gone is news, even when it is the same.
      reported = undefined;
      return;
    }
    wasMissing = false;
    if (text === reported) return;
    reported = text;
    const loaded = loadFile(path, text, options.rules);
    if (loaded.ok) handlers.onGood(loaded.inventory, loaded.warnings);
    else handlers.onBad(loaded.problems);
  };
  const soon = () => {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  };

  const directory = hearOfChanges(dirname(path), soon);
  const poll = setInterval(() => {
    // A reading that is due already must not be put off.
    if (timer === undefined) soon();
  }, pollMs);
  poll.unref();
  soon();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      clearInterval(poll);
      directory?.close();
    },
  };
}

/**
 * The directory, not the file: what listens to the file follows its inode, which a rename leaves behind. Every name counts,
 * because a mounted file may change by the turn of a link beside it.
 */
export function hearOfChanges(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    const changes = watch(directory, onChange);
    // The poll goes on without it.
    changes.on("error", () => changes.close());
    return changes;
  } catch {
    return undefined;
  }
}

function textOf(path: string): { readonly text?: string; readonly why: string } {
  try {
    return { text: readText(path), why: "" };
  } catch (error) {
    return { why: chainOf(error) };
  }
}

function unreadable(file: string, why: string): Problem {
  return {
    ...{ file, line: 1, column: 1, path: "", severity: "error", rule: "file" },
    what: `${basename(file)} cannot be read: ${why}`,
    instead: "put the file back, and let TwoKey's user read it",
  };
}
