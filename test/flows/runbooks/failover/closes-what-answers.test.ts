import { describe, expect, test } from "@jest/globals";
import { STEPS } from "../../../../src/flows/index.ts";
import type { OwnSession } from "../../../../src/ports/database-sessions.ts";
import { contextIn, fakeCloud, type SaidCloud } from "../../../harness/fakes/index.ts";
import { known } from "../../../harness/observed.ts";

const REGION = "eu-west-1";
const RULE = { protocol: "tcp", fromPort: 5432, toPort: 5432, source: { kind: "ipv4", cidr: "10.0.0.0/8" } } as const;
const RUNS = {
  ...{ status: "ACTIVE", desired: 4, running: 4, pending: 0, deployments: [], taskDefinition: "t:1" },
  ...{ scaling: undefined, targets: { healthy: 4, total: 4 }, reasons: [] },
};
const writer = (service: string) => ({
  ...{ resource: `compute.${service}`, role: "compute", kind: "ecs" },
  things: {
    region: REGION,
    compute: { cluster: "production", service, tasks: 4, target_group: "arn", target_health: "process" },
  },
});

/** A database with a group of its own, to which TwoKey signs in. */
function store(name: string) {
  const [writeCheck, group] = [`https://check.example/${name}`, `sg-${name}`];
  const login = {
    ...{ region: REGION, instance: name, engine: "postgres", host: name, port: 5432, database: name },
    ...{ user: "twokey", password: "PASSWORD", caFile: "ca.pem" },
  };
  return {
    ...{ resource: `stores.${name}`, role: "stores", kind: "rds-replica", writeCheck },
    things: { region: REGION, instance: name, groups: [group], alone: [group], together: [name], writeCheck, login },
  };
}

const INPUT = {
  ...{ region: REGION, mode: "unplanned", captured: {}, unseenAccepted: [], unprovenAccepted: [], newSide: [] },
  parts: [writer("api"), store("stock"), store("prices")],
};
const REFUSED = { known: false, cause: "denied", why: "the password is wrong", atMs: 0 } as const;
const SILENT = { known: false, cause: "unreachable", why: "no answer", atMs: 0 } as const;

function close(input: object, said: SaidCloud, closed: string[]) {
  const act = async (what: string) => {
    closed.push(what);
    return { requestIds: [] };
  };
  const cloud = fakeCloud({
    sessions: { enter: async () => REFUSED },
    ...said,
    // Then the groups of the signed plan count.
    databases: { describe: async () => SILENT },
    compute: { service: async () => known(RUNS), stop: (_region, { service }) => act(service), ...said.compute },
    firewall: { rules: async () => known([RULE]), close: ({ securityGroup }) => act(securityGroup) },
  });
  return STEPS["fence-primary"]?.run(input, contextIn(cloud));
}

describe("a fence that closes at once", () => {
  test("stops what works while TwoKey signs in, and closes no store before it has signed in to each", async () => {
    const closed: string[] = [];
    let signedIn: (own: typeof REFUSED) => void = () => undefined;
    const slow = new Promise<typeof REFUSED | { known: true; value: OwnSession; atMs: number }>((resolve) => {
      signedIn = resolve;
    });
    const running = close(
      INPUT,
      { sessions: { enter: async ({ instance }) => (instance === "prices" ? slow : REFUSED) } },
      closed,
    );
    for (let turns = 0; turns < 50; turns += 1) await new Promise(setImmediate);
    expect(closed).toEqual(["api"]);

    signedIn(REFUSED);
    await running;

    expect(new Set(closed)).toEqual(new Set(["api", "sg-prices", "sg-stock"]));
  });

  test("does so in a planned move as well where something gives no answer, and says what that is", async () => {
    const closed: string[] = [];

    const asked = await close(
      { ...INPUT, mode: "planned", unseenAccepted: ["compute.api"] },
      { compute: { service: async () => SILENT } },
      closed,
    );

    expect(asked?.data["silent"]).toEqual({ "compute.api": "no answer" });
    expect(new Set(closed)).toEqual(new Set(["sg-prices", "sg-stock"]));
  });
});

test("a planned fence that has stopped a part of what works goes on stopping, also where TwoKey cannot sign in any more", async () => {
  const closed: string[] = [];
  const stock = store("stock");
  const marked = { ...stock, things: { ...stock.things, signedIn: true, markerTable: "twokey" } };
  const planned = (...stopped: string[]) =>
    close(
      { ...INPUT, mode: "planned", parts: [writer("api"), writer("worker"), marked] },
      {
        compute: {
          service: async (_region, { service }) => known(stopped.includes(service) ? { ...RUNS, desired: 0 } : RUNS),
          tasksLeft: async () => known(1),
        },
      },
      closed,
    );

  await expect(planned()).rejects.toThrow(/nothing was stopped/);
  expect(closed).toEqual([]);
  await planned("api");
  expect(closed).toEqual(["worker"]);
});
