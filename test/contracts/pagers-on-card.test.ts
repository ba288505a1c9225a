import { once } from "node:events";
import { createServer } from "node:http";
import { Agent } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import { createMail } from "../../src/integrations/pagers/mail/pager.ts";
import { createPagerDuty, type PagerDutyOptions } from "../../src/integrations/pagers/pagerduty/pager.ts";
import { type MailSpec, startMail } from "../../src/simulators/mail/mail.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import { createWorld } from "../../src/simulators/world/world.ts";
import { cardText } from "../../src/views/card-text.ts";
import { incidentCard } from "../../src/views/incident.ts";
import { type Bridge, bridge, opened, pass } from "../flows/incident/bridge.ts";
import { inventory } from "../flows/incident/file.ts";
import { quotationsOf } from "../harness/quoted.ts";
import { type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../simulators/pagerduty/account.ts";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

/** Everything that an incident's card and its channel showed, at once and within these minutes. */
async function shownOf(desk: Bridge, minutes = 0): Promise<string> {
  const id = await opened(desk);
  await desk.pages(id);
  const first = await cardOf(desk, id);
  await pass(desk, id, minutes);
  return [first, await cardOf(desk, id), ...desk.chat.messages.map(({ text }) => text)].join("\n");
}

async function cardOf(desk: Bridge, id: string): Promise<string> {
  return cardText(incidentCard(await desk.incident(id), { nameOf: (name) => name }), { nowMs: desk.clock.now() });
}

interface Case {
  readonly fault: string;
  readonly happens?: (bench: Bench) => unknown;
  readonly with?: Partial<PagerDutyOptions>;
  readonly minutes?: number;
}

const enqueue = (effect: FaultInput["effect"]) => (bench: Bench) =>
  bench.world.faults.plan({ vendor: "pagerduty", operation: "enqueue", effect });
const nowhere: LookupFunction = (_name, _options, found) =>
  found(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND", syscall: "getaddrinfo" }), "");

const PAGERDUTY: readonly Case[] = [
  {
    fault: "429 with headers",
    happens: enqueue({ kind: "error", status: 429, code: "2020", retryAfterSeconds: 7 }),
  },
  { fault: "our own limit below PagerDuty's", with: { budget: { take: async () => 5_000 } } },
  { fault: "400 and other refusals of a page", with: { routingKey: new Secret("f".repeat(32)) }, minutes: 1 },
  { fault: "reset in the middle of an answer (drop-after)", happens: enqueue({ kind: "drop-after" }) },
  { fault: "hang", happens: enqueue({ kind: "hang" }), with: { answerWithinMs: 200 } },
  {
    fault: "HTML body of a gateway, status 502",
    happens: (bench) => bench.control("POST", "/pagerduty/mode", { mode: "html-502" }),
  },
  // Nobody of the file is a user of that account.
  { fault: "a person who is no responder there, or an account without responders" },
  {
    fault: "202, and no incident of it",
    happens: (bench) => bench.control("POST", "/pagerduty/mode", { mode: "accept-and-silence" }),
    minutes: 1,
  },
];

async function shownWith(bench: Bench, options: Partial<PagerDutyOptions> = {}, minutes = 0): Promise<string> {
  const pager = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${bench.simulator.port}` },
    ...{ apiToken: new Secret(TOKEN), routingKey: new Secret(ROUTING_KEY), from: BOT },
    ...options,
  });
  toClose.push(() => pager.close());
  const desk = bridge();
  const { trigger, call, evidence } = pager;
  Object.assign(desk.paging, { trigger, call, evidence });
  return shownOf(desk, minutes);
}

const MAIL: readonly {
  readonly fault: string;
  readonly stage?: string;
  readonly effect?: FaultInput["effect"];
  readonly login?: MailSpec["login"];
}[] = [
  {
    fault: "421, 450: busy, or greylisting",
    stage: "recipient",
    effect: { kind: "error", status: 450, code: "grey" },
  },
  {
    fault: "550, 554: no such person, refused text",
    stage: "recipient",
    effect: { kind: "error", status: 550, code: "no" },
  },
  { fault: "silence or a cut after the text (hang-after)", stage: "data", effect: { kind: "drop-after" } },
  { fault: "EAUTH: user or password", login: { user: "bot", password: "another" } },
  { fault: "no connection: nothing was sent" },
];

test.each(PAGERDUTY)("PagerDuty, $fault: the incident's card and channel say it word for word", async (one) => {
  const bench = await openBench({});
  toClose.push(() => bench.stop());
  await one.happens?.(bench);

  const shown = await shownWith(bench, one.with, one.minutes);

  for (const sentence of quotationsOf(one.fault)) expect(shown).toMatch(sentence);
});

test("PagerDuty, nobody listens: DNS or network: the incident's card and channel say it word for word", async () => {
  const bench = await openBench({});
  await bench.stop();
  const agent: PagerDutyOptions["agent"] = (options) => new Agent({ ...options, lookup: nowhere });

  const shown = [await shownWith(bench), await shownWith(bench, { address: undefined, agent })].join("\n");

  for (const sentence of quotationsOf("nobody listens: DNS or network")) expect(shown).toMatch(sentence);
});

test("PagerDuty, an answer of an unknown shape: where the answer was needed it is said what was not known of it", async () => {
  const server = createServer((_request, response) => response.writeHead(200).end('{"oncalls":7}'));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const pager = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${port}`, from: BOT },
    ...{ apiToken: new Secret(TOKEN), routingKey: new Secret(ROUTING_KEY) },
  });
  toClose.push(() => server.close());
  toClose.push(() => pager.close());

  const answer = await pager.whoIsOnCall(["PEPOPS01"]);

  for (const sentence of quotationsOf("an answer of an unknown shape"))
    expect(JSON.stringify(answer)).toMatch(sentence);
});

test.each(MAIL)("Mail, $fault: the incident's card says it word for word", async ({ fault, stage, effect, login }) => {
  const world = createWorld({ startMs: 0, speed: 1, seed: 1, regions: [] });
  const server = await startMail(world, login ? { login } : {}, { port: 0 });
  toClose.push(() => server.stop());
  if (stage && effect) world.faults.plan({ vendor: "mail", operation: stage, effect });
  else if (!login) await server.stop();
  const pager = createMail({
    ...{ server: `127.0.0.1:${server.port}`, tls: "none", from: "twokey@example.com" },
    ...(login && { login: { user: new Secret("bot"), password: new Secret("mine") } }),
  });
  toClose.push(() => pager.close());

  const shown = await shownOf(bridge(byMail(), [pager]));

  for (const sentence of quotationsOf(fault)) expect(shown).toMatch(sentence);
});

/** The file in which the first level is told by mail alone. */
const byMail = () =>
  inventory((file) => {
    const [first, ...rest] = file.escalation.severities.sev1.steps;
    const sev1 = { ...file.escalation.severities.sev1, steps: [{ ...first, channels: ["email"] }, ...rest] };
    const mail = { server: "smtp.example.com:587", from: "twokey@example.com" };
    return {
      ...{ ...file, pagers: { ...file.pagers, mail } },
      escalation: { ...file.escalation, severities: { ...file.escalation.severities, sev1 } },
    };
  });
