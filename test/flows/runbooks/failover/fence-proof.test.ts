import { describe, expect, test } from "@jest/globals";
import { TransientError } from "../../../../src/domain/errors.ts";
import type { FirewallRule } from "../../../../src/domain/service/firewall.ts";
import type { WriteVerdict } from "../../../../src/domain/service/health.ts";
import type { Known } from "../../../../src/domain/service/observed.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import { FenceInput } from "../../../../src/flows/runbooks/failover/fence-input.ts";
import { fencePrimary } from "../../../../src/flows/runbooks/failover/fence-primary.ts";
import type { StepContext } from "../../../../src/ports/step.ts";
import { contextIn, fakeCloud, type SaidCloud } from "../../../harness/fakes/index.ts";
import { known } from "../../../harness/observed.ts";

const REGION = "eu-west-1";
const RULE: FirewallRule = {
  ...{ protocol: "tcp", fromPort: 5432, toPort: 5432, source: { kind: "ipv4", cidr: "10.0.0.0/8" } },
};
const SERVICE = {
  cluster: "production",
  service: "inventory",
  tasks: 4,
  target_group: "arn",
  target_health: "process",
};
const WRITE_CHECK = "https://check.example/orders";
const INPUT = {
  ...{ region: REGION, mode: "unplanned", captured: {}, unseenAccepted: [], unprovenAccepted: [], newSide: [] },
  parts: [
    { resource: "compute.api", role: "compute", kind: "ecs", things: { region: REGION, compute: SERVICE } },
    {
      ...{ resource: "stores.stock", role: "stores", kind: "rds-replica", writeCheck: WRITE_CHECK },
      things: {
        region: REGION,
        instance: "stock",
        groups: ["sg-1"],
        alone: ["sg-1"],
        together: ["stock"],
        writeCheck: WRITE_CHECK,
      },
    },
  ],
};
const STOPPED = {
  ...{ status: "ACTIVE", desired: 0, running: 0, pending: 0, deployments: [], taskDefinition: "t:1" },
  ...{ scaling: undefined, targets: { healthy: 0, total: 0 }, reasons: [] },
};

const contextOf = (said: SaidCloud): StepContext => contextIn(fakeCloud(said));

/** Then what was known of the instance counts. */
const SILENT = { known: false, cause: "unreachable", why: "RDS is silent", atMs: 0 } as const;

const fence = () => {
  const step = STEPS["fence-primary"];
  if (!step) throw new Error("there is no such step");
  return step;
};
const rulesAre = (rules: Known<readonly FirewallRule[]>): SaidCloud => ({
  compute: { describe: async () => known(STOPPED), tasksLeft: async () => known(0) },
  databases: { describe: async () => SILENT },
  firewall: { rules: async () => rules },
  probe: {
    writeCheck: async () => ({ kind: "refused", reason: "too many connections" }),
  },
});

