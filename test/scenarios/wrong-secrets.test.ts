import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventually } from "../harness/eventually.ts";
import { quoted } from "../harness/quoted.ts";
import { answerTo, startTestStage } from "../harness/stage.ts";
import { drawn, WALKED } from "../harness/tables.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const HOUR_MS = 3_600_000;
/** Machine time; the bot waits five seconds at least between two looks at one thing. */
const SOON_MS = 30_000;
const RESPONDER = "U01FARID";

const Ready = z.strictObject({
  ready: z.boolean(),
  missing: z.array(z.string()),
  degraded: z.array(
    z.strictObject({
      proof: z.string(),
      since: z.iso.datetime(),
      answered: z.iso.datetime().nullable(),
      state: z.enum(["wrong", "unknown", "pending"]),
      what: z.string(),
      instead: z.string(),
    }),
  ),
});

let stage: Stage;
beforeAll(async () => {
  stage = await startTestStage({ example: "inventory", speed: 20 });
}, 120_000);
afterAll(() => stage.stop());

async function readyz() {
  const [bot] = stage.bots;
  const answer = await fetch(`${await bot?.origin()}/readyz`);
  return { status: answer.status, ...Ready.parse(await answer.json()) };
}

/** Resolves when this is wrong, or gives no answer. */
const degraded = (proof: string, state: "wrong" | "unknown" = "wrong") =>
  eventually(`${proof} that is ${state}`, async () => {
    const said = await readyz();
    const entry = said.degraded.find((each) => each.proof === proof && each.state === state);
    return entry && { ...said, entry };
  });

async function fine(): Promise<void> {
  let said: unknown;
  await eventually("a bot of which everything is proven", async () => {
    const { ready, degraded: what } = await readyz();
    said = what;
    return ready && what.length === 0 ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(JSON.stringify(said, null, 1), { cause: error });
  });
}

