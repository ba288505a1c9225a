import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../src/domain/service/observed.ts";
import type { Region, Service } from "../../../src/domain/service/service.ts";
import { observe } from "../../../src/flows/observe.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { Cloud } from "../../../src/ports/step.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud, ordinaryDay, type SaidCloud } from "../../harness/fakes/index.ts";
import { AT, dark, known } from "../../harness/observed.ts";
import { PLAYS } from "../../harness/plays.ts";

const HOME = "eu-west-1";
const STANDBY = "eu-central-1";

/** Why there is no plan of a play when the world is quiet but for this. */
async function refusals(title: string, change: (cloud: Cloud, service: Service) => SaidCloud, mode = "unplanned") {
  const play = PLAYS.find((each) => each.title === title);
  if (!play) throw new Error(`there is no play ${title}`);
  const inventory = example(play.example);
  const service = inventory.services.find(({ name }) => name === play.service);
  if (!service) throw new Error(`there is no ${play.service}`);
  const quiet = fakeCloud(ordinaryDay(service));
  const observed = await observe(service, fakeCloud(change(quiet, service), quiet));
  const runbook = runbookOf({ runbook: play.runbook, id: "F-1" });
  const wish = runbook.read({ ...play.words, mode, to: STANDBY });
  if (!wish.ok) throw new Error(wish.why);
  const answer = runbook.plan(
    {
      ...{ id: "F-1", service, inventory, observed, nowMs: AT },
      ...{ reason: "a rehearsal", requester: "farid", incident: undefined },
    },
    wish.wish,
  );
  return answer.kind === "refused" ? answer.reasons.join(" ") : "";
}

const absent: Known<never> = { known: false, cause: "absent", why: "there is none", atMs: AT };
const denied: Known<never> = { known: false, cause: "denied", why: "AccessDenied", atMs: AT };

/** What one region says of its database, of its service, or of the key of its storage. */
const database = (where: Region, change: object | Known<never>) => (quiet: Cloud) => ({
  databases: {
    describe: async (region: Region, instance: string) => {
      const now = await quiet.databases.describe(region, instance);
      if (region !== where || !now.known) return now;
      return "known" in change ? (change as Known<never>) : { ...now, value: { ...now.value, ...change } };
    },
  },
});
const service = (where: Region, change: object | Known<never>) => (quiet: Cloud) => ({
  compute: {
    describe: async (region: Region, site: Parameters<Cloud["compute"]["describe"]>[1]) => {
      const now = await quiet.compute.describe(region, site);
      if (region !== where || !now.known) return now;
      return "known" in change ? (change as Known<never>) : { ...now, value: { ...now.value, ...change } };
    },
  },
});
const keys = (now: Awaited<ReturnType<Cloud["snapshots"]["keyState"]>>) => () => ({
  snapshots: { keyState: async () => now },
});
const clusterIs = (now: Known<never>) => () => ({
  clusters: { describe: async () => now },
});
const recordsAre = (now: Known<never>) => () => ({
  traffic: { records: async () => now },
});
const disabled = known({
  arn: "key",
  state: "Disabled",
  isUsable: false,
  managedBy: "customer" as const,
  multiRegion: false,
});
const FAILED = [{ id: "d", primary: true, rollout: "FAILED", failedTasks: 12 }];

interface Refused {
  readonly code: string;
  readonly title: string;
  readonly change: (quiet: Cloud) => SaidCloud;
  readonly says: RegExp;
  readonly mode?: "planned";
}

/** By the code with which the step would have failed. */
const REFUSED: readonly Refused[] = [
  {
    code: "aws-absent",
    title: "inventory failover",
    change: service(STANDBY, absent),
    says: /service in eu-central-1 cannot be seen: there is none/,
  },
  {
    code: "replica-unseen",
    title: "inventory failover",
    change: database(STANDBY, dark("RDS")),
    says: /cannot be seen/,
  },
  {
    code: "wrong-source",
    title: "inventory failover",
    change: database(STANDBY, { source: "another-db" }),
    says: /follows another-db/,
  },
  {
    code: "link-ended",
    title: "inventory failover",
    change: database(STANDBY, { replicating: false }),
    says: /does not replicate/,
    mode: "planned",
  },
  {
    code: "promotion-failed",
    title: "inventory failover",
    change: database(STANDBY, { status: "storage-full" }),
    says: /storage-full/,
  },
  {
    code: "service-unseen",
    title: "inventory failover",
    change: service(STANDBY, denied),
    says: /service in eu-central-1 cannot be seen/,
  },
  {
    code: "service-inactive",
    title: "inventory failover",
    change: service(STANDBY, { status: "DRAINING" }),
    says: /is DRAINING\. It has to be ACTIVE first/,
  },
  {
    code: "tasks-fail",
    title: "inventory failover",
    change: service(STANDBY, { deployments: FAILED }),
    says: /its tasks do not start/,
  },
  {
    code: "records-unseen",
    title: "inventory failover",
    change: recordsAre(dark("Route 53")),
    says: /cannot be read/,
    mode: "planned",
  },
  { code: "records-unseen", title: "inventory failover", change: recordsAre(denied), says: /cannot be read/ },
  {
    code: "database-busy",
    title: "inventory reboot-failover",
    change: database(HOME, { status: "modifying" }),
    says: /is modifying\. Ask again when it is available/,
  },
  { code: "database-unseen", title: "inventory reboot-failover", change: database(HOME, dark("RDS")), says: /writer/ },
  {
    code: "not-multi-az",
    title: "inventory reboot-failover",
    change: database(HOME, { multiAz: false }),
    says: /is not Multi-AZ/,
  },
  {
    code: "cluster-unseen",
    title: "archive reboot-failover",
    change: clusterIs(dark("RDS")),
    says: /writer|cannot be seen/,
  },
  {
    code: "key-absent",
    title: "archive snapshot",
    change: keys(absent),
    says: /is no key of that region, so no copy can be encrypted with it/,
  },
  {
    code: "key-unusable",
    title: "archive snapshot",
    change: keys(disabled),
    says: /is Disabled, so no copy can be encrypted with it/,
  },
  {
    code: "key-unusable",
    title: "inventory snapshot",
    change: keys(disabled),
    says: /so no copy can be encrypted with it\. Enable it first/,
  },
];

describe("what a step would fail for is met before the keys, where it stands so already", () => {
  test.each(REFUSED)("$code: $title is refused", async ({ title, change, says, mode }) => {
    expect(await refusals(title, change, mode)).toMatch(says);
  });

  test.each([...new Set(REFUSED.map(({ title }) => title))])("%s is planned on a quiet day", async (title) => {
    expect(await refusals(title, () => ({}))).toBe("");
  });
});
