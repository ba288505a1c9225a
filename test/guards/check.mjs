import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import startRedis from "../harness/global-setup.mjs";
import stopRedis from "../harness/global-teardown.mjs";
import { GUARDS } from "./table.mjs";

/**
 * Takes each guard out of a copy of the sources, one after the other, and expects the test that is named for it to fail.
 * A guard that can be taken out unnoticed, or that the documentation does not list, ends this with exit code 1.
 *
 *   npm run guards              all of them
 *   npm run guards -- fence     those whose name or file has this word in it
 *   npm run guards -- --today   a tenth of them, another one each day
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = ["src", "test", "examples", "docs", "dist", "package.json", "jest.config.mjs", "tsconfig.json"];
const JEST = join(ROOT, "node_modules/jest/bin/jest.js");
const SIDE_BY_SIDE = 2;
const run = promisify(execFile);

const say = (line) => process.stdout.write(`${line}\n`);

/** First column of the table of guards. */
async function documented() {
  const text = await readFile(join(ROOT, "docs/architecture.md"), "utf8");
  const section = text.split("\n## Guards\n")[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  return rows.slice(1).map((line) => line.split(" | ")[0]?.slice(2).trim() ?? "");
}

async function copy() {
  const directory = await mkdtemp(join(tmpdir(), "twokey-guards-"));
  await Promise.all(COPIED.map((name) => cp(join(ROOT, name), join(directory, name), { recursive: true })));
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  return directory;
}

const DAY_MS = 86_400_000;
const PARTS = 10;

function chosenBy(word) {
  const today = Math.floor(Date.now() / DAY_MS);
  if (word === "--today") return GUARDS.filter((_guard, index) => (index + today) % PARTS === 0);
  return GUARDS.filter(({ guard, file }) => guard.includes(word) || file.includes(word));
}

/** What would be taken out has to be there, also of guards that are not tried this time. */
async function misplaced() {
  const problems = await Promise.all(
    GUARDS.map(async ({ guard, file, cut }) => {
      const text = await readFile(join(ROOT, file), "utf8");
      return text.split(cut).length === 2 ? [] : [`${guard}: “${cut}” does not stand exactly once in ${file}`];
    }),
  );
  return problems.flat();
}

/** Undefined when the named test noticed; otherwise what is wrong. */
async function withoutGuard(directory, { file, cut, by, test, fails }) {
  const path = join(directory, file);
  const text = await readFile(path, "utf8");
  // Said already, of all of them.
  if (text.split(cut).length !== 2) return "it cannot be taken out";
  await writeFile(
    path,
    text.replace(cut, () => by),
  );
  try {
    const report = await resultsOf(directory, test, fails);
    const named = report.testResults.flatMap((suite) => suite.assertionResults).filter(({ title }) => title === fails);
    if (named.length === 0) return `${test} has no test “${fails}”, or does not load without the guard`;
    return named.some(({ status }) => status === "failed") ? undefined : `“${fails}” does not notice`;
  } finally {
    await writeFile(path, text);
  }
}

async function resultsOf(directory, test, title) {
  const pattern = `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
  const args = [
    "--experimental-vm-modules",
    "--no-warnings",
    JEST,
    "--json",
    "--silent",
    // A test that fails in the middle may leave a socket open; its verdict is out by then.
    "--forceExit",
    "--testTimeout=20000",
    "-t",
    pattern,
    `test/${test}`,
  ];
  // One server for all of them: each run takes databases of its own there, and gives them back.
  const env = { ...process.env, REDIS_URL: process.env.TWOKEY_TEST_REDIS_URL };
  const options = { cwd: directory, env, maxBuffer: 1 << 26, timeout: 300_000, killSignal: "SIGKILL" };
  const { stdout } = await run(process.execPath, args, options).catch((error) => error);
  return JSON.parse(stdout || '{"testResults":[]}');
}

async function main() {
  const listed = new Set(await documented());
  const tried = new Set(GUARDS.map(({ guard }) => guard));
  const wrong = [
    ...[...listed].filter((guard) => !tried.has(guard)).map((guard) => `${guard}: is documented and never taken out`),
    ...[...tried].filter((guard) => !listed.has(guard)).map((guard) => `${guard}: is not in docs/architecture.md`),
    ...(await misplaced()),
  ];
  const [, , word = ""] = process.argv;
  const chosen = chosenBy(word);
  if (chosen.length === 0) wrong.push(`no guard has “${word}” in its name or file`);
  const waiting = [...chosen];
  const worker = async () => {
    const directory = await copy();
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const found = await withoutGuard(directory, next);
      if (found !== undefined) wrong.push(`${next.guard}: ${found}`);
      say(`${found === undefined ? "noticed" : "NOT NOTICED"}  ${next.guard}  (${next.file})`);
    }
    await rm(directory, { recursive: true, force: true });
  };
  await startRedis();
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  } finally {
    await stopRedis();
  }
  for (const line of wrong) say(`wrong: ${line}`);
  say(`${chosen.length} of ${GUARDS.length} guards taken out one by one, ${wrong.length} problems`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await main();
