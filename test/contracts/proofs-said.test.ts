import { SubscribeCommand } from "@aws-sdk/client-sns";
import { afterEach, expect, test } from "@jest/globals";
import type { Proven } from "../../src/domain/proof.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createMail } from "../../src/integrations/pagers/mail/pager.ts";
import { createPagerDuty, type PagerDutyOptions } from "../../src/integrations/pagers/pagerduty/pager.ts";
import { type SlackProofOptions, slackProofs } from "../../src/integrations/slack/proofs.ts";
import type { Proof } from "../../src/ports/proof.ts";
import { startMail } from "../../src/simulators/mail/mail.ts";
import { createWorld } from "../../src/simulators/world/world.ts";
import { doctorLine } from "../../src/views/proofs.ts";
import { clientsIn } from "../harness/aws-calls.ts";
import { silent } from "../harness/fakes/index.ts";
import { quotationsOf } from "../harness/quoted.ts";
import { ACCOUNT, type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../simulators/pagerduty/account.ts";
import { APP, BOT_TOKEN, openSlackWorld, SCOPES, type SlackWorld } from "../simulators/slack/slack-world.ts";
import { NEIGHBOUR_ROLE, ROLE, STANDBY, TOPIC } from "./aws/inventory-world.ts";
import { worldOfEachTest } from "./aws/world-of-each-test.ts";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

/** What people read of it. */
function saidOf(proven: Proven | undefined): string {
  if (proven?.kind === "wrong") return `${proven.what} ${proven.instead}`;
  return proven !== undefined && "why" in proven ? proven.why : String(proven?.kind);
}

async function provenOf(proofs: readonly Proof[] | undefined, id: string): Promise<string> {
  return saidOf(await proofs?.find((proof) => proof.id === id)?.prove(new AbortController().signal));
}

/** Each way in which one thing can be wrong or silent, made to happen; together they say all that its row quotes. */
type Ways = readonly (() => Promise<string>)[];

async function expectRow(fault: string, ways: Ways): Promise<void> {
  const said: string[] = [];
  for (const way of ways) said.push(await way());
  for (const sentence of quotationsOf(fault)) expect(said.join("\n")).toMatch(sentence);
}

async function slackWorld(...spec: Parameters<typeof openSlackWorld>): Promise<SlackWorld> {
  const place = await openSlackWorld(...spec);
  toClose.push(() => place.stop());
  return place;
}

const slack = (id: string, change: Partial<SlackProofOptions> = {}, at = () => slackWorld()) => ({
  in: async (): Promise<string> => {
    const place = await at();
    const proofs = slackProofs({
      ...{ botToken: new Secret(BOT_TOKEN), appToken: new Secret("xapp-sim-1"), apiUrl: place.slack.apiUrl },
      ...{ minuteMs: undefined, team: "T0ACME", enterprise: undefined, logger: silent },
      ...{ approversGroup: () => undefined, alertsChannel: () => "C0OPS" },
      ...change,
    });
    return provenOf(proofs, id);
  },
});
const unknownToken = new Secret("xoxb-sim-unknown");
const silentSlack = async () => {
  const place = await openSlackWorld();
  await place.stop();
  return place;
};
const channel = (change: object) => async () => {
  const place = await slackWorld();
  await place.people.act("channel", { channelId: "C0OPS", ...change });
  return place;
};

const SLACK: Readonly<Record<string, readonly { in(): Promise<string> }[]>> = {
  "slack-bot-token": [
    slack("slack-bot-token", { botToken: unknownToken }),
    slack("slack-bot-token", { team: "T0OTHER" }),
    slack("slack-bot-token", {}, silentSlack),
  ],
  "slack-scopes": [
    slack("slack-scopes", {}, () =>
      slackWorld({ apps: [{ ...APP, scopes: SCOPES.filter((scope) => scope !== "pins:write") }] }),
    ),
  ],
  "slack-alerts-channel": [
    slack("slack-alerts-channel", {}, channel({ archived: true })),
    slack("slack-alerts-channel", {}, channel({ isBotIn: false })),
    slack("slack-alerts-channel", { alertsChannel: () => "C0NOWHERE" }),
  ],
  "slack-app-token": [slack("slack-app-token", { appToken: new Secret("xapp-sim-unknown") })],
};

test.each(Object.keys(SLACK))("%s: what people see of it is said word for word", async (fault) => {
  await expectRow(
    fault,
    (SLACK[fault] ?? []).map((each) => () => each.in()),
  );
});

interface OfPagerDuty {
  readonly spec?: Parameters<typeof openBench>[0];
  readonly options?: Partial<PagerDutyOptions>;
  readonly happens?: (bench: Bench) => unknown;
}

async function pagerDuty(id: string, { spec = {}, options = {}, happens }: OfPagerDuty): Promise<string> {
  const bench = await openBench(spec);
  await happens?.(bench);
  const pager = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${bench.simulator.port}`, from: BOT, expectsWebhooks: true },
    ...{ apiToken: new Secret(TOKEN), routingKey: new Secret(ROUTING_KEY), service: "PSVC1" },
    ...options,
  });
  toClose.push(
    () => bench.stop(),
    () => pager.close(),
  );
  return provenOf(pager.proofs, id);
}

const serviceWith = (setting: object): OfPagerDuty => ({
  spec: { services: ACCOUNT.services.map((service) => ({ ...service, ...setting })) },
});
const wrongToken: OfPagerDuty = { options: { apiToken: new Secret("wrong") } };
const silentPager: OfPagerDuty = { happens: (bench) => bench.simulator.stop() };
const HOOK = { id: "PWHK1", url: "https://twokey.example.com/webhooks/pagerduty", secrets: ["s"] };

const PAGERDUTY: Readonly<Record<string, readonly OfPagerDuty[]>> = {
  "pagerduty-routing-key": [{ options: { routingKey: new Secret("f".repeat(32)) } }, silentPager],
  "pagerduty-api-token": [wrongToken, { options: { from: "nobody@example.com" } }],
  "pagerduty-service": [
    { options: { service: "PNOWHERE" } },
    wrongToken,
    ...[{ urgency: "low" }, { status: "disabled" }, { status: "maintenance" }].map(serviceWith),
    ...[{ alertGrouping: "time" }, { autoPauseSeconds: 300 }].map(serviceWith),
  ],
  "pagerduty-webhooks": [
    {
      spec: { webhookSubscriptions: [HOOK] },
      happens: (bench) => bench.control("POST", "/pagerduty/webhooks", { id: HOOK.id, isDisabled: true }),
    },
    { spec: { webhookSubscriptions: [] } },
  ],
};

test("slack-signing-secret: no harmless call can show it, and people see that word for word", async () => {
  const proofs = slackProofs({
    ...{ botToken: unknownToken, appToken: undefined, apiUrl: undefined, minuteMs: undefined, logger: silent },
    ...{ team: "T0ACME", enterprise: undefined, approversGroup: () => undefined, alertsChannel: () => "C0OPS" },
  });
  const proof = proofs.find(({ id }) => id === "slack-signing-secret");
  if (!proof) throw new Error("there is no such proof");
  const proven = await proof.prove(new AbortController().signal);
  const seen = { ...proof, proven, sinceMs: 0, answeredAtMs: undefined, isSilent: false };
  await expectRow("slack-signing-secret", [async () => doctorLine(seen)]);
});

test.each(Object.keys(PAGERDUTY))("%s: what people see of it is said word for word", async (fault) => {
  await expectRow(
    fault,
    (PAGERDUTY[fault] ?? []).map((each) => () => pagerDuty(fault, each)),
  );
});

async function mail(isThere: boolean): Promise<string> {
  const world = createWorld({ startMs: 0, speed: 1, seed: 1, regions: [] });
  const server = await startMail(world, { login: { user: "twokey", password: "right" } }, { port: 0 });
  if (isThere) toClose.push(() => server.stop());
  else await server.stop();
  const login = { user: new Secret("twokey"), password: new Secret("wrong") };
  const pager = createMail({ server: `127.0.0.1:${server.port}`, tls: "none", from: "twokey@example.com", login });
  toClose.push(() => pager.close());
  return provenOf(pager.proofs, "mail-server");
}

test("mail-server: what people see of it is said word for word", async () => {
  await expectRow("mail-server", [() => mail(true), () => mail(false)]);
});

const inventory = worldOfEachTest();
const roleOf = (id: string, arn: string) => ({
  ...{ id, role: { arn, sessionName: "bot-1-proof" } },
  neededBy: "every move" as const,
});

/** By the id of its proof, of which the row has the beginning. */
async function aws(id: string, { account = "111122223333", topic = TOPIC } = {}): Promise<string> {
  const roles = [
    roleOf("role", ROLE),
    roleOf("observe-role", NEIGHBOUR_ROLE),
    roleOf("role:444455556666:dr-observe", NEIGHBOUR_ROLE),
  ];
  return provenOf(
    inventory()
      .connect()
      .proofs({ account, roles, topics: [topic] }),
    id,
  );
}

const trusted = (trust: object) => inventory().control("/sts/trust", trust);
const DOOR = "https://twokey.example.com/webhooks/sns";

test.each([
  ["aws-identity", "aws-identity", { keys: "revoked" }],
  ["aws-role", "aws-role", { refused: [ROLE] }],
  ["aws-observe-role", "aws-observe-role", { refused: [NEIGHBOUR_ROLE] }],
  ["aws-role:…", "aws-role:444455556666:dr-observe", { refused: [NEIGHBOUR_ROLE] }],
  ["aws-account", "aws-account", { account: "999900001111" }],
])("%s: what people see of it is said word for word", async (fault, id, trust) => {
  await trusted(trust);
  await expectRow(fault, [() => aws(id)]);
});

test("topic:…: what people see of it is said word for word", async () => {
  const nobody = { accessKeyId: "AKIDSOMEBODY", secretAccessKey: "s", sessionToken: "" };
  const clients = clientsIn(STANDBY, { endpoint: inventory().endpoint, maxAttempts: 1, credentials: nobody });
  toClose.push(() => clients.destroy());
  const gone = TOPIC.replace("alarms", "gone");
  const refused = { kind: "error", status: 403, code: "AuthorizationError" } as const;
  const shown = () => aws(`topic:${TOPIC}`);
  await expectRow("topic:…", [
    shown,
    () => aws(`topic:${gone}`, { topic: gone }),
    async () => {
      inventory().world.faults.plan({
        vendor: "aws",
        operation: "ListSubscriptionsByTopic",
        effect: refused,
        times: 1,
      });
      return shown();
    },
    async () => {
      await clients.sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: "https", Endpoint: DOOR }));
      return shown();
    },
  ]);
});
