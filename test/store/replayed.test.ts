import { describe, expect, test } from "@jest/globals";
import { canonicalJson } from "../../src/domain/json.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { Secret } from "../../src/domain/secret.ts";
import { replayer, type StoredRun } from "../../src/store/replayed.ts";
import { sealedWith } from "../../src/store/seal.ts";
import { example } from "../harness/example.ts";
import { JOURNAL, started } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";

const VERSION = 1;
const plan = planFor(example("inventory"), { id: "F-1" });
const document = (said = plan) => ({
  schema: String(VERSION),
  plan: canonicalJson(said),
  digest: planDigest(said),
});
const line = (entry: RunEntry, position: number, run = "F-1") => JOURNAL.write(entry, { run, position });
const ENTRIES = started(plan, AT);
const lines = ENTRIES.map((entry, position) => line(entry, position));
const claim = (worker: string): RunEntry => ({ kind: "claimed", atMs: AT + 1, epoch: 1, worker });
const claimed = (worker: string) => line(claim(worker), lines.length);
const found = (...journal: readonly string[]): StoredRun => [document(), journal];

test("a run that is read again is the same one, and a new line goes on from it", () => {
  const replayed = replayer(VERSION, JOURNAL);
  const first = replayed("F-1", found(...lines));

  expect(replayed("F-1", found(...lines))).toBe(first);
  const next = replayed("F-1", found(...lines, claimed("worker 1")));
  expect(next).toEqual(replayer(VERSION, JOURNAL)("F-1", found(...lines, claimed("worker 1"))));
  expect([first?.length, next?.length]).toEqual([lines.length, lines.length + 1]);
});

test("what the store does not have any more is not believed: an older journal, another line, another plan, nothing", () => {
  const replayed = replayer(VERSION, JOURNAL);
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
  const replayed = replayer(VERSION, JOURNAL);
  replayed("F-1", found(...lines));

  const unknown: RunEntry = JSON.parse('{"kind":"teleported","atMs":1}');
  const later = line(unknown, lines.length);

  expect(() => replayed("F-1", found(...lines, later))).toThrow();
  expect(() => replayed("F-1", found(...lines, later))).toThrow();
  expect(() => replayed("F-1", [{ ...document(), schema: "2" }, lines])).toThrow(/schema 2/);
  expect(replayed("F-1", found(...lines))?.length).toBe(lines.length);
});

describe("guard sealed journal: a line counts only as TwoKey wrote it, in the run and at the place for which it did", () => {
  const [first = "", second = ""] = lines;
  const [turned] = ENTRIES;
  if (!turned) throw new Error("a run starts with its keys");
  const paused: RunEntry = { kind: "paused", atMs: AT, door: "slack", why: "later" };
  const otherKey = sealedWith(new Secret("not the ledger's key".repeat(2)));
  const last = lines.length;

  test.each<[string, string]>([
    ["as a run's journal had it before", JSON.stringify(paused)],
    ["no JSON at all", "{"],
    ["with no seal", JSON.stringify({ entry: paused, seal: "" })],
    ["sealed with another key", otherKey.write(paused, { run: "F-1", position: last })],
    ["of another run", line(paused, last, "F-2")],
    ["of another place", line(paused, last + 1)],
    ["said once already", second],
    ["whose words were changed", line(paused, last).replace("later", "never")],
    ["with words added", line(paused, last).replace('"later"', '"later","halted":true')],
  ])("one %s changes nothing but that it is known", (_what, forged) => {
    const whole = replayer(VERSION, JOURNAL)("F-1", found(...lines));

    const read = replayer(VERSION, JOURNAL)("F-1", found(...lines, forged));

    expect(read).toEqual({ ...whole, length: last + 1, foreign: [last + 1] });
  });

  test("what TwoKey writes behind it counts", () => {
    const behind = line(claim("worker 1"), last + 1);

    const read = replayer(VERSION, JOURNAL)("F-1", found(...lines, "{", behind));

    expect(read).toMatchObject({ worker: "worker 1", length: last + 2, foreign: [last + 1] });
  });

  test("a key that is changed counts no more, and neither does a whole one of another run", () => {
    const changes = [
      first.replace('"ana"', '"dmitri"'),
      line(turned, 0, "F-2"),
      first.replace(/"accepted":\[/, '"accepted":["more",'),
    ];

    for (const changed of changes) {
      const read = replayer(VERSION, JOURNAL)("F-1", found(changed, second));
      expect([read?.keys.map(({ by }) => by), read?.foreign]).toEqual([["ben"], [1]]);
    }
  });

  test("a line that was taken out of the middle leaves all behind it uncounted", () => {
    expect(replayer(VERSION, JOURNAL)("F-1", found(second))).toMatchObject({ keys: [], foreign: [1] });
  });
});
