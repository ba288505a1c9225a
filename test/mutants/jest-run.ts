import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const Report = z.looseObject({
  testResults: z.array(
    z.looseObject({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.looseObject({ fullName: z.string(), status: z.string(), duration: z.number().nullish() }),
      ),
    }),
  ),
});
export type Report = z.infer<typeof Report>;

export interface Asked {
  readonly directory: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** `report` is undefined where jest was ended, or ended itself without one. */
export interface Ended {
  readonly report: Report | undefined;
  readonly isInTime: boolean;
}

/** One run of jest. What it started ends with it. */
export async function runTests({ directory, args, env = {}, timeoutMs }: Asked): Promise<Ended> {
  const into = await mkdtemp(join(tmpdir(), "twokey-jest-"));
  const outputFile = join(into, "report.json");
  const jest = join(directory, "node_modules/jest/bin/jest.js");
  const flags = ["--experimental-vm-modules", "--no-warnings", jest, "--json", "--silent", "--forceExit"];
  const child = spawn(process.execPath, [...flags, "--outputFile", outputFile, ...args], {
    ...{ cwd: directory, env: { ...process.env, ...env }, stdio: "ignore", detached: true },
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  let isInTime = true;
  const timer = setTimeout(() => {
    isInTime = false;
    endAll(child.pid);
  }, timeoutMs);
  await ended;
  clearTimeout(timer);
  endAll(child.pid);
  try {
    return { isInTime, report: Report.parse(JSON.parse(await readFile(outputFile, "utf8"))) };
  } catch {
    return { isInTime, report: undefined };
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

/** The whole group: a test that fails in the middle may leave a bot running. */
function endAll(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}
