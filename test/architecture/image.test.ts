import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { rolldown } from "rolldown";
import { loadConfig } from "rolldown/config";

const run = promisify(execFile);
const TSC = "node_modules/typescript/bin/tsc";
const SIMULATED = /\/src\/(simulators|sandbox|world|demo|bench|soak)\b/;

/** Modules that a build of the compiler writes. */
async function modulesOf(config: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [TSC, "-p", config, "--listFilesOnly"], { maxBuffer: 1 << 26 });
  return stdout.split("\n").filter((path) => path.includes("/src/") && !path.includes("/node_modules/"));
}

/** What the bundle of the bot has: modules, and the size of each file in bytes. */
async function bundled() {
  const config = await loadConfig("rolldown.config.mjs");
  if (typeof config === "function" || Array.isArray(config)) throw new Error("the bot is not the only bundle");
  await using bundle = await rolldown(config);
  const { output } = await bundle.generate([config.output].flat()[0]);
  const chunks = output.flatMap((file) => (file.type === "chunk" ? [file] : []));
  return {
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
    bytesOf: new Map(chunks.map(({ fileName, code }) => [fileName, code.length])),
  };
}

test("the production image is built from the bot and the terminal alone: no simulated world is in it", async () => {
  const [terminal, { modules: bot, bytesOf }, all] = await Promise.all([
    modulesOf("tsconfig.image.json"),
    bundled(),
    modulesOf("tsconfig.build.json"),
  ]);

  // The pattern finds something where there is something to find.
  expect(all.some((path) => SIMULATED.test(path))).toBe(true);
  expect([...terminal, ...bot].filter((path) => SIMULATED.test(path))).toEqual([]);
  expect(terminal.some((path) => path.endsWith("/src/cli.ts"))).toBe(true);
  expect(bot.some((path) => path.endsWith("/src/main.ts"))).toBe(true);
  // Of the largest package only what is used: all of it is 2 MB of source, and takes 48 MB of each process.
  expect(bytesOf.get("@aws-sdk-client-ec2.js")).toBeLessThan(100_000);
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
