import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { Bug } from "../../domain/errors.ts";

/** Resident memory of a process, in units of 1,000,000 bytes. */
export async function rssMb(pid: number | undefined): Promise<number> {
  const kilobytes = process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
  if (!(kilobytes > 0)) throw new Bug("memory-unseen", `The memory of process ${pid} cannot be seen`);
  return (kilobytes * 1_024) / 1_000_000;
}

async function fromProc(pid: number | undefined): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function fromPs(pid: number | undefined): Promise<number> {
  return Number(await ps("rss=", pid));
}

/** Processor time that a process has used since it started, milliseconds; Linux counts in steps of 10. */
export async function cpuMs(pid: number | undefined): Promise<number> {
  const used = process.platform === "linux" ? await cpuFromProc(pid) : cpuOf(await ps("cputime=", pid));
  if (!(used > 0)) throw new Bug("processor-unseen", `The processor time of process ${pid} cannot be seen`);
  return used;
}

/** Fields 14 and 15 of `proc(5)` stat, counted after the name, which may hold blanks; 100 ticks a second everywhere. */
async function cpuFromProc(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** `[[hours:]minutes:]seconds`. */
function cpuOf(said: string): number {
  return (
    said
      .trim()
      .split(":")
      .map(Number)
      .reduce((sum, part) => sum * 60 + part, 0) * 1_000
  );
}

async function ps(column: string, pid: number | undefined): Promise<string> {
  return (await promisify(execFile)("ps", ["-o", column, "-p", String(pid)])).stdout;
}
