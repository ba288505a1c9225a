import { parseArgs } from "node:util";
import { TABLES } from "./groups.mjs";
import { jest } from "./run.mjs";

/** The tables of faults, crashes, repeats, wrong secrets, late writes to DNS and commands by hand: whole, or as a seed draws from them, or several. */
const USAGE = `npm run tables -- [--seed S] [--runs N] [path …]

Without options every row is walked in every way, for hours. --seed S walks what S draws; --runs N draws
from S and the N - 1 seeds after it, and from the number of the day without --seed. Paths, one or more of:
${TABLES.map((path) => `  ${path}`).join("\n")}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, runs: { type: "string" }, help: { type: "boolean" } },
});

async function walk() {
  const { seed, runs } = values;
  const drawn = seed === undefined && runs === undefined ? { TABLES: "whole" } : { TABLES: runs ?? "1" };
  const env = { ...process.env, ...drawn, ...(seed === undefined ? {} : { TEST_SEED: seed }) };
  process.exitCode = await jest(positionals.length > 0 ? positionals : TABLES, env);
}

const isNumber = (text) => text === undefined || /^\d+$/.test(text);
if (values.help) process.stdout.write(`${USAGE}\n`);
else if (isNumber(values.seed) && isNumber(values.runs)) await walk();
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
