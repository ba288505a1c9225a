import { spawn } from "node:child_process";

/** Machine time in which a call of a disk, or a look-up of a name, that is under way may still end. */
const ENDS_WITHIN_MS = 1_000;

/** What runs beside us, and not in us: ends us after a while, or itself with the pipe that we hold, when we are gone. */
const ENDS_US = `
  const [pid, afterMs] = process.argv.slice(-2).map(Number);
  process.stdin.on("end", () => process.exit()).resume();
  setTimeout(() => process.kill(pid, "SIGKILL"), afterMs);
`;

/**
 * Ends this process, whatever hangs: Node waits at its end for each call in its threads, and one on a dead network disk never returns.
 * Then it is killed a second later. What is to be said has been written before.
 */
export function leave(code: number): never {
  if (isUnderWay()) {
    const { pid, execPath } = process;
    // One that cannot be started says so later, when we are gone.
    spawn(execPath, ["-e", ENDS_US, String(pid), String(ENDS_WITHIN_MS)], {
      ...{ stdio: ["pipe", "ignore", "ignore"], env: {}, detached: true },
    }).on("error", () => undefined);
  }
  process.exit(code);
}

/** Calls of files, and look-ups by the system's resolver. */
const isUnderWay = (): boolean =>
  process.getActiveResourcesInfo().some((name) => /^(?:FSReq|GetAddrInfoReq|GetNameInfoReq)/.test(name));
