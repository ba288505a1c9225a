import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { explain } from "../../src/app/explain.ts";
import { NOTHING_FOUND } from "../../src/domain/service/found.ts";
import { AT } from "../harness/observed.ts";

const FILE = "examples/inventory.yaml";

const explained = (...args: string[]) =>
  explain(args, {
    file: "/none.yaml",
    readText: (path) => readFileSync(path, "utf8"),
    remembered: async () => NOTHING_FOUND,
    nowMs: AT,
    awsEndpoint: undefined,
    proxies: () => undefined,
  });

describe("twokey explain", () => {
  test("reads the file and the service that its words name, in whatever order they stand", async () => {
    const first = await explained("inventory", "--file", FILE);

    expect(first.text).toMatch(/^inventory: eu-west-1 → eu-central-1\n/);
    expect(await explained("--file", FILE, "inventory")).toEqual(first);
  });

  test("names the services of the file where it has none of that name", async () => {
    expect(await explained("payments", "--file", FILE)).toEqual({
      text: "There is no service payments. Known: inventory.",
      exitCode: 2,
    });
  });

  test("tells programs the same with --json", async () => {
    const { text } = await explained("--json", "--file", FILE);

    expect(JSON.parse(text)).toEqual([expect.objectContaining({ service: "inventory" })]);
  });

  test.each([[["inventory", "payments"]], [["--jsn"]]])("says of %j how it is called", async (args) => {
    expect(await explained(...args)).toEqual({ text: expect.stringMatching(/^Usage: twokey explain /), exitCode: 2 });
  });
});
