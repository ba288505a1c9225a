import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, TransientError, UserError } from "../../src/domain/errors.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { storeError, withPlainLines } from "../../src/store/plain-errors.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

describe("what Redis says of a command", () => {
  test.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "MISCONF Redis is configured to save RDB snapshots",
    "NOAUTH Authentication required.",
    "NOREPLICAS Not enough good replicas to write.",
    "ERR max number of clients reached",
    "Stream isn't writeable and enableOfflineQueue options is false",
  ])("%s: certainly nothing was done", (said) => {
    expect(storeError(new Error(said), "write")).toBeInstanceOf(TransientError);
  });

  test.each([
    "Command timed out",
    "Connection is closed.",
    "Command aborted due to connection close",
    "read ECONNRESET",
  ])("%s: a write may have been done, a read has changed nothing", (said) => {
    expect(storeError(new Error(said), "write")).toBeInstanceOf(OutcomeUnknown);
    expect(storeError(new Error(said), "read")).toBeInstanceOf(TransientError);
  });

  test("is never taken from what TwoKey itself tells people, nor from anything else", () => {
    const ours = new UserError("run-over", "The run is rolled back (aborted by Grace Lindqvist)");
    const bug = new TypeError("Cannot read properties of undefined");
    expect(storeError(ours, "write")).toBe(ours);
    expect(storeError(bug, "write")).toBe(bug);
    expect(storeError("aborted", "write")).toBe("aborted");
  });
});

test("a line of the ledger that Redis does not take is refused to a person in plain words, and certainly not written", async () => {
  const server = await BreakableRedis.start();
  const bench = StoreBench.at(server.url);
  const directory = await mkdtemp(join(tmpdir(), "twokey-plain-"));
  try {
    const options = { directory, process: "bot", key: LEDGER_KEY, whose: WHOSE };
    const ledger = await LedgerFile.open(await bench.connect(), options);
    const turn = () =>
      withPlainLines(ledger).append({
        atMs: AT,
        run: "F-1",
        epoch: 0,
        kind: "key-turned",
        says: "ana turns key 1 of 2",
      });
    await turn();
    await server.fill();
    const full = await turn().catch((error: unknown) => error);
    await server.makeRoom();

    expect(full).toMatchObject({
      name: "TransientError",
      message: "TwoKey's memory (Redis) is full and takes no writes",
    });
    expect([ledger.head()?.lines, await ledger.disagreement()]).toEqual([1, undefined]);
    await turn();
    expect(ledger.head()?.lines).toBe(2);
    await ledger.close();
  } finally {
    bench.close();
    await server.stop();
    await rm(directory, { recursive: true });
  }
}, 30_000);
