import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { z } from "zod";
import { BOT_ENVIRONMENT, BOT_OPTIONS } from "../../src/sandbox/node-options.ts";

const Package = z.object({ scripts: z.object({ start: z.string() }) });

test("what is rehearsed and measured has the memory options of `npm start` and of the image", async () => {
  const start = Package.parse(JSON.parse(await readFile("package.json", "utf8"))).scripts.start;
  const environment = Object.entries(BOT_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  expect(start).toBe(`${environment.join(" ")} node ${BOT_OPTIONS.join(" ")} dist/bot/main.js`);

  const dockerfile = await readFile("Dockerfile", "utf8");
  for (const each of environment) expect(dockerfile).toContain(`    ${each}`);
  const command = /^CMD (\[.*\])$/m.exec(dockerfile.split("HEALTHCHECK").at(-1) ?? "")?.[1];
  const inImage = z.array(z.string()).parse(JSON.parse(command ?? "[]"));
  expect(inImage).toEqual(["node", ...BOT_OPTIONS, "dist/bot/main.js"]);
});
