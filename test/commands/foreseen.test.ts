import { describe, expect, test } from "@jest/globals";
import { sessionTrouble, whyNoSession } from "../../src/app/session-lengths.ts";
import { foreseenIn } from "../../src/commands/foreseen.ts";
import { draftOf } from "../../src/commands/propose.ts";
import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import type { Known } from "../../src/domain/service/observed.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Permission } from "../../src/ports/permission.ts";
import type { SnapshotFacts } from "../../src/ports/snapshots.ts";
import { example } from "../harness/example.ts";
import { fakeCloud, ordinaryDay, who } from "../harness/fakes/index.ts";
import { AT, dark, known } from "../harness/observed.ts";
import { permittedIn, quietPlan } from "../harness/permitted.ts";
import { serviceIn } from "../harness/plans.ts";
import { PLAYS, type Play } from "../harness/plays.ts";

const play = (title: string): Play => {
  const found = PLAYS.find((each) => each.title === title);
  if (!found) throw new Error(`there is no play ${title}`);
  return found;
};

const DENIED: Known<never> = { known: false, cause: "denied", why: "AccessDenied", atMs: AT };
const ABSENT: Known<never> = { known: false, cause: "absent", why: "not there", atMs: AT };
const there = (facts: Partial<SnapshotFacts>): Known<SnapshotFacts> =>
  known({
    ...{ of: "instance", id: "twokey-it", arn: "arn", source: "another-db", status: "available", percent: 100 },
    ...{ engine: "postgres", engineVersion: "16.4", encrypted: true, tags: {}, ...facts },
  });

/** What stands against a snapshot of the example where each region says this of the snapshot's name. */
async function foreseen(said: Readonly<Record<string, Known<SnapshotFacts>>>): Promise<string[]> {
  const cloud = fakeCloud({ snapshots: { find: async (region) => said[region] ?? ABSENT } });
  return foreseenIn(await quietPlan(play("inventory snapshot")), { cloud });
}

describe("before a snapshot is asked for, its name is looked for in both regions, and there is no plan", () => {
  test.each([
    [
      "where it may not be read",
      { "eu-west-1": DENIED },
      /^TwoKey may not read snapshots in eu-west-1, .*AccessDenied/,
    ],
    [
      "where its copy may not be read",
      { "eu-central-1": DENIED },
      /^TwoKey may not read snapshots in eu-central-1, .* twokey policy observe prints\.$/,
    ],
    [
      "where somebody else's snapshot has it",
      { "eu-west-1": there({}) },
      /^A snapshot called twokey-inventory-.* exists in eu-west-1 already, of another-db\. Ask again\.$/,
    ],
    [
      "where something that is no copy has it",
      { "eu-central-1": there({}) },
      /^A snapshot called .* exists in eu-central-1 already, and is no copy from eu-west-1\. Ask again\.$/,
    ],
  ])("%s", async (_where, said, why) => {
    expect(await foreseen(said)).toEqual([expect.stringMatching(why)]);
  });

  test("but there is one where nobody has it, where it is the plan's own, and where a region gives no answer", async () => {
    const own = there({ source: "mycomputer-inventory-db" });
    const copy = there({ copyOf: "arn:aws:rds:eu-west-1:123456789012:snapshot:it" });

    expect(await foreseen({})).toEqual([]);
    expect(await foreseen({ "eu-west-1": own, "eu-central-1": copy })).toEqual([]);
    expect(await foreseen({ "eu-west-1": dark("RDS"), "eu-central-1": dark("RDS") })).toEqual([]);
  });
});

test("guard foreseen: who asks for a plan that would surely fail is told why, and gets none", async () => {
  const inventory = example("inventory");
  const service = serviceIn(inventory);
  const quiet = ordinaryDay(service);
  const nothing = async () => undefined;
  const deps = {
    ...{ inventory: () => inventory, clock: { now: () => AT }, newId: () => "F-1", ledger: { head: () => undefined } },
    ...{ times: { of: async () => [] }, runs: { openIds: async () => [] }, incidentOf: nothing, lastLook: nothing },
    sessionTrouble: () => "STS would refuse its session.",
    cloud: fakeCloud({
      ...{ ...quiet, probe: { ...quiet.probe, writeCheck: async () => ({ kind: "written" }) } },
      snapshots: { find: async () => ABSENT },
    }),
  } as unknown as RunCommandDeps;
  const wanted = {
    ...{ service, runbook: runbookOf({ runbook: "snapshot", id: "" }), wish: {}, reason: "r", channel: undefined },
    requester: { id: "farid", name: "Farid", proof: who("farid").proof },
  };

  await expect(draftOf(wanted, deps)).rejects.toMatchObject({
    code: "plan-refused",
    message: expect.stringMatching(
      /^No plan for inventory: .+: STS would refuse its session\. .*Nothing was changed\.$/,
    ),
  });
  expect(await draftOf(wanted, { ...deps, sessionTrouble: undefined })).toMatchObject({ run: { plan: { id: "F-1" } } });
});

