import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Found, Remembered } from "../../../src/domain/service/found.ts";
import { type Inventory, inventoryFrom } from "../../../src/domain/service/inventory.ts";
import { type Memory, openMemory } from "../../../src/jobs/looks/discovering.ts";
import { foundFile, readFoundIn } from "../../../src/store/found-file.ts";
import { example } from "../../harness/example.ts";
import { memoryDocuments } from "../../harness/fakes/index.ts";
import { leftOut } from "../../harness/left-out.ts";
import { AT } from "../../harness/observed.ts";
import { serviceIn } from "../../harness/plans.ts";

const DATABASE = "rds-replica/eu-west-1/mycomputer-inventory-db";
const described = inventoryFrom(leftOut(example("inventory").file));
const endpoint = (value: string, atMs = AT): Found => ({ [DATABASE]: { endpoint: { value, atMs } } });
const endpointIn = (inventory: Inventory) => serviceIn(inventory).found[DATABASE]?.["endpoint"]?.value;

let directory = "";
let said: string[] = [];
const say = (why: string) => void said.push(why);
beforeEach(async () => {
  said = [];
  directory = await mkdtemp(join(tmpdir(), "twokey-found-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (stored = memoryDocuments<Remembered>()): Promise<Memory> =>
  openMemory({ stores: { discovered: stored }, file: foundFile(directory, "a", say), described: () => described });
const remember = (memory: Memory, found: Found) => memory.remember(serviceIn(described), { found, silent: [] }, AT);

describe("what AWS said", () => {
  test("is known to the next process, also where Redis has lost it", async () => {
    await remember(await open(), endpoint("one"));
    expect(endpointIn((await open()).inventory())).toBe("one");
  });

  test("is known to a process with another disk, by Redis", async () => {
    const stored = memoryDocuments<Remembered>();
    await remember(await open(stored), endpoint("one"));
    await rm(join(directory, "discovered-a.json"));
    expect(endpointIn((await open(stored)).inventory())).toBe("one");
  });

  test("is never replaced by something older", async () => {
    const memory = await open();
    await remember(memory, endpoint("newer", AT + 1));
    await remember(memory, endpoint("older", AT));
    expect(endpointIn(memory.inventory())).toBe("newer");
    expect(await readFoundIn(directory, say)).toEqual([endpoint("newer", AT + 1)]);
  });

  test("of a resource that the file does not name is forgotten", async () => {
    const memory = await open();
    await remember(memory, {
      ...endpoint("one"),
      "rds-replica/eu-west-1/gone": { endpoint: { value: "x", atMs: AT } },
    });
    expect(await readFoundIn(directory, say)).toEqual([endpoint("one")]);
  });

  test.each([
    ["half of one", '{"half'],
    ["one of a version to come", '{"v":2,"found":{}}'],
    ["one without a version", "{}"],
  ])("in a file that cannot be read, %s, counts as not said, is named, and stops nobody", async (_what, text) => {
    await writeFile(join(directory, "discovered-a.json"), text);

    expect(endpointIn((await open()).inventory())).toBeUndefined();
    expect(await readFoundIn(directory, say)).toEqual([{}]);

    const named = expect.stringMatching(/discovered-a\.json cannot be read by this version of TwoKey: /);
    expect(said).toEqual([named, named]);
  });

  test("is no part of the file's digest: a plan pins what it uses", async () => {
    const memory = await open();
    await remember(memory, endpoint("one"));
    expect(memory.inventory().digest).toBe(described.digest);
  });
});