/** From this machine, with what the bot has. */
function doctor(args: readonly string[] = []): Promise<{ code: number; out: string; err: string }> {
  const env = {
    ...stage.environment,
    ...{ PATH: process.env["PATH"] ?? "", REDIS_URL: stage.redisUrl, TWOKEY_PROCESS_NAME: "bot-1" },
    ...{ TWOKEY_LEDGER_DIR: join(stage.directory, "ledger"), TWOKEY_LEDGER_KEY: stage.ledgerKey },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [QUICKER_START, CLI, "doctor", ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function board(): Promise<string> {
  const { channel } = stage.inventory.file.alerts;
  return JSON.stringify(await answerTo(stage, { slackId: RESPONDER, words: "/dr status", channel }, /inventory/));
}

/** Every secret that this installation has; nothing that is said may hold one. */
const SECRETS = () => [
  stage.ledgerKey,
  "xoxb-sim-twokey",
  "xapp-sim-twokey",
  "simulated-pagerduty-token",
  "51a7ed0000",
];

const topic = () => stage.inventory.file.alerts.topics[0] ?? "";
const role = async () => String((await stage.world.log("sts.role-assumed")).at(-1)?.facts["role"]);

interface Case {
  readonly what: string;
  /** How the id of its proof begins. */
  readonly id: string;
  readonly proof: () => string;
  readonly breaks: () => Promise<unknown>;
  readonly mends: () => Promise<unknown>;
  readonly status?: 503;
  readonly says: RegExp;
  readonly instead: RegExp;
}

const slack = (app: object) => () => stage.world.post("/slack/app", app);
const alertsChannel = (change: object) => () =>
  stage.world.post("/slack/channel", { channelId: stage.inventory.file.alerts.channel, ...change });
const pagerDuty = (secrets: object) => () => stage.world.post("/pagerduty/secrets", secrets);
const webhooks = (change: object) => async () => {
  const [subscription] = z.array(z.looseObject({ id: z.string() })).parse(await stage.world.get("/pagerduty/webhooks"));
  await stage.world.post("/pagerduty/webhooks", { id: subscription?.id, ...change });
};
const sts = (trust: object) => () => stage.world.post("/sts/trust", trust);
const MANIFEST = [
  ...["commands", "chat:write", "channels:manage", "channels:read", "channels:history", "im:write", "im:history"],
  ...["users:read", "usergroups:read", "pins:write", "bookmarks:read", "bookmarks:write"],
];

const CASES: readonly Case[] = [
  {
    what: "a bot token that was revoked",
    id: "slack-bot-token",
    proof: () => "slack-bot-token",
    breaks: slack({ revoked: ["bot"] }),
    mends: slack({ revoked: [] }),
    says: /^Slack refuses the bot token \(token_revoked\)\.$/,
    instead: /set SLACK_BOT_TOKEN/,
  },
  {
    what: "an app token that was revoked",
    id: "slack-app-token",
    proof: () => "slack-app-token",
    breaks: slack({ revoked: ["app"] }),
    mends: slack({ revoked: [] }),
    says: /^Slack refuses the app token/,
    instead: /connections:write.*SLACK_APP_TOKEN/,
  },
  {
    what: "a bot token without a scope",
    id: "slack-scopes",
    proof: () => "slack-scopes",
    breaks: slack({ scopes: MANIFEST.filter((scope) => scope !== "pins:write") }),
    mends: slack({ scopes: MANIFEST }),
    says: /^The bot token lacks the scope pins:write\.$/,
    instead: /Add pins:write .*install the app again/,
  },
  {
    what: "an alerts channel that somebody archived",
    id: "slack-alerts-channel",
    proof: () => "slack-alerts-channel",
    breaks: alertsChannel({ archived: true }),
    mends: alertsChannel({ archived: false }),
    says: /^The alerts channel \S+ is archived\.$/,
    instead: /Take it out of the archive/,
  },
  {
    what: "an alerts channel that the bot was removed from",
    id: "slack-alerts-channel",
    proof: () => "slack-alerts-channel",
    breaks: alertsChannel({ isBotIn: false }),
    mends: alertsChannel({ isBotIn: true }),
    says: /^TwoKey is not in the alerts channel \S+\.$/,
    instead: /Invite it there/,
  },
  {
    what: "a routing key that was taken out of the service",
    id: "pagerduty-routing-key",
    proof: () => "pagerduty-routing-key",
    breaks: pagerDuty({ routingKeys: "refused" }),
    mends: pagerDuty({ routingKeys: "taken" }),
    status: 503,
    says: /refuses the routing key, so nobody can be paged/,
    instead: /Set PAGERDUTY_ROUTING_KEY/,
  },
  {
    what: "an API token that was removed",
    id: "pagerduty-api-token",
    proof: () => "pagerduty-api-token",
    breaks: pagerDuty({ apiToken: "refused" }),
    mends: pagerDuty({ apiToken: "taken" }),
    says: /refuses the API token/,
    instead: /set PAGERDUTY_API_TOKEN/,
  },
  {
    what: "webhooks that PagerDuty has disabled",
    id: "pagerduty-webhooks",
    proof: () => "pagerduty-webhooks",
    breaks: webhooks({ isDisabled: true }),
    mends: webhooks({ isDisabled: false }),
    says: /^The webhook subscription \S+ of PagerDuty is disabled\./,
    instead: /enable it in PagerDuty/,
  },
  {
    what: "AWS keys that were revoked",
    id: "aws-identity",
    proof: () => "aws-identity",
    breaks: sts({ keys: "revoked" }),
    mends: sts({ keys: "taken" }),
    says: /^STS refuses the AWS credentials of this machine/,
    instead: /AWS permissions/,
  },
  {
    what: "a role that trusts this machine no more",
    id: "aws-role",
    proof: () => "aws-role",
    breaks: async () => stage.world.post("/sts/trust", { refused: [await role()] }),
    mends: sts({ refused: [] }),
    says: /^STS refuses the role arn:aws:iam::\d+:role\/twokey-execute\.$/,
    instead: /trust policy/,
  },
  {
    what: "an account that is not the one of the file",
    id: "aws-account",
    proof: () => "aws-account",
    breaks: sts({ account: "999900001111" }),
    mends: sts({ account: null }),
    says: /acts in the account 999900001111, and aws\.account names 111122223333/,
    instead: /Mend aws\.account/,
  },
  {
    what: "a topic that TwoKey is not subscribed to",
    id: "topic:",
    proof: () => `topic:${topic().replace(/:\d{12}:/, ":111122223333:")}`,
    breaks: () => stage.world.post("/sns/unsubscribe", { topicArn: topic().replace(/:\d{12}:/, ":111122223333:") }),
    mends: async () => {
      const [bot] = stage.bots;
      const endpoint = `${await bot?.origin()}/webhooks/sns`;
      await stage.world.post("/sns/subscribe", { topicArn: topic().replace(/:\d{12}:/, ":111122223333:"), endpoint });
    },
    says: /^TwoKey is not subscribed to arn:aws:sns:/,
    instead: /Subscribe https/,
  },
  {
    what: "a write check that answers nothing that was agreed",
    id: "write-check:",
    proof: () => "write-check:inventory:stores.stock:eu-west-1",
    breaks: () =>
      stage.world.planFault({
        ...{ vendor: "app", operation: "POST /write-check", region: "eu-west-1" },
        effect: { kind: "error", status: 404, code: "not-found" },
      }),
    mends: () => stage.world.post("/faults/clear", {}),
    says: quoted("The write check of … in … answers HTTP …, which is not one of the two agreed answers."),
    instead: quoted("Mend it, or its URL in twokey.yaml: see “the write check” in the operations manual."),
  },
];

test("with everything right the bot is ready, nothing is degraded, and the doctor proves each by itself", async () => {
  await fine();
  const { code, out } = await doctor();
  expect(code).toBe(0);
  expect(out.trim().split("\n").at(-1)).toMatch(/^\d\d proven, 0 wrong, 0 without an answer\.$/);
  for (const { proof } of CASES) expect(out).toContain(`✓ ${proof()}: `);
});

/** A doctor is a process for each, and an hour is jumped over: two are tried a day, of different vendors, and all by `npm run tables`. */
const APART = Math.ceil(CASES.length / 2);
const DRAWN = drawn(
  "wrong",
  CASES.slice(0, APART).map((one, index) => [one, ...CASES.slice(index + APART, index + APART + 1)]),
).flat();

test("two that are tried on one day are of different vendors", () => {
  const vendorOf = (index: number) => CASES[index]?.id.split(/[-:]/)[0];
  for (const index of CASES.keys()) expect(vendorOf(index)).not.toBe(vendorOf(index + APART));
});

describe.each(DRAWN)(`$what (${WALKED})`, ({ proof, breaks, mends, status = 200, says, instead }) => {
  test("is noticed within the hour and told to people, by the doctor too, and is un-said when it is mended", async () => {
    const { world } = stage;
    await fine();
    const seq = (await world.log()).at(-1)?.seq ?? 0;
    await breaks();
    try {
      await stage.jump(HOUR_MS);

      const seen = await degraded(proof());
      expect([seen.status, seen.ready]).toEqual([status, status === 200]);
      expect(seen.entry.what).toMatch(says);
      expect(seen.entry.instead).toMatch(instead);
      const { code, out } = await doctor(["--json"]);
      expect(code).toBe(1);
      const told = z.looseObject({ proofs: z.array(z.looseObject({ proof: z.string() })) }).parse(JSON.parse(out));
      expect(told.proofs.find((each) => each.proof === proof())).toMatchObject({
        state: "wrong",
        what: seen.entry.what,
      });
      // Whichever way still works: the channel, or the pager.
      const heard = await eventually("people who are told", async () => {
        const log = await world.log("", seq);
        const texts = log.flatMap(({ facts }) =>
          [facts["text"], facts["title"]].map((text) => (typeof text === "string" ? text : "")),
        );
        return texts.find((text) => text.includes(seen.entry.what.slice(0, 40)));
      });
      for (const secret of SECRETS())
        for (const text of [JSON.stringify(seen), out, heard]) expect(text).not.toContain(secret);
    } finally {
      await mends();
    }
    await fine();
    await world.expectLog(
      "slack.message-posted",
      (entry) => entry.seq > seq && String(entry.facts["text"]).startsWith("Mended on bot-1"),
      SOON_MS,
    );
  }, 120_000);
});

describe("an alerts channel that is gone", () => {
  test("is found at the first post that Slack refuses, and people are woken for it, once", async () => {
    const { world } = stage;
    await fine();
    const seq = (await world.log()).at(-1)?.seq ?? 0;
    await alertsChannel({ archived: true })();
    try {
      const topicArn = topic().replace(/:\d{12}:/, ":111122223333:");
      await world.post("/sns/send", { topicArn, subject: "RDS event", message: "inventory-db was restarted" });
      const { status, entry } = await degraded("slack-alerts-channel");
      expect(status).toBe(200);
      const woken = async () =>
        (await world.log("pagerduty.event-accepted", seq)).filter(({ facts }) => facts["action"] === "trigger");
      await eventually("people who are woken", async () => ((await woken()).length > 0 ? true : undefined));
      expect(await board()).toContain(entry.what);
      expect((await woken()).map(({ facts }) => [facts["dedupKey"], facts["severity"]])).toEqual([
        ["dr:production:unheard:bot-1", "critical"],
      ]);
    } finally {
      await alertsChannel({ archived: false })();
    }
    await fine();
  }, 120_000);
});

describe("a role that STS refuses", () => {
  test("is wrong at the next start as well: on the board, and no move is planned", async () => {
    await fine();
    await stage.world.post("/sts/trust", { refused: [await role()] });
    const [bot] = stage.bots;
    await bot?.stop();
    bot?.start();
    try {
      const { entry } = await degraded("aws-role");
      expect(await eventually("board", () => board().catch(() => undefined))).toContain(entry.what);
      const { channel } = stage.inventory.file.alerts;
      const words = "/dr failover inventory because of a test";
      const said = await answerTo(stage, { slackId: RESPONDER, words, channel }, /No plan/);
      expect(said.text).toMatch(
        /^No plan for inventory: STS refuses the role .* trust policy .* Nothing was changed\.$/,
      );
    } finally {
      await stage.world.post("/sts/trust", { refused: [] });
    }
    await fine();
  }, 120_000);
});

describe("a dark home region", () => {
  test("is not known, and never wrong: the bot stays ready, and the move out of it is planned", async () => {
    await fine();
    await stage.world.setRegion("eu-west-1", "dark");
    await stage.jump(HOUR_MS);
    try {
      const { status, entry } = await degraded("write-check:inventory:stores.stock:eu-west-1", "unknown");
      expect([status, entry.what]).toEqual([
        200,
        expect.stringMatching(/^Not known whether .*: the write check gives no answer/),
      ]);
      const { channel } = stage.inventory.file.alerts;
      const words = "/dr failover inventory unplanned because the region is dark";
      const said = await answerTo(stage, { slackId: RESPONDER, words, channel }, /Plan \S+ is made|No plan/);
      expect(said.text).toMatch(/is made/);
    } finally {
      await stage.world.setRegion("eu-west-1", "up");
    }
  }, 120_000);
});
