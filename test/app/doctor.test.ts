import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { type DoctorSources, doctor } from "../../src/app/doctor.ts";
import { silent } from "../harness/fakes/index.ts";

const SOURCES: DoctorSources = {
  open: () => Promise.reject(new Error("nothing is opened")),
  say: () => {
    throw new Error("nothing is proven");
  },
  logger: silent,
};

test.each([
  { args: ["--help"], exitCode: 0 },
  { args: ["-h"], exitCode: 0 },
  { args: ["--jsn"], exitCode: 2 },
  { args: ["inventory"], exitCode: 2 },
])(
  "twokey doctor $args proves nothing: it says how it is called and how it ends, as the documents do",
  async (call) => {
    const { text, exitCode } = await doctor(call.args, SOURCES);
    const ends = text.split("\n").find((line) => line.startsWith("Exit codes: ")) ?? "nothing";

    expect(exitCode).toBe(call.exitCode);
    expect(text).toMatch(/^Usage: twokey doctor \[--json\]\n/);
    const documents = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
    expect(documents.replaceAll(/\s+/g, " ")).toContain(ends);
  },
);