describe("the policy of each step's session is measured before the keys", () => {
  const ROLE = "arn:aws:iam::123456789012:role/twokey-execute";
  const { file } = example("inventory");
  const named = (aws: object) => ({ ...file, aws: { ...file.aws, ...aws } });
  const many: Permission = {
    actions: ["rds:PromoteReadReplica"],
    on: Array.from({ length: 60 }, (_, at) => ({
      service: "rds",
      region: "eu-west-1",
      resource: `db:inventory-${at}`,
    })),
  };

  /** What refuses the plan of a reboot whose steps need this as well. */
  const refusals = async (more: readonly Permission[]) =>
    foreseenIn(await quietPlan(play("inventory reboot-failover")), {
      cloud: fakeCloud({}),
      sessionTrouble: (permissions, service) =>
        whyNoSession(named({ role: ROLE }), { permissions: [...permissions, ...more], service }),
    });

  test("one that outgrows what STS takes refuses the plan, by the title of its step, and says what to ask an owner for", async () => {
    const [says] = await refusals([many]);

    expect(says).toMatch(
      /^Reboot .*: a session of arn:aws:iam::123456789012:role\/twokey-execute needs a policy of \d{4} characters, and STS takes 2048\. /,
    );
    expect(says).toMatch(
      / Ask an owner of twokey\.yaml: make the managed policies that twokey policy session inventory prints, and name them in aws\.session_policies\.inventory\.$/,
    );
  });

  test("one that fits refuses nothing", async () => {
    expect(await refusals([])).toEqual([]);
  });

  test("a managed policy of that account takes its place, and the process's own credentials have no session", () => {
    const managed = (account: string) => `arn:aws:iam::${account}:policy/twokey-sessions`;
    const told = (aws: object, permissions = [many]) =>
      sessionTrouble(named(aws), { permissions, service: "inventory" })?.what;

    expect(told({ role: ROLE, session_policy: managed("123456789012") })).toBeUndefined();
    expect(told({ role: ROLE, session_policy: managed("444455556666") })).toContain("STS takes 2048");
    expect(told({ role: undefined })).toBeUndefined();
    const elsewhere = { ...many, roles: { in: { "eu-west-1": "arn:aws:iam::444455556666:role/other" } } };
    expect(told({ role: ROLE, session_policy: managed("123456789012") }, [elsewhere])).toContain("role/other");
  });

  test("so do the managed policies of the service, in the account of whichever role it is entered by", () => {
    const other = "arn:aws:iam::444455556666:role/other";
    const elsewhere = { ...many, roles: { in: { "eu-west-1": other } } };
    const managed = (account: string) => [`arn:aws:iam::${account}:policy/inventory`];
    const trouble = (session_policies: object, permission: Permission = many) =>
      sessionTrouble(named({ role: ROLE, session_policies }), { permissions: [permission], service: "inventory" });

    expect(trouble({ inventory: managed("123456789012") })).toBeUndefined();
    expect(trouble({ inventory: managed("444455556666") }, elsewhere)).toBeUndefined();
    expect(trouble({ inventory: managed("123456789012") }, elsewhere)?.instead).toBe(
      `make the managed policies that twokey policy session inventory --role ${other} prints, and name them in aws.session_policies.inventory`,
    );
    expect(trouble({ orders: managed("123456789012") })?.instead).toBe(
      "make the managed policies that twokey policy session inventory prints, and name them in aws.session_policies.inventory",
    );
  });

  test.each(PLAYS)("no step of $title outgrows it", async (each) => {
    const troubles = permittedIn(await quietPlan(each)).map(({ permissions }) =>
      sessionTrouble(named({ role: ROLE }), { permissions, service: each.service }),
    );
    expect(troubles.filter((trouble) => trouble !== undefined)).toEqual([]);
  });
});
