import { describe, expect, test } from "@jest/globals";
import type { ZodType } from "zod";
import type { LagFacts } from "../../../../../src/domain/service/observed.ts";
import { STEPS } from "../../../../../src/flows/index.ts";
import type { DatabaseFacts } from "../../../../../src/ports/databases.ts";
import { example } from "../../../../harness/example.ts";
import { contextIn, fakeCloud } from "../../../../harness/fakes/index.ts";
import { AT, known, quietDay } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";

const INPUT = {
  ...{ region: "eu-central-1", instance: "inventory-replica", mustReachZero: false, blindMs: 0 },
  knownUntilMs: null as number | null,
};
const BROKEN: LagFacts = { known: false, cause: "failed", why: "it does not replicate", atMs: AT };
const SAMPLE = { seconds: 5, measuredAtMs: AT - 600_000 };

const day = quietDay(serviceIn(example("inventory"))).sites[INPUT.region];

async function recorded(
  lag: LagFacts,
  input: Partial<typeof INPUT> = {},
  replica: Partial<DatabaseFacts> | "unseen" = {},
) {
  if (!day?.database.known) throw new Error("a quiet day is known");
  const unseen = { known: false, cause: "unreachable", why: "no answer", atMs: AT } as const;
  const facts = replica === "unseen" ? unseen : known({ ...day.database.value, ...replica });
  const cloud = fakeCloud({
    clock: { now: () => AT },
    databases: { lag: async () => lag, describe: async () => facts },
  });
  const context = contextIn(cloud);
  return STEPS["record-data-position"]?.verify({ ...INPUT, ...input }, { sinceMs: AT }, context);
}

test("with the source gone the last good sample is what is written down", async () => {
  expect(await recorded({ ...BROKEN, lastGood: SAMPLE })).toMatchObject({
    ...{ done: true, output: { lastCommitMs: AT - 605_000 } },
    says: "commits until 03:02:40Z are on the standby (its last known position: it does not replicate)",
  });
});

test("a sample that may be wrong over a silent link counts that much less", async () => {
  const written = await recorded({ ...BROKEN, lastGood: SAMPLE }, { blindMs: 60_000 });

  expect(written).toMatchObject({ output: { lastCommitMs: AT - 665_000 } });
});

test("what the plan knew is never taken back", async () => {
  const knownUntilMs = AT - 90_000;

  expect(await recorded(BROKEN, { knownUntilMs })).toMatchObject({ output: { lastCommitMs: knownUntilMs } });
  expect(await recorded({ ...BROKEN, lastGood: SAMPLE }, { knownUntilMs })).toMatchObject({
    output: { lastCommitMs: knownUntilMs },
  });
});

test("unknown stays unknown where there never was a good sample", async () => {
  expect(await recorded(BROKEN)).toMatchObject({ done: true, output: { lastCommitMs: null } });
});

/** What CloudWatch has shown, newest first: a minute apart, the newest so long after the writers stopped. */
function shown(afterMs: number, ...seconds: readonly number[]): LagFacts {
  const recent = seconds.map((each, minutes) => ({ seconds: each, measuredAtMs: AT + afterMs - minutes * 60_000 }));
  const [newest] = recent;
  if (!newest) throw new Error("something is shown");
  return { ...known(newest), recent };
}

test("a planned run takes no old position for having everything", async () => {
  expect(await recorded({ ...BROKEN, lastGood: SAMPLE }, { mustReachZero: true })).toMatchObject({ done: false });
  expect(await recorded(shown(120_000, 0, 0, 0), { mustReachZero: true })).toMatchObject({ done: true });
});

test("guard in a row: a planned run believes three samples in a row from after the writers stopped, and no single one", async () => {
  const planned = (lag: LagFacts) => recorded(lag, { mustReachZero: true });

  expect(await planned(known({ seconds: 0, measuredAtMs: AT + 120_000 }))).toMatchObject({
    ...{ done: false, says: "1 of 3 samples in a row say that the standby has every commit until 03:12:45Z" },
  });
  expect(await planned(shown(120_000, 0, 0))).toMatchObject({ done: false });
  // The oldest of the three is from before the writers stopped, or says that commits are missing, or that nothing arrives.
  expect(await planned(shown(119_000, 0, 0, 0))).toMatchObject({ done: false });
  expect(await planned(shown(180_000, 0, 0, 61, 0, 0))).toMatchObject({ done: false });
  expect(await planned(shown(180_000, 0, -1, 0, 0))).toMatchObject({ done: false });
  expect(await planned(shown(180_000, 0, 0, 0, -1))).toMatchObject({ done: true });
});

