import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { askFromPipeline, type PipelineAsk } from "../../src/commands/pipeline.ts";
import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import { UserError } from "../../src/domain/errors.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { findPerson, inventoryFrom } from "../../src/domain/service/inventory.ts";
import { discover } from "../../src/flows/discover.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { drive } from "../harness/drive.ts";
import { eventually } from "../harness/eventually.ts";
import { mutationsOf, startRun } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { leftOut } from "../harness/left-out.ts";
import { planFor, serviceIn } from "../harness/plans.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";

const SPEED = 60;
const HOUR_MS = 3_600_000;
const ASK: PipelineAsk = {
  ...{ pipeline: "release", id: "deploy-4711", runbook: "snapshot" },
  ...{ service: "inventory", reason: "release 4.2.0" },
};

let at: FailoverWorld;
let ledger: LedgerEntry[];
let disagreement: string | undefined;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  ledger = [];
  disagreement = undefined;
});
afterEach(() => at.stop());

const deps = (): RunCommandDeps =>
  runCommandDeps(at, { append: async (entry) => void ledger.push(entry), disagreement: async () => disagreement });

const ask = (more: Partial<PipelineAsk> = {}) => askFromPipeline({ ...ASK, ...more }, deps());
const snapshotsAsked = () => mutationsOf(at).filter((call) => call.startsWith("CreateDBSnapshot"));

describe("a pipeline", () => {
  test("asks for a snapshot, and it is made: on its word alone, since it only adds something (G1)", async () => {
    const { plan, state } = await ask();
    expect(state).toBe("running");

    const run = await drive(at, { run: plan });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(snapshotsAsked()).toHaveLength(1);
    expect(run.plan).toMatchObject({ requester: "pipeline:release", reason: ASK.reason, keysRequired: 0 });
  });

  test("is written down: which one, through which door, and how that was proven (G12)", async () => {
    await ask();

    expect(ledger).toMatchObject([
      { kind: "started", by: "pipeline:release", door: "pipeline", strength: "account", service: "inventory" },
    ]);
  });

  test("guard pipeline adds only: it asks for nothing that needs keys, whatever runbook that is", async () => {
    const refused = RUNBOOKS.filter(({ needs }) => needs !== "responder").map(({ name }) => name);
    expect(refused.length).toBeGreaterThan(1);

    const told = { code: "runbook-needs-keys", message: expect.stringContaining("A pipeline may ask for: snapshot.") };
    for (const runbook of refused) await expect(ask({ runbook })).rejects.toMatchObject(told);

    expect(await at.memory.runs.openIds()).toEqual([]);
  });

  test("is nobody of people: no key of it could count", () => {
    expect(findPerson(at.inventory, "pipeline:release")).toBeUndefined();
  });

  test.each([
    ["a service that is not its own", { service: "payments" }, "service-unknown"],
    ["a runbook that there is not", { runbook: "failovr" }, "runbook-unknown"],
    ["anything, when nobody has described it", { pipeline: "stranger" }, "service-unknown"],
  ])("that asks for %s is refused, and told for what it may ask", async (_what, more, code) => {
    await expect(ask(more)).rejects.toMatchObject({ code, message: expect.stringContaining("may ask for") });
  });

  test("is refused while the store is lost (G17)", async () => {
    disagreement = "Redis is empty";

    await expect(ask()).rejects.toMatchObject({ code: "store-lost" });
    expect(await at.memory.runs.openIds()).toEqual([]);
  });
});

