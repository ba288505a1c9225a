import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Program, programEnvironment } from "./programs.ts";

/** How long a server may take to end after it was asked; every acknowledged write is on disk already, so none is lost by force. */
const GRACE_SECONDS = 3;
const STOP_LIMIT_MS = (GRACE_SECONDS + 2) * 1_000;
const LOOK_EVERY_MS = 10;
const TAIL_CHARACTERS = 4_000;

/**
 * The server's parent: a shell that holds the reading end of a pipe from us. The kernel closes the other end however we
 * die, kill -9 included, and the shell then ends the server; stopping it in order is the same act, so the way that matters
 * in a disaster is the way that every stop takes.
 *
 * Tried and rejected: an exit handler (does not run after kill -9); the parent-death signal (Linux only, and tied to the
 * thread that forked); a second Node process (40 MB for one read). The guard is a process of its own, so that it still ends
 * the server if the shell itself is killed, and the shell is the server's parent, so that the number it kills is still the
 * server's. Arguments: temporary directory to remove at the end (or nothing), program, its arguments.
 */
const SUPERVISOR = `
temporary=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
  while read -r _ <&3; do :; done
  kill -TERM "$server"
  tenths=${GRACE_SECONDS * 10}
  while [ "$tenths" -gt 0 ]; do
    sleep 0.1
    kill -0 "$server" || exit 0
    tenths=$((tenths - 1))
  done
  kill -KILL "$server"
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$server"
status=$?
kill "$guard"; wait "$guard" 2>/dev/null
if [ -n "$temporary" ]; then rm -rf -- "$temporary"; fi
exit "$status"
`;

export interface SupervisedServer {
  /** Settles when the server has ended, with what it said last. */
  readonly ended: Promise<string>;
  /** Resolves when no process of it is left. */
  stop(): Promise<void>;
}

export interface Supervised {
  readonly program: Program;
  readonly args: readonly string[];
  readonly directory: string;
  readonly removeDirectory: boolean;
  /** For `sleep` and `rm`. */
  readonly path: string;
}

export function superviseServer({ program, args, directory, removeDirectory, path }: Supervised): SupervisedServer {
  const child = spawn(
    "/bin/sh",
    ["-c", SUPERVISOR, "twokey-redis", removeDirectory ? directory : "", program.file, ...args],
    {
      cwd: directory,
      env: { PATH: path, ...programEnvironment(program) },
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C in the terminal must not end the store before the bot has put its things away.
      detached: true,
    },
  );
  let tail = "";
  const keep = (data: Buffer) => {
    tail = (tail + data.toString("utf8")).slice(-TAIL_CHARACTERS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  // The server alone keeps no process alive: when nothing else is left to do, the pipe closes and it ends.
  child.unref();
  for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
  const exit = exitOf(child);
  return { ended: exit.then(({ why }) => why ?? tail.trim()), stop: () => stopGroup(child, exit) };
}

interface Exit {
  /** The shell ended by itself, and so after its server. */
  readonly orderly: boolean;
  readonly why?: string;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ orderly: child.pid === undefined, why: error.message }));
    child.once("exit", (code) => resolve({ orderly: code !== null }));
  });
}

/** The pipe's end is the request. Whoever is left in the group after the limit is killed. */
async function stopGroup(child: ChildProcess, exit: Promise<Exit>): Promise<void> {
  child.ref();
  child.stdin?.destroy();
  const limit = new AbortController();
  const late = wait(STOP_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined);
  const ended = await Promise.race([exit, late]);
  limit.abort();
  if (ended?.orderly || child.pid === undefined) return;
  // The shell was killed or hangs; its guard has seen the same end of the pipe.
  const lastLook = performance.now() + STOP_LIMIT_MS;
  while (ended && signalGroup(child.pid, 0) && performance.now() < lastLook) await wait(LOOK_EVERY_MS);
  signalGroup(child.pid, "SIGKILL");
}

function signalGroup(leader: number, signal: 0 | "SIGKILL"): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
