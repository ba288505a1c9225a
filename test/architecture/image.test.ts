import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const run = promisify(execFile);
const TSC = "node_modules/typescript/bin/tsc";
const SIMULATED = /\/src\/(simulators|sandbox|world|demo|bench|soak)\b/;

/** Modules that a build writes. */
async function modulesOf(config: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [TSC, "-p", config, "--listFilesOnly"], { maxBuffer: 1 << 26 });
  return stdout.split("\n").filter((path) => path.includes("/src/") && !path.includes("/node_modules/"));
}

test("the production image is built from the bot and the terminal alone: no simulated world is in it", async () => {
  const [image, all] = await Promise.all([modulesOf("tsconfig.image.json"), modulesOf("tsconfig.build.json")]);

  // The pattern finds something where there is something to find.
  expect(all.some((path) => SIMULATED.test(path))).toBe(true);
  expect(image.filter((path) => SIMULATED.test(path))).toEqual([]);
  expect(image.filter((path) => /\/src\/(main|cli)\.ts$/.test(path))).toHaveLength(2);
});

test("and the image gets what that build wrote, and nothing of ours besides", () => {
  const dockerfile = readFileSync("Dockerfile", "utf8");
  const last = dockerfile.split(/^FROM /m).at(-1) ?? "";

  expect(dockerfile).toMatch(/^RUN npm run build:image$/m);
  expect(dockerfile).not.toMatch(/^RUN npm run build$/m);
  expect([...last.matchAll(/^COPY (.+)$/gm)].map(([, what]) => what)).toEqual([
    "package.json LICENSE ./",
    "--from=packages /build/node_modules ./node_modules",
    "--from=build /build/dist ./dist",
  ]);
});
