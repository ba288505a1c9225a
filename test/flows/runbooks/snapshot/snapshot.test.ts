import { describe, expect, test } from "@jest/globals";
import { snapshotName } from "../../../../src/flows/runbooks/snapshot/snapshot-name.ts";
import { AT, type Day } from "../../../harness/observed.ts";
import { linesOfBlock } from "../../../harness/pasted.ts";
import { uncheckedIn } from "../../../harness/plans.ts";
import { standbyOf } from "../../../harness/site.ts";
import { nobodyKnowsTheWriter, planned, QUIET, refusals, SERVICE, unseen, withDatabase } from "../asked.ts";

const { home } = SERVICE;
const standby = standbyOf(SERVICE);
const NEEDS_KEY = `The snapshot is encrypted, and its copy needs a key in ${standby}. That of the database there is not known`;
const withoutKey = withDatabase(standby, ({ kmsKey: _, ...facts }) => facts);
const withStatus = (status: string) => withDatabase(home, (facts) => ({ ...facts, status }));
const plain = (region: string) => withDatabase(region, ({ kmsKey: _, ...facts }) => ({ ...facts, encrypted: false }));

describe("a snapshot is refused", () => {
  test.each<[string, Day, string]>([
    [
      "where nobody can say which database is the writer",
      nobodyKnowsTheWriter,
      "Nobody can say which database of inventory is the writer: both databases accept writes: neither follows the other. Settle that by hand first.",
    ],
    [
      "where the writer cannot be seen",
      unseen(home),
      `The writer in ${home} cannot be seen: RDS does not answer. Ask again when it can.`,
    ],
    [
      "where the other region cannot be seen, so that its key is unknown",
      unseen(standby),
      `${NEEDS_KEY}: RDS does not answer.`,
    ],
    [
      "where the database of the other region is not encrypted, so that there is no key",
      plain(standby),
      `${NEEDS_KEY}: it is not encrypted.`,
    ],
    [
      "where RDS does not say with which key the database of the other region is encrypted",
      withoutKey,
      `${NEEDS_KEY}: RDS does not say which it is.`,
    ],
    [
      "where the other region was not looked at at all",
      { ...QUIET, sites: Object.fromEntries(Object.entries(QUIET.sites).filter(([region]) => region === home)) },
      `${NEEDS_KEY}: it was not looked at.`,
    ],
  ])("%s", (_when, observed, says) => {
    expect(refusals("snapshot", observed)).toEqual([says]);
  });

  test.each([
    ["stopped", "stopped (somebody stopped it)"],
    ["stopping", "stopping (somebody stops it)"],
    ["deleting", "deleting (somebody deletes it)"],
    ["storage-full", "storage-full (it has no room left)"],
    ["failed", "failed"],
    ["incompatible-network", "incompatible-network"],
    ["inaccessible-encryption-credentials", "inaccessible-encryption-credentials"],
  ])("while the instance is %s, which does not pass by itself", (status, says) => {
    const [why] = refusals("snapshot", withStatus(status));
    expect(why).toContain(` is ${says}, and RDS takes no snapshot of it meanwhile. Ask again when it is available.`);
  });
});

describe("a snapshot is planned", () => {
  const planOf = (observed: Day, reason?: string) => {
    const answer = planned("snapshot", observed, reason);
    if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
    return answer.plan;
  };

  test("of the writer, and copied under the key of the other region: on the word of one responder, since it only adds", () => {
    const { steps, keysRequired, from, to } = planOf(QUIET);

    expect({ keysRequired, from, to }).toEqual({ keysRequired: 0, from: home, to: standby });
    expect(steps.map(({ role, after }) => ({ role, after }))).toEqual([
      { role: "adds", after: [] },
      { role: "adds", after: [steps[0]?.id] },
    ]);
    expect(steps[1]?.input["kmsKey"]).toBe(`arn:aws:kms:${standby}:123456789012:key/k-1`);
  });

  test.each([
    ["modifying", "modifying (somebody changes it, or RDS does in its maintenance window)"],
    ["backing-up", "backing-up (RDS takes a backup of it)"],
    ["configuring-log-exports", "configuring-log-exports"],
  ])("while the instance is %s, which passes: the step waits for it, and the card says so", (status, says) => {
    expect(planOf(withStatus(status)).unchecked).toContain(
      `how long mycomputer-inventory-db stays ${says}: RDS takes no snapshot of it until then`,
    );
  });

  test("without a word of waiting where RDS takes a snapshot at once", () => {
    for (const status of ["available", "storage-optimization"])
      expect(uncheckedIn(planOf(withStatus(status)))).not.toContain("how long");
  });

  test("without a key where the writer is not encrypted, whatever is known of the other region", () => {
    const bare = plain(home);
    const dark = { ...bare, sites: { ...bare.sites, ...unseenSite(standby) } };

    expect(planOf(dark).steps[1]?.input["kmsKey"]).toBeNull();
  });

  test("by hand under the same key, and under none where the writer is not encrypted", () => {
    const byHand = (day: Day) => planOf(day).steps[1]?.byHand?.flatMap(linesOfBlock).join("\n");
    const named = ` --kms-key-id arn:aws:kms:${standby}:123456789012:key/k-1`;

    expect(byHand(QUIET)).toContain(named);
    expect(byHand(plain(home))).toContain("copy-db-snapshot");
    expect(byHand(plain(home))).not.toContain("--kms-key-id");
  });

  test("under a name that RDS takes, whatever the reason is", () => {
    const reason = "Ünïcode -- “quoted” / release 4.2.0 ".repeat(4);

    const [take, copy] = planOf(QUIET, reason).steps;

    expect(take?.input["id"]).toMatch(/^twokey-inventory-2026-11-21t03-12-f-7kq2mx-[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(copy?.input["id"]).toBe(take?.input["id"]);
  });

  test("under a name of at most 63 characters, which is all that RDS takes for a cluster's", () => {
    const [take] = planOf(QUIET, "before the migration of the guest table to the new layout").steps;

    expect(String(take?.input["id"])).toHaveLength(63);
    expect(take?.input["id"]).toMatch(/^twokey-inventory-2026-11-21t03-12-f-7kq2mx-before-the-migration/);
  });

  test("under a name of its own for each store, whole up to the plan's id, where service, store and reason are as long as they may be", () => {
    const longest = "a".repeat(31);
    const stores = ["b".repeat(31), `${"b".repeat(30)}c`].map((store) => `-${store}`);
    const names = stores.map((store) =>
      snapshotName({ id: "F-7KQ2MX", service: { name: longest }, reason: "r".repeat(500), nowMs: AT }, store),
    );

    for (const name of names) expect(name).toMatch(/^twokey-a{17}-[0-9a-f]{6}-2026-11-21t03-12-f-7kq2mx(-r+)?$/);
    expect(names.filter(({ length }) => length > 63)).toEqual([]);
    expect(new Set(names).size).toBe(2);
  });
});

const unseenSite = (region: string) =>
  Object.fromEntries(Object.entries(unseen(region).sites).filter(([name]) => name === region));