describe("a fence", () => {
  test("promises in its title only what the key holders have not signed for as left as it is", () => {
    const titleOf = (...unseenAccepted: string[]) => fencePrimary.title(FenceInput.parse({ ...INPUT, unseenAccepted }));

    expect(titleOf()).toBe("Fence eu-west-1: stop its service, close its database");
    expect(titleOf("stores.stock")).toBe(
      "Fence eu-west-1: stop its service, and leave stores.stock, which gave no answer",
    );
    expect(titleOf("compute.api", "stores.stock")).toBe("Fence eu-west-1 if it answers");
  });

  test("guard seen closed: is not proven by a write that fails while its security group lets somebody in", async () => {
    const verdict = await fence().verify(INPUT, { silent: {} }, contextOf(rulesAre(known([RULE]))));
    expect(verdict).toEqual({ done: false, says: "stores.stock stands open", refutes: ["stores.stock"], letsIn: true });

    expect(await fence().verify(INPUT, { silent: {} }, contextOf(rulesAre(known([]))))).toMatchObject({ done: true });
  });

  test("guard failing write: is not proven by a write that still succeeds, nor by a write check that gives no answer", async () => {
    const verdictWhen = (write: WriteVerdict, input: object = INPUT) =>
      fence().verify(
        input,
        { silent: {} },
        contextOf({ ...rulesAre(known([])), probe: { writeCheck: async () => write } }),
      );
    const silence: WriteVerdict = { kind: "unknown", why: "no answer" };

    expect(await verdictWhen({ kind: "written" })).toMatchObject({ done: false, refutes: ["stores.stock"] });
    expect(await verdictWhen(silence)).toMatchObject({ done: false });
    const signed = { ...INPUT, unprovenAccepted: ["stores.stock"] };
    expect(await verdictWhen(silence, signed)).toMatchObject({ done: true, output: { fence: "not-proven" } });
  });

  test("remembers of sessions only what a failing write has shown: of a restart that nobody could prove, nothing", async () => {
    const [api, store] = INPUT.parts;
    const input = {
      ...{ ...INPUT, unseenAccepted: ["stores.stock"], unprovenAccepted: ["stores.stock"] },
      parts: [api, { ...store, things: { ...store?.things, reboots: true } }],
    };
    const outputWhen = async (write: WriteVerdict) => {
      const probe = { writeCheck: async () => write, writeOverKept: async () => write };
      const verdict = await fence().verify(input, { silent: {} }, contextOf({ ...rulesAre(known([])), probe }));
      return verdict.done && verdict.output;
    };

    expect(await outputWhen({ kind: "unknown", why: "no answer" })).toEqual({ fence: "not-proven" });
    expect(await outputWhen({ kind: "refused", reason: "terminated" })).toMatchObject({
      ended: { "stores.stock": "every session ended with a restart" },
    });
  });

  test("guard earlier session: whose sessions TwoKey ends is refuted by a write over one that was open before, and shown by its loss", async () => {
    const [api, store] = INPUT.parts;
    const login = {
      ...{ region: REGION, instance: "stock", engine: "postgres", host: "stock.example.com", port: 5432 },
      ...{ database: "postgres", user: "twokey", password: "DATABASE_STOCK", caFile: "ca.pem" },
    };
    const input = { ...INPUT, parts: [api, { ...store, things: { ...store?.things, login, signedIn: true } }] };
    const data = { silent: {}, sessions: { "stores.stock": { isProven: true, says: "none is open" } } };
    const verdictWhen = (kept: WriteVerdict) => {
      const probe = { ...rulesAre(known([])).probe, writeOverKept: async () => kept };
      const said = { ...rulesAre(known([])), probe, sessions: { leave: async () => undefined } };
      return fence().verify(input, data, contextOf(said));
    };

    expect(await verdictWhen({ kind: "written" })).toMatchObject({
      ...{ done: false, refutes: ["stores.stock"], says: "the old database still takes writes over an earlier one" },
    });
    expect(await verdictWhen({ kind: "written", opened: true })).toMatchObject({
      ...{ letsIn: true, says: "the old database still takes writes over a new session" },
    });
    expect(await verdictWhen({ kind: "refused", reason: "terminated" })).toMatchObject({
      ...{
        done: true,
        says: expect.stringMatching(/a new session \(.+\), and over an earlier one \(terminated\); none/),
      },
    });
    const none: WriteVerdict = { kind: "unknown", why: "the write check does not say which session it used" };
    expect(await verdictWhen(none)).toMatchObject({ done: true, output: { fence: "fenced" } });
  });

  test("is not proven while nobody can see whether its security group is closed", async () => {
    const dark = { known: false, cause: "unreachable", why: "EC2 is silent", atMs: 0 } as const;
    const verdict = await fence().verify(INPUT, { silent: {} }, contextOf(rulesAre(dark)));

    expect(verdict).toEqual({
      done: false,
      says: "stores.stock: whether it is closed cannot be seen (EC2 is silent)",
    });
  });

  test("waits for tasks that have not ended, unless every session of each store was seen to end", async () => {
    const [api, stock] = INPUT.parts;
    const input = { ...INPUT, parts: [api, stock, { ...stock, resource: "stores.prices" }] };
    const compute = { describe: async () => known(STOPPED), tasksLeft: async () => known(2) };
    const verdictWhere = (...ended: string[]) => {
      const sessions = Object.fromEntries(ended.map((id) => [id, { isProven: true, says: "none is open" }]));
      return fence().verify(input, { silent: {}, sessions }, contextOf({ ...rulesAre(known([])), compute }));
    };

    expect(await verdictWhere("stores.stock")).toMatchObject({ done: false, says: expect.stringContaining("2 tasks") });
    expect(await verdictWhere("stores.stock", "stores.prices")).toMatchObject({ done: true });
  });

  test("waits for no task where a restart ended every session", async () => {
    const [api, stock] = INPUT.parts;
    const input = { ...INPUT, parts: [api, { ...stock, things: { ...stock?.things, reboots: true } }] };
    const available = known({ status: "available", securityGroups: ["sg-1"] });
    const refused: WriteVerdict = { kind: "refused", reason: "terminated" };
    const context = contextOf({
      ...rulesAre(known([])),
      compute: { describe: async () => known(STOPPED), tasksLeft: async () => known(2) },
      databases: { describe: async () => available as never },
      probe: { writeCheck: async () => refused, writeOverKept: async () => refused },
    });

    expect(await fence().verify(input, { silent: {} }, context)).toMatchObject({ done: true });
  });

  test("is not proven while a session that TwoKey was to end may be open, and is called closed where two people say that none is", async () => {
    const [api, stock] = INPUT.parts;
    const login = {
      ...{ region: REGION, instance: "stock", engine: "postgres", host: "stock", port: 5432, database: "stock" },
      ...{ user: "twokey", password: "PASSWORD", caFile: "ca.pem" },
    };
    const input = { ...INPUT, parts: [api, { ...stock, things: { ...stock?.things, login, signedIn: true } }] };
    const refused: WriteVerdict = { kind: "refused", reason: "terminated" };
    const probe = { writeCheck: async () => refused, writeOverKept: async () => refused };
    const said = contextOf({ ...rulesAre(known([])), probe, sessions: { leave: async () => undefined } });
    const verdict = (more: object) => fence().verify({ ...input, ...more }, { silent: {} }, said);

    await expect(verdict({})).rejects.toThrow(/nobody has ended them/);
    expect(await verdict({ byHand: true })).toMatchObject({ done: true, output: { fence: "closed" } });
  });

  test("closes what keeps the data also where what works gives no answer", async () => {
    const closed: string[] = [];
    const asked = fence().run(
      INPUT,
      contextOf({
        compute: {
          describe: async () => ({ known: false, cause: "unreachable", why: "ECS is silent", atMs: 0 }),
          stop: () => Promise.reject(new TransientError("unreachable", "ECS is silent")),
        },
        databases: { describe: async () => SILENT },
        firewall: {
          rules: async () => known([RULE]),
          close: async ({ securityGroup }) => {
            closed.push(securityGroup);
            return { requestIds: [] };
          },
        },
      }),
    );

    await expect(asked).rejects.toThrow("ECS is silent");
    expect(closed).toEqual(["sg-1"]);
  });

  test("closes no security group that has appeared before what it lets in is written down", async () => {
    const captured = { "compute.api": { desired: 4, scaling: null }, "stores.stock": { "sg-0": [RULE] } };
    const asked = fence().run(
      { ...INPUT, captured, mustCapture: true },
      contextOf({
        compute: { describe: async () => known(STOPPED) },
        databases: { describe: async () => SILENT },
        firewall: { rules: async () => known([RULE]) },
      }),
    );

    await expect(asked).rejects.toMatchObject({ code: "uncaptured" });
  });

  test("guard shown by EC2: closes no security group that another machine carries, while RDS is silent and what nobody sees was signed for", async () => {
    const closed: string[] = [];
    const close = async ({ securityGroup }: { readonly securityGroup: string }) => {
      closed.push(securityGroup);
      return { requestIds: [] };
    };
    const askedWhere = (interfaces: readonly string[]) =>
      fence().run(
        INPUT,
        contextOf({
          compute: { describe: async () => known(STOPPED), stop: async () => ({ requestIds: [] }) },
          databases: { describe: async () => SILENT },
          firewall: {
            rules: async () => known([RULE]),
            interfacesWith: async () => known(interfaces.map((says) => ({ group: "sg-1", says }))),
            databasesWith: async () => SILENT,
            close,
          },
        }),
      );

    await expect(askedWhere(["eni-0a1 (i-0b2, bastion)"])).rejects.toMatchObject({ code: "group-shared" });
    expect(closed).toEqual([]);
    await askedWhere([]);
    expect(closed).toEqual(["sg-1"]);
  });

  test("guard rules captured: closes no rule that has appeared before it is written down", async () => {
    const closed: unknown[] = [];
    const added = { ...RULE, source: { kind: "ipv4", cidr: "198.51.100.7/32" } } as const;
    const run = (rules: readonly object[]) =>
      fence().run(
        {
          ...INPUT,
          captured: { "compute.api": { desired: 4, scaling: null }, "stores.stock": { "sg-1": rules } },
          mustCapture: true,
        },
        contextOf({
          compute: { describe: async () => known(STOPPED) },
          databases: { describe: async () => SILENT },
          firewall: {
            rules: async () => known([RULE, added]),
            close: async (what) => {
              closed.push(...what.rules);
              return { requestIds: [] };
            },
          },
        }),
      );

    await expect(run([RULE])).rejects.toMatchObject({ code: "uncaptured" });
    expect(closed).toEqual([]);
    await run([RULE, added]);
    expect(closed).toEqual([RULE, added]);
  });

  test("stops for people where a store gives no answer that nobody signed for", async () => {
    const silent = { silent: { "stores.stock": "EC2 is silent" } };
    const seen = contextOf(rulesAre(known([])));

    await expect(fence().verify(INPUT, silent, seen)).rejects.toThrow("nobody accepted that it stays unfenced");
    const signed = { ...INPUT, unseenAccepted: ["stores.stock"] };
    expect(await fence().verify(signed, silent, seen)).toMatchObject({ done: true, output: { fence: "cannot-know" } });
  });

  test("stops its service while its database cannot be seen, where that was signed for", async () => {
    const stopped: string[] = [];
    const asked = fence().run(
      { ...INPUT, unseenAccepted: ["stores.stock"] },
      contextOf({
        compute: {
          describe: async () => known({ ...STOPPED, desired: 4 }),
          stop: async (_region, { service }) => {
            stopped.push(service);
            return { requestIds: [] };
          },
        },
        databases: { describe: async () => SILENT },
        firewall: { rules: async () => ({ ...SILENT, why: "EC2 is silent" }) },
      }),
    );

    expect(await asked).toMatchObject({ data: { silent: { "stores.stock": "EC2 is silent" } } });
    expect(stopped).toEqual(["inventory"]);
  });
});
