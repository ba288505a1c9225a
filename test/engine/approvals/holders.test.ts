import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { type KeyDeps, turnKey } from "../../../src/engine/approvals/keys.ts";
import { createChat } from "../../../src/integrations/slack/chat.ts";
import { stillMay } from "../../../src/integrations/slack/standing.ts";
import { createRuns } from "../../../src/store/runs.ts";
import { example } from "../../harness/example.ts";
import { clockAt, quietLedger, silent, who } from "../../harness/fakes/index.ts";
import { JOURNAL } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { planFor } from "../../harness/plans.ts";
import { StoreBench } from "../../harness/store.ts";
import { ACCOUNTS, BOT_TOKEN, openSlackWorld, type SlackWorld, SPEC } from "../../simulators/slack/slack-world.ts";

/** Ana holds the first key; what becomes of her account before Ben's key starts the run (K4). */

const inventory = example("inventory");
const ACCEPTED = ["data-loss", "sessions-not-proven", "healthy-primary"];
const ANA = "U0ANA";
const ELSEWHERE = { id: "U0ANA", name: "ana", realName: "Ana", teamId: "T0OTHER" };
const nothing = async () => undefined;

let bench: StoreBench;
let place: SlackWorld | undefined;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(async () => {
  await place?.stop();
  bench.close();
});

async function openSlack(users: NonNullable<Parameters<typeof openSlackWorld>[0]>["users"] = SPEC.users) {
  place = await openSlackWorld({ users });
}

/** As Slack is at this moment. */
function confirm(member: string): Promise<void> {
  if (!place) throw new Error("there is no Slack");
  const chat = createChat({
    ...{ token: new Secret(BOT_TOKEN), apiUrl: place.slack.apiUrl, team: "T0ACME", enterprise: "E0GRID" },
    ...{ accounts: ACCOUNTS, approversGroup: () => "S0APPROVERS", logger: silent },
  });
  return chat.confirm(member);
}

/** Ben turns his key after Ana's, and Slack says what it says of Ana then. */
async function startOnBothKeys(before: () => Promise<void> = nothing) {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const plan = planFor(inventory, { requester: "elena" });
  await runs.create(plan, planDigest(plan), []);
  const run = await runs.read(plan.id);
  const click = { digest: run?.digest ?? "", accepted: ACCEPTED };
  const deps: KeyDeps = {
    ...{ runs, ledger: quietLedger(), clock: clockAt(() => AT + 60_000) },
    wake: {
      ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
      card: nothing,
    },
    inventory: () => inventory,
    stillMay: (person) => stillMay(ACCOUNTS.membersOf(person), confirm),
  };
  await turnKey(plan.id, { ...click, who: who("ana", () => confirm(ANA)) }, deps);
  await before();
  return turnKey(plan.id, { ...click, who: who("ben", () => confirm("U0BEN")) }, deps);
}

test("of an account that is as it was both keys count, and the run starts", async () => {
  await openSlack();

  expect(await startOnBothKeys()).toMatchObject({ started: true });
});

test.each<[what: string, path: string, body: Readonly<Record<string, unknown>>, why: RegExp]>([
  ["was deleted or deactivated", "user-flags", { userId: ANA, flags: { deleted: true } }, /Slack says .*: deleted/],
  ["is a guest now", "user-flags", { userId: ANA, flags: { guest: true } }, /Slack says .*: guest/],
  [
    "is a guest of one channel now",
    "user-flags",
    { userId: ANA, flags: { guest: true, singleChannelGuest: true } },
    /Slack says .*: guest/,
  ],
  ["is a bot", "user-flags", { userId: ANA, flags: { bot: true } }, /Slack says .*: bot/],
  ["is a workflow's bot", "user-flags", { userId: ANA, flags: { workflowBot: true } }, /Slack says .*: workflow bot/],
  ["is invited again", "user-flags", { userId: ANA, flags: { invited: true } }, /Slack says .*: invited/],
  ["is a stranger", "user-flags", { userId: ANA, flags: { stranger: true } }, /Slack says .*: stranger/],
  ["left the approvers", "usergroup", { id: "S0APPROVERS", users: ["U0BEN"] }, /not in the Slack group S0APPROVERS/],
])("the key of an account that %s since does not count, and nothing starts", async (_what, ...[path, body, why]) => {
  await openSlack();

  const turned = await startOnBothKeys(async () => void (await place?.people.act(path, body)));

  expect(turned.started).toBe(false);
  expect(turned.lapsed).toEqual([expect.stringMatching(why)]);
});

test("nor does that of an account that belongs to another workspace by then", async () => {
  await openSlack();

  const turned = await startOnBothKeys(async () => {
    await place?.stop();
    await openSlack([ELSEWHERE, ...SPEC.users.filter(({ id }) => id !== ANA)]);
  });

  expect(turned.started).toBe(false);
  expect(turned.lapsed).toEqual([expect.stringMatching(/Slack says .*: other team/)]);
});
