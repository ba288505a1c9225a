import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { lintProcedure } from "../../src/app/lint-procedure.ts";
import { FIXTURES } from "../procedures/read.ts";

const RIGHT = `${FIXTURES}/09-enables-something-else.corrected.sh`;
const WRONG = `${FIXTURES}/09-enables-something-else.faulty.sh`;
const linted = (...args: string[]) => lintProcedure(args, { readText: (path) => readFileSync(path, "utf8") });

test("a procedure without a fault ends with 0, in words and as JSON; one fault in any of the files ends with 1", async () => {
  expect(await linted(RIGHT)).toEqual({ exitCode: 0, text: `${RIGHT}: no faults` });
  expect(await linted("--json", RIGHT)).toMatchObject({ exitCode: 0, text: expect.stringContaining('"faults": []') });
  expect(await linted(RIGHT, WRONG)).toMatchObject({
    exitCode: 1,
    text: expect.stringMatching(/faulty\.sh:2: .*corrected\.sh: no faults\n.*faulty\.sh: 1 fault$/s),
  });
});
