import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The tables of faults, crashes, repeats, wrong secrets and late writes to DNS: whole, or as `npm test` draws them from a seed, or from several. */
const TABLES = ["test/crash", "test/engine/runs", "test/flows/steps", "test/scenarios/wrong-secrets"];
const USAGE = `npm run tables -- [--seed S] [--runs N] [path …]

Without options every row is walked in every way. --seed S walks what npm test draws from S; --runs N
draws from S and the N - 1 seeds after it. Paths: only those of ${TABLES.join(", ")} that begin so.`;
const JEST = fileURLToPath(new URL("../node_modules/jest/bin/jest.js", import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, runs: { type: "string" }, help: { type: "boolean" } },
});

function walk() {
  const { seed, runs } = values;
  const drawn = seed === undefined && runs === undefined ? { TABLES: "whole" } : { TABLES: runs ?? "1" };
  const env = { ...process.env, ...drawn, ...(seed === undefined ? {} : { TEST_SEED: seed }) };
  const paths = positionals.length > 0 ? positionals : TABLES;
  const args = ["--experimental-vm-modules", "--no-warnings", JEST, ...paths];
  const child = spawn(process.execPath, args, { env, stdio: "inherit" });
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

const isNumber = (text) => text === undefined || /^\d+$/.test(text);
if (values.help) process.stdout.write(`${USAGE}\n`);
else if (isNumber(values.seed) && isNumber(values.runs)) walk();
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
