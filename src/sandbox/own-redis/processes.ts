import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { z } from "zod";

/**
 * A process so that a later one with the same number is not mistaken for it: numbers come again, after a restart of the
 * machine or of a container even soon.
 */
export const ProcessIdentity = z.strictObject({
  pid: z.int().positive(),
  /** When it started: clock ticks after boot on Linux, a date elsewhere. Only ever compared. */
  started: z.string(),
  /** The boot of the machine, as an id; its host name where there is no such id. */
  boot: z.string(),
  /** The process numbers' own world: two containers on one machine have different ones. */
  pidNamespace: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** `unknowable`: it was in another container or on another machine, where numbers mean something else. */
export type Life = "alive" | "dead" | "unknowable";

const PS_LIMIT_MS = 5_000;
const run = promisify(execFile);

export async function thisProcess(): Promise<ProcessIdentity> {
  const started = await startOf(process.pid);
  return { pid: process.pid, started: started ?? "unknown", ...(await here()) };
}

export async function lifeOf(identity: ProcessIdentity): Promise<Life> {
  const { boot, pidNamespace } = await here();
  if (identity.boot !== boot) return (await isLinux()) ? "dead" : "unknowable";
  if (identity.pidNamespace !== pidNamespace) return "unknowable";
  return (await startOf(identity.pid)) === identity.started ? "alive" : "dead";
}

async function here(): Promise<{ boot: string; pidNamespace: string }> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => hostname());
  const pidNamespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return { boot: boot.trim(), pidNamespace };
}

const isLinux = () =>
  readFile("/proc/self/stat").then(
    () => true,
    () => false,
  );

async function startOf(pid: number): Promise<string | undefined> {
  return (await isLinux()) ? startFromProc(pid) : startFromPs(pid);
}

/** proc(5): the name may hold spaces and brackets, so fields are counted after the last one; state is the 3rd field, start the 22nd. */
async function startFromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const [state, started] = [fields[0], fields[19]];
  return state === undefined || "ZX".includes(state) ? undefined : started;
}

/** Where there is no /proc. Language and time zone are fixed, because two processes' answers are compared. */
export async function startFromPs(pid: number): Promise<string | undefined> {
  const env = { LC_ALL: "C", TZ: "UTC" };
  try {
    const { stdout } = await run("/bin/ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], {
      env,
      timeout: PS_LIMIT_MS,
    });
    const [state = "", ...started] = stdout.trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : started.join(" ");
  } catch {
    return undefined;
  }
}
