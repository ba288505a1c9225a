import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TABLES } from "./groups.mjs";

/** `npm test [-- path … | options of Jest]`: the suites and tests that are named, or all but those that `npm run tables` walks. */
const JEST = fileURLToPath(new URL("../node_modules/jest/bin/jest.js", import.meta.url));
/** Young objects that outlive a small nursery cost more than they take. */
const NODE = ["--max-semi-space-size=64", "--experimental-vm-modules", "--no-warnings"];

/** The code that Jest ends with. Paths and options come first: an option with several values takes all that follows. */
export function jest(args, env = process.env) {
  const child = spawn(process.execPath, [...NODE, JEST, ...args], { env, stdio: "inherit" });
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}

/** Whoever names suites or tests may mean those of the tables. */
const names = (arg) => !arg.startsWith("-") || /^(-t|--testNamePattern)/.test(arg);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const leftOut = ["/node_modules/", ...TABLES].map((path) => `--testPathIgnorePatterns=${path}`);
  process.exitCode = await jest(args.some(names) ? args : [...args, ...leftOut]);
}
