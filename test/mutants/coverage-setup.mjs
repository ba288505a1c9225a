import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeEach, expect } from "@jest/globals";

/** Runs inside each test file of the dry run: writes down which test reached which mutants. */
globalThis.__stryker__ ??= {};
const reached = globalThis.__stryker__;

beforeEach(() => {
  reached.currentTestId = expect.getState().currentTestName;
});

afterAll(async () => {
  const file = relative(process.cwd(), expect.getState().testPath);
  const coverage = reached.mutantCoverage ?? { static: {}, perTest: {} };
  const path = join(process.env.TWOKEY_MUTANTS_COVERAGE, `${randomUUID()}.json`);
  await writeFile(path, JSON.stringify({ file, coverage }));
});
