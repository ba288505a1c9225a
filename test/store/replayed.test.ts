import { expect, test } from "@jest/globals";
import { canonicalJson } from "../../src/domain/json.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { replayer, type StoredRun } from "../../src/store/replayed.ts";
import { example } from "../harness/example.ts";
import { started } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";

const VERSION = 1;
const plan = planFor(example("inventory"), { id: "F-1" });
const document = (said = plan) => ({
  schema: String(VERSION),
  plan: canonicalJson(said),
  digest: planDigest(said),
});
const lines = started(plan, AT).map((entry) => JSON.stringify(entry));
const claimed = (worker: string) => JSON.stringify({ kind: "claimed", atMs: AT + 1, epoch: 1, worker });
const found = (...journal: readonly string[]): StoredRun => [document(), journal];

test("a run that is read again is the same one, and a new line goes on from it", () => {
  const replayed = replayer(VERSION);
  const first = replayed("F-1", found(...lines));

  expect(replayed("F-1", found(...lines))).toBe(first);
  const next = replayed("F-1", found(...lines, claimed("worker 1")));
  expect(next).toEqual(replayer(VERSION)("F-1", found(...lines, claimed("worker 1"))));
  expect([first?.length, next?.length]).toEqual([lines.length, lines.length + 1]);
});

test("what the store does not have any more is not believed: an older journal, another line, another plan, nothing", () => {
  const replayed = replayer(VERSION);
  const whole = [...lines, claimed("worker 1")];
  const read = (stored: StoredRun) => {
    replayed("F-1", found(...whole));
    return replayed("F-1", stored);
  };

  expect(read(found(...lines))?.epoch).toBe(0);
  expect(read(found(...lines, claimed("worker 2")))?.worker).toBe("worker 2");
  expect(read([document({ ...plan, reason: "another one" }), []])?.plan.reason).toBe("another one");
  expect(read([{}, []])).toBeUndefined();
});

test("a line that cannot be read is refused each time, also behind lines that are known", () => {
  const replayed = replayer(VERSION);
  replayed("F-1", found(...lines));

  expect(() => replayed("F-1", found(...lines, "{"))).toThrow();
  expect(() => replayed("F-1", found(...lines, "{"))).toThrow();
  expect(() => replayed("F-1", [{ ...document(), schema: "2" }, lines])).toThrow(/schema 2/);
  expect(replayed("F-1", found(...lines))?.length).toBe(lines.length);
});
