import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Whether the house is open: a patch adds a kind of pager, a step with its test, a runbook and a kind of store, each in at
 * most three files and 150 lines, to a copy of the sources; what the tables of tests have to be told stands in one file more, and
 * a row of each in docs/architecture.md. Types, architecture, `twokey check`, help, reference page, policies, the document's tables and the
 * tables of tests have to take them as they are.
 * Exit code 1 with what does not.
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PATCH = fileURLToPath(new URL("growth.patch", import.meta.url));
const COPIED = ["src", "test", "examples", "docs", "package.json", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const SETTINGS = [
  ...[
    "jest.config.mjs",
    "tsconfig.json",
    "tsconfig.build.json",
    "tsconfig.image.json",
    "rolldown.config.mjs",
    "Dockerfile",
  ],
  ".dependency-cruiser.mjs",
];
const MOST_FILES = 3;
const MOST_LINES = 150;
const run = promisify(execFile);
const say = (line) => process.stdout.write(`${line}\n`);
const bin = (name) => join(ROOT, "node_modules", name);

/** What is added, and the files that it may touch: each file of the patch belongs to one of them. */
const ADDITIONS = [
  { what: "a kind of pager", files: /pagers\// },
  { what: "a step", files: /steps\/|src\/flows\/index\.ts/ },
  { what: "a runbook", files: /runbooks\// },
  // As CONTRIBUTING promises: a folder, a line in the table of kinds, and a service that has it.
  { what: "a data store", files: /resources\/stores\/rds-instance\/|resources\/index\.ts|examples\/every-kind\.yaml/ },
];
/** What the tables of tests are told of a runbook and of a service, and the rows of the document. */
const TOLD = /harness\/plays|docs\/architecture\.md/;

/** Files of a unified diff with the lines that it adds to each. */
function filesOf(patch) {
  return patch
    .split(/^diff --git /m)
    .slice(1)
    .map((part) => ({
      file: /^\+\+\+ b\/(.*)$/m.exec(part)?.[1] ?? "",
      lines: part.split("\n").filter((line) => line.startsWith("+") && !line.startsWith("+++")).length,
    }));
}

function sizes(patch) {
  const files = filesOf(patch);
  const strangers = files.filter(
    ({ file }) => !TOLD.test(file) && !ADDITIONS.some((addition) => addition.files.test(file)),
  );
  return [
    ...strangers.map(({ file }) => `${file} belongs to nothing that is added`),
    ...ADDITIONS.flatMap(({ what, files: own }) => {
      const mine = files.filter(({ file }) => own.test(file));
      const lines = mine.reduce((sum, each) => sum + each.lines, 0);
      say(`${what}: ${mine.length} files, ${lines} lines`);
      return mine.length > MOST_FILES || lines > MOST_LINES
        ? [`${what} takes ${mine.length} files, ${lines} lines`]
        : [];
    }),
  ];
}

async function grownCopy() {
  const directory = await mkdtemp(join(tmpdir(), "twokey-openness-"));
  await Promise.all(
    [...COPIED, ...SETTINGS].map((name) => cp(join(ROOT, name), join(directory, name), { recursive: true })),
  );
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await run("git", ["apply", "--unsafe-paths", "--directory", directory, PATCH], { cwd: "/" });
  return directory;
}

const jest = (...args) => ["--experimental-vm-modules", "--no-warnings", bin("jest/bin/jest.js"), "-i", ...args];

/** What all others need. */
const BUILD = ["build", [bin("typescript/bin/tsc"), "-p", "tsconfig.build.json"]];
/** Each row in its order; the rows side by side, and those that take longest first. */
const CHECKS = [
  [["the tables of faults and undo for the store", jest("test/engine/runs/every-runbook", "-t", "payroll snapshot")]],
  [["the table of crashes for the store", jest("test/crash/every-kind", "-t", "payroll snapshot")]],
  [["types", [bin("typescript/bin/tsc"), "-p", "tsconfig.json"]]],
  [["its own test, and no name outside flows", jest("test/flows/steps/check-backups", "test/architecture/")]],
  [["the table of faults", jest("test/engine/runs/every-runbook", "-t", "check-backups")]],
  [["the table of crashes", jest("test/crash/every-step", "-t", "check-backups")]],
  [
    [
      "architecture",
      [bin("dependency-cruiser/bin/dependency-cruise.mjs"), "--config", ".dependency-cruiser.mjs", "src"],
    ],
  ],
  [["the document's tables", jest("test/words/tables-in-docs")]],
  [
    ["a file that names the pager", ["--input-type=module", "-e", FILE()]],
    ["twokey check of that file", ["dist/cli.js", "check", "with-spool.yaml"]],
  ],
  [["the reference page", ["--input-type=module", "-e", REFERENCE()]]],
  [["an example that has the store", ["dist/cli.js", "check", "examples/every-kind.yaml"]]],
  [["the policy of a role that looks", ["--input-type=module", "-e", POLICY()]]],
  [["help", ["--input-type=module", "-e", HELP()]]],
];
const SIDE_BY_SIDE = 2;

/** The example with one more pager is still in order. */
function FILE() {
  return `
    const { readFileSync, writeFileSync } = await import("node:fs");
    const { loadFile } = await import("./dist/config/load.js");
    const text = readFileSync("examples/inventory.yaml", "utf8");
    const more = text.replace(/^pagers:\\n/m, "pagers:\\n  spool: { directory: /var/spool/twokey }\\n");
    if (more === text) throw new Error("the example has no pagers");
    const loaded = loadFile("twokey.yaml", more);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    if (!loaded.file.pagers.spool) throw new Error("the pager was not read");
    writeFileSync("with-spool.yaml", more);
  `;
}

function REFERENCE() {
  return `
    const { execFileSync } = await import("node:child_process");
    const page = execFileSync(process.execPath, ["dist/cli.js", "schema", "--markdown"], { encoding: "utf8" });
    for (const added of ["spool", "rds-instance"])
      if (!page.includes(added)) throw new Error(\`\${added} is not on the reference page\`);
  `;
}

/** What a kind looks at is in the policy of a file that has it, and what other kinds look at is not. */
function POLICY() {
  return `
    const { execFileSync } = await import("node:child_process");
    const args = ["dist/cli.js", "policy", "observe", "payroll", "--file", "examples/every-kind.yaml"];
    const policy = execFileSync(process.execPath, args, { encoding: "utf8" });
    if (!policy.includes("rds:DescribeDBInstances")) throw new Error("the store is not looked at");
    if (/DescribeDBClusters|ecs:Describe/.test(policy)) throw new Error("other kinds are looked at too");
  `;
}

function HELP() {
  return `
    const { VERBS } = await import("./dist/commands/index.js");
    if (!VERBS["check-backups"]?.usage.includes("<service>")) throw new Error("the verb is missing");
  `;
}

/** Whether all of these hold; the first that does not is the last that is tried. */
async function hold(checks, directory, wrong) {
  for (const [what, args] of checks) {
    const failed = await run(process.execPath, args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 }).then(
      () => undefined,
      (error) => `${what}: ${String(error.stdout ?? "").slice(-2_000)}${String(error.stderr ?? error).slice(-2_000)}`,
    );
    say(`${failed === undefined ? "ok" : "NOT OK"} ${what}`);
    if (failed === undefined) continue;
    wrong.push(failed);
    return false;
  }
  return true;
}

async function main() {
  const wrong = sizes(await readFile(PATCH, "utf8"));
  const directory = await grownCopy();
  try {
    const waiting = (await hold([BUILD], directory, wrong)) ? [...CHECKS] : [];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await hold(next, directory, wrong);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  for (const each of wrong) say(`NOT OPEN: ${each}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await main();
