import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { HOME } from "./inventory-world.ts";
import { quietWire } from "./quiet-wire.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const LOADER = fileURLToPath(new URL("../../cards/typescript.mjs", import.meta.url));
const PROGRAM = fileURLToPath(new URL("reading-process.mjs", import.meta.url));
const LOOK = "DescribeEvents";

const inventory = worldOfEachTest();
const children: ChildProcess[] = [];

/** All that the processes may ask now has arrived, and they have read what was answered. */
async function settled(least: number): Promise<number> {
  const count = await quietWire(() => inventory().reads(LOOK, HOME), least);
  await Promise.all(children.map(heard));
  return quietWire(() => inventory().reads(LOOK, HOME), count);
}

/** Resolves once the process has gone round its loop: what lay in its sockets is read. */
async function heard(child: ChildProcess): Promise<void> {
  const answered = once(child, "message");
  child.send({ nowMs: inventory().world.clock.now(), hear: true });
  await answered;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.disconnect();
    await once(child, "exit");
  }
});

function tell(more: object = {}): void {
  for (const child of children) child.send({ nowMs: inventory().world.clock.now(), ...more });
}

async function pass(seconds: number, least: number): Promise<number> {
  inventory().advance(seconds);
  tell();
  return settled(least);
}

test("two processes have a budget each: ten calls and then two a second, of each; a throttle slows the one that met it", async () => {
  for (let started = 0; started < 2; started++)
    children.push(fork(PROGRAM, { execArgv: ["--no-warnings", "--import", LOADER] }));
  tell({ begin: { endpoint: inventory().endpoint, region: HOME, looks: 60 } });
  expect(await settled(2 * 10)).toBe(2 * 10);
  for (let second = 1; second <= 3; second++) {
    const both = 2 * (10 + 2 * second);
    expect(await pass(1, both)).toBe(both);
  }

  const throttle = { kind: "error", status: 400, code: "Throttling", message: "Rate exceeded" } as const;
  inventory().world.faults.plan({ vendor: "aws", operation: LOOK, effect: throttle, times: 1 });
  const met = await pass(1, 2 * (10 + 2 * 4));
  const less = met + 4 * (2 + 1);
  expect(await pass(4, less)).toBe(less);
});