test("a planned run believes no sample over a link that RDS calls broken, and none before a silence would have shown", async () => {
  const zero = (afterMs: number): LagFacts => shown(afterMs, 0, 0, 0);
  const planned = { mustReachZero: true, blindMs: 60_000 };

  expect(await recorded(zero(240_000), planned, { replicating: false })).toMatchObject({ done: false });
  expect(await recorded(zero(179_000), planned)).toMatchObject({ done: false });
  expect(await recorded(zero(180_000), planned)).toMatchObject({ done: true });
});

test("a lag of 0 over a broken link is unknown, and PostgreSQL's age of the last commit is still a position", async () => {
  const broken = { replicating: false };
  const behind = (seconds: number): LagFacts => known({ seconds, measuredAtMs: AT });

  for (const engine of ["mysql", "mariadb", "postgres"])
    expect(await recorded(behind(0), {}, { ...broken, engine })).toMatchObject({ output: { lastCommitMs: null } });
  expect(await recorded(behind(9), {}, { ...broken, engine: "mysql" })).toMatchObject({
    output: { lastCommitMs: null },
  });
  expect(await recorded(behind(9), {}, { ...broken, engine: "postgres" })).toMatchObject({
    output: { lastCommitMs: AT - 9_000 },
  });
});

test("a planned run waits while nobody can see what its sample was measured over", async () => {
  const after = shown(120_000, 0, 0, 0);

  expect(await recorded(after, { mustReachZero: true })).toMatchObject({ done: true });
  expect(await recorded(after, { mustReachZero: true }, "unseen")).toMatchObject({
    ...{ done: false, says: "lag is unknown: the replica's link cannot be seen: no answer" },
  });
});

describe("a planned move with a marker row", () => {
  const login = {
    ...{ region: INPUT.region, instance: INPUT.instance, engine: "mysql" as const, host: "replica.example.com" },
    ...{ port: 3306, database: "", user: "twokey", password: "DATABASE_STOCK", caFile: "ca.pem" },
  };
  const marker = { login, table: "marks.twokey_marker", fence: "fence", of: "stores.stock" };
  const row = { run: "F-1", epoch: 3, number: AT - 60_000 };
  /** What the fence has handed on, and what the step itself has begun with. */
  interface Handed {
    readonly output?: object;
    readonly data?: object;
  }
  const FENCED: object = { fence: "fenced", markers: { [marker.of]: row } };
  const looked = (isThere: boolean, sinceMs: number, { output = FENCED, data = {} }: Handed = {}) => {
    if (!day?.database.known) throw new Error("a quiet day is known");
    const { value: replica } = day.database;
    const none = { seconds: 0, measuredAtMs: AT };
    const cloud = fakeCloud({
      clock: { now: () => AT },
      // What MySQL says over a dead link.
      databases: {
        lag: async () => ({ ...known(none), recent: [none, none, none] }),
        describe: async () => known(replica),
      },
      sessions: { isMarked: async (_table, asked) => known(isThere && asked.number === row.number) },
    });
    const context = {
      ...contextIn(cloud),
      outputOf: <T>(_id: string, step: { readonly output: ZodType<T> }) => step.output.parse(output),
    };
    return STEPS["record-data-position"]?.verify(
      { ...INPUT, mustReachZero: true, marker },
      { sinceMs, ...data },
      context,
    );
  };

  test("believes no lag of 0 while the row is not there, and asks people after ten minutes", async () => {
    expect(await looked(false, AT - 60_000)).toMatchObject({ done: false });
    await expect(looked(false, AT - 600_000)).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "marker-unseen", facts: { mustAsk: true } },
    });
  });

  test("stops where no row is known, whatever the samples say, until people take the step over", async () => {
    const unknown = { fence: "fenced" };
    await expect(looked(false, AT - 60_000, { output: unknown })).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "marker-missing", facts: { mustAsk: true } },
    });

    const byHand = STEPS["record-data-position"]?.dataByHand(AT - 60_000, false) ?? {};
    expect(await looked(false, AT - 60_000, { output: unknown, data: byHand })).toMatchObject({ done: true });
    // A row that is known and does not show is not outvoted by samples.
    expect(await looked(false, AT - 60_000, { data: byHand })).toMatchObject({ done: false });
  });

  test("goes by samples, and says why, where the old side may have been open after the row was written", async () => {
    const unseen = { fence: "fenced", unseen: { fromMs: AT - 300_000, untilMs: AT - 60_000 } };

    expect(await looked(true, AT - 60_000, { output: unseen })).toMatchObject({
      ...{
        done: true,
        says: expect.stringMatching(/the old side may have been open after 03:07:4\dZ, so commits until/),
      },
    });
    expect(await looked(true, AT + 60_000, { output: unseen })).toMatchObject({ done: false });
  });

  test("has every commit when the replica shows the row", async () => {
    expect(await looked(true, AT)).toMatchObject({ done: true, output: { lastCommitMs: row.number } });
  });
});
