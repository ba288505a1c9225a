import { describe, expect, test } from "@jest/globals";
import { canonicalJson } from "../../src/domain/json.ts";
import { THE_PLAN, whyNotOurs } from "../../src/domain/plan-run/not-ours.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { Secret } from "../../src/domain/secret.ts";
import { replayer, type StoredRun } from "../../src/store/replayed.ts";
import { linesBehind } from "../../src/store/runs.ts";
import { type Place, sealedWith, sealIn } from "../../src/store/seal.ts";
import { Seen } from "../../src/store/seen.ts";
import { example } from "../harness/example.ts";
import { JOURNAL, LEDGER_KEY, started } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";

const VERSION = 1;
const plan = planFor(example("inventory"), { id: "F-1" });
const document = (said = plan) => ({
  schema: String(VERSION),
  plan: canonicalJson(said),
  digest: planDigest(said),
  seal: JOURNAL.of({ plan: said.id, digest: planDigest(said) }),
});
const BEFORE = JOURNAL.of({ plan: "F-1", digest: planDigest(plan) });
const sealOfLine = (text: string) => sealIn(text) ?? "";
const written = (entry: RunEntry, place: Place & { readonly after: string }, by = JOURNAL) =>
  JSON.stringify(by.write(entry, place));
const line = (entry: RunEntry, position: number, after: string) => written(entry, { run: "F-1", position, after });
const ENTRIES = started(plan, AT);
const { lines, seal: LAST } = linesBehind(proposedRun(plan, planDigest(plan)), ENTRIES, JOURNAL);
const claim = (worker: string): RunEntry => ({ kind: "claimed", atMs: AT + 1, epoch: 1, worker });
const claimed = (worker: string) => line(claim(worker), lines.length, LAST);
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
  const later = line(unknown, lines.length, LAST);

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
  const at = { run: "F-1", position: last, after: LAST };

  test.each<[string, string]>([
    ["as a run's journal had it before", JSON.stringify(paused)],
    ["no JSON at all", "{"],
    ["with no seal", JSON.stringify({ entry: paused, seal: "" })],
    ["sealed with another key", written(paused, at, otherKey)],
    ["of another run", written(paused, { ...at, run: "F-2" })],
    ["of another place", written(paused, { ...at, position: last + 1 })],
    ["said once already", second],
    ["whose words were changed", written(paused, at).replace("later", "never")],
    ["with words added", written(paused, at).replace('"later"', '"later","halted":true')],
  ])("one %s changes nothing but that it is known", (_what, forged) => {
    const whole = replayer(VERSION, JOURNAL)("F-1", found(...lines));

    const read = replayer(VERSION, JOURNAL)("F-1", found(...lines, forged));

    expect(read).toEqual({ ...whole, length: last + 1, foreign: [last + 1] });
  });

  test("what TwoKey writes behind it counts", () => {
    const behind = line(claim("worker 1"), last + 1, LAST);

    const read = replayer(VERSION, JOURNAL)("F-1", found(...lines, "{", behind));

    expect(read).toMatchObject({ worker: "worker 1", length: last + 2, foreign: [last + 1] });
  });

  test("one that was written behind another line tells where the run stood, and is known", () => {
    const behind = written(paused, { ...at, after: sealOfLine(first) });

    const read = replayer(VERSION, JOURNAL)("F-1", found(...lines, behind));

    expect(read).toMatchObject({ state: "paused", length: last + 1, foreign: [], astray: [last + 1] });
    expect(read && whyNotOurs(read)).toMatch(/or Redis went back in time/);
    expect(read && whyNotOurs({ ...read, foreign: [last] })).toMatch(/not written by TwoKey: somebody else can write/);
  });

  test("a key that is changed counts no more, and neither does a whole one of another run", () => {
    const changes = [
      first.replace('"ana"', '"dmitri"'),
      written(turned, { run: "F-2", position: 0, after: BEFORE }),
      first.replace(/"accepted":\[/, '"accepted":["more",'),
    ];

    for (const changed of changes) {
      const read = replayer(VERSION, JOURNAL)("F-1", found(changed, second));
      expect([read?.keys.map(({ by }) => by), read?.foreign, read?.astray]).toEqual([["ben"], [1], [2]]);
    }
  });

  test("a line that was taken out of the middle leaves all behind it uncounted", () => {
    expect(replayer(VERSION, JOURNAL)("F-1", found(second))).toMatchObject({ keys: [], foreign: [1], astray: [] });
  });
});