test("a plan names what it takes from an answer of AWS that is older than a day", async () => {
  const file = leftOut(at.inventory.file);
  const { found } = await discover(serviceIn(inventoryFrom(file)), at.cloud);
  const aged = Object.entries(found).map(([key, facts]) => {
    const older = Object.entries(facts).map(([name, fact]) => [name, { ...fact, atMs: fact.atMs - 50 * HOUR_MS }]);
    return [key, key.startsWith("ecs/eu-west-1") ? Object.fromEntries(older) : facts];
  });
  const ofService = Object.entries(found).filter(([key]) => key.startsWith("ecs/eu-west-1"));
  const oldest =
    Math.min(...ofService.flatMap(([, facts]) => Object.values(facts).map(({ atMs }) => atMs))) - 50 * HOUR_MS;
  const inventory = inventoryFrom(file, Object.fromEntries(aged));

  const { plan } = await askFromPipeline(ASK, { ...deps(), inventory: () => inventory });

  expect((await at.memory.runs.read(plan))?.plan.unchecked).toEqual([
    {
      says: expect.stringMatching(
        /^target_group, dns_name, zone, max_tasks of ECS service .* in eu-west-1: AWS has not said it again since$/,
      ),
      saidAtMs: oldest,
    },
    expect.stringContaining("whether the snapshot can be restored"),
  ]);
});

describe("the same request again", () => {
  test("is the same run, while it runs and when it is over, and says how far it is", async () => {
    const first = await ask();
    expect(await ask()).toEqual(first);
    await drive(at, { run: first.plan });

    expect(await ask()).toEqual({ plan: first.plan, state: "verified" });
    expect(snapshotsAsked()).toHaveLength(1);
  });

  test("guard pipeline repeat: ten at once are one run", async () => {
    // Ten looks at the world at once are slow on a busy machine: who is refused for that comes again, with the same id.
    const patiently = () =>
      eventually("an answer", () =>
        ask().catch((error: unknown) =>
          error instanceof UserError && error.code === "plan-refused" ? undefined : Promise.reject(error),
        ),
      );
    const answers = await Promise.all(Array.from({ length: 10 }, patiently));

    expect(new Set(answers.map(({ plan }) => plan)).size).toBe(1);
    expect(await at.memory.runs.openIds()).toHaveLength(1);
    // Each that asked stands there before anything is kept; all but one found it started, and the ledger says so.
    const linesOf = (kind: string) => ledger.filter((line) => line.kind === kind).length;
    expect(linesOf("started") - linesOf("started-before")).toBe(1);
    expect(ledger.filter(({ kind }) => kind !== "started" && kind !== "started-before")).toEqual([]);
  });

  test("starts the run where a process died before it started it, and left nothing behind", async () => {
    const dies = () => Promise.reject(new Error("it dies here"));
    const dying = { ...deps(), runs: { ...at.memory.runs, createStarted: dies } };
    await expect(askFromPipeline(ASK, dying)).rejects.toThrow("it dies here");
    expect(await at.memory.runs.openIds()).toEqual([]);

    expect(await ask()).toMatchObject({ state: "running" });
  });

  test("with another content is refused: an id is used once", async () => {
    const { plan } = await ask();

    await expect(ask({ reason: "release 4.3.0" })).rejects.toMatchObject({
      code: "request-used",
      facts: { run: plan },
    });
  });

  test("of another pipeline is another request", async () => {
    const { plan } = await ask();

    const { inventory } = at;
    const { pipelines } = inventory.file;
    const file = { ...inventory.file, pipelines: { ...pipelines, nightly: { services: ["inventory"], keys: "x" } } };
    const both = { ...deps(), inventory: () => ({ ...inventory, file }) };

    const other = askFromPipeline({ ...ASK, pipeline: "nightly" }, both);

    await expect(other).rejects.toMatchObject({ code: "service-claimed", facts: { run: plan } });
  });
});

describe("while something is in the way", () => {
  test("of its own: a second request is refused, and says which run holds the service", async () => {
    const { plan } = await ask();

    await expect(ask({ id: "deploy-4712" })).rejects.toMatchObject({ code: "service-claimed", facts: { run: plan } });
  });

  test("a plan that waits for keys: it is refused, and says which", async () => {
    const plan = planFor(at.inventory);
    await at.memory.runs.create(plan, planDigest(plan), []);

    await expect(ask()).rejects.toMatchObject({ code: "plan-waiting", facts: { run: plan.id } });
    expect(await at.memory.runs.openIds()).toEqual([plan.id]);
  });

  test("a run that people started: it is refused, and says which", async () => {
    await startRun(at, { runbook: "failover" });

    await expect(ask()).rejects.toMatchObject({ code: "service-claimed", facts: { run: "F-1" } });
  });
});