describe("guard cut journal: what a process has seen of a journal still has to stand there", () => {
  const reading = (key = LEDGER_KEY) => {
    const seen = new Seen();
    const replayed = replayer(VERSION, sealedWith(key, seen));
    return {
      seen,
      read: (...journal: readonly string[]) => replayed("F-1", [document(), journal, seen.journal("F-1")]),
    };
  };
  const whole = [...lines, claimed("worker 1")];

  test.each<[string, readonly string[]]>([
    ["without its newest line", lines],
    ["with another line of TwoKey's in its place", [...lines, claimed("worker 2")]],
    ["with that line and more behind it", [...lines, claimed("worker 2"), "{"]],
    ["empty", []],
  ])("one that comes back %s is said to have lost lines, however often it is read", (_what, journal) => {
    const { read } = reading();
    expect(read(...whole)?.lost).toBeUndefined();

    expect([read(...journal)?.lost, read(...journal)?.lost]).toMatchObject([
      { lines: whole.length },
      { lines: whole.length },
    ]);
    expect(read(...whole)?.lost).toBeUndefined();
  });

  test("an answer that was on its way while it grew has lost nothing", () => {
    const seen = new Seen();
    const replayed = replayer(VERSION, sealedWith(LEDGER_KEY, seen));
    const before = seen.journal("F-1");
    replayed("F-1", [document(), whole, before]);

    expect(replayed("F-1", [document(), lines, before])?.lost).toBeUndefined();
    expect(seen.journal("F-1")).toMatchObject({ length: whole.length });
  });

  test("a line of somebody else is nothing that TwoKey has seen: taken away again, nothing is lost", () => {
    const { read } = reading();
    read(...lines, "{");

    expect(read(...lines)?.lost).toBeUndefined();
  });
});

test("guard plan of TwoKey: one that was put there is known as such, with its digest or with the seal of another", () => {
  const other = { ...plan, reason: "another one" };
  const forged = { ...document(other), seal: document().seal };

  expect(replayer(VERSION, JOURNAL)("F-1", [forged, []])?.foreign).toEqual([THE_PLAN]);
  const { seal: _none, ...bare } = document(other);
  expect(replayer(VERSION, JOURNAL)("F-1", [bare, []])?.foreign).toEqual([THE_PLAN]);
});

describe("guard text of the plan: a plan whose text alone was altered", () => {
  const text = canonicalJson({ ...plan, authorisesUntilMs: AT - 1, reason: "another one" });
  const altered = { ...document(), plan: text };

  test("is not one that TwoKey made, and its digest is that of what is shown", () => {
    const read = replayer(VERSION, JOURNAL)("F-1", [altered, lines]);

    expect(read?.foreign).toEqual([THE_PLAN]);
    expect(read?.digest).not.toBe(planDigest(plan));
    expect(read?.digest).toBe(read && planDigest(read.plan));
  });

  test("says nothing of until when a journal has to stand there, and what TwoKey wrote meanwhile has to stay", () => {
    const seen = new Seen();
    const replayed = replayer(VERSION, sealedWith(LEDGER_KEY, seen));
    replayed("F-1", [document(), lines]);
    replayed("F-1", [altered, [...lines, claimed("worker 1")]]);

    expect(seen.journal("F-1")).toMatchObject({ length: lines.length + 1, untilMs: plan.authorisesUntilMs });
    expect(replayed("F-1", [document(), lines, seen.journal("F-1")])?.lost).toMatchObject({ lines: lines.length + 1 });
  });

  test("that was never seen as TwoKey made it is not remembered at all", () => {
    const seen = new Seen();
    replayer(VERSION, sealedWith(LEDGER_KEY, seen))("F-1", [altered, lines]);

    expect(seen.journal("F-1")).toBeUndefined();
  });

  test("is refused whole where it is the plan of another run", () => {
    expect(() => replayer(VERSION, JOURNAL)("F-2", found(...lines))).toThrow(/plan F-1 stands there/);
  });
});

test("a plan that has no line yet is remembered as well: taken away whole, it is missed", () => {
  const seen = new Seen();
  const replayed = replayer(VERSION, sealedWith(LEDGER_KEY, seen));
  replayed("F-1", found());

  expect(seen.journal("F-1")).toEqual({ length: 0, seal: "", untilMs: plan.authorisesUntilMs });
  expect(replayed("F-1", [document(), [], seen.journal("F-1")])?.lost).toBeUndefined();
});
