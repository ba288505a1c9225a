import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../../src/domain/secret.ts";
import { createMail, type MailOptions } from "../../../src/integrations/pagers/mail/pager.ts";
import type { CallRequest, Pager } from "../../../src/ports/pager.ts";
import { issueChain } from "../../../src/simulators/aws/certificates.ts";
import { type MailSimulator, type MailSpec, startMail } from "../../../src/simulators/mail/mail.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { createWorld, type World } from "../../../src/simulators/world/world.ts";
import { secretInFile } from "../../harness/secret-file.ts";

/** Machine time. Silence is waited for so long, and who answers on a busy machine needs less. */
const SILENT_MS = 2_500;

let world: World;
let server: MailSimulator;
let pager: Pager;

async function open(spec: MailSpec = {}, options: Partial<MailOptions> = {}): Promise<void> {
  world = createWorld({ startMs: 0, speed: 1, seed: 1, regions: [] });
  server = await startMail(world, spec, { port: 0 });
  pager = createMail({ server: `127.0.0.1:${server.port}`, tls: "none", from: "twokey@example.com", ...options });
}

afterEach(async () => {
  pager.close();
  await server.stop();
});

const plan = (operation: string, effect: FaultInput["effect"], times = 1) =>
  world.faults.plan({ vendor: "mail", operation, effect, times });

const PAGE: CallRequest = {
  ...{ dedupKey: "dr:prod:i1:1", pageKey: "i1:1:1.0:ana:mail:1", message: "SEV1 inventory:\r\nBcc: eve@example.com" },
  ...{ users: ["ana@example.com"], policies: [], besidesTrigger: false, urgent: true },
  details: { incident: "i1", services: "inventory", description: "" },
  links: [{ text: "Dashboard", href: "https://grafana.example.com/d/1" }],
  state: "Nobody has acknowledged yet",
  atMs: Date.parse("2026-11-21T03:12:41Z"),
};
const TOLD = { kind: "accepted", value: { covered: [] } };

describe("a page by mail", () => {
  test("says what it is about, how it stands, its own time and where to go, and cannot be acknowledged", async () => {
    await open();
    expect(await pager.call(PAGE)).toEqual(TOLD);
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      ...{ from: "twokey@example.com", to: ["ana@example.com"], subject: "SEV1 inventory: Bcc: eve@example.com" },
      date: "2026-11-21T03:12:41.000Z",
    });
    for (const line of [
      "State: Nobody has acknowledged yet.",
      "As of: 2026-11-21 03:12:41 UTC.",
      "Services: inventory",
      "Dashboard: https://grafana.example.com/d/1",
      "A mail cannot be acknowledged.",
    ])
      expect(mail?.text).toContain(line);
    expect([pager.trigger, pager.acknowledge, pager.resolve, pager.evidence]).toEqual(Array(4).fill(undefined));
  });

  test("that is sent again after a lost answer has the same Message-ID; another page has another", async () => {
    await open();
    plan("data", { kind: "drop-after" });
    expect(await pager.call(PAGE)).toMatchObject({ kind: "unknown" });
    expect(await pager.call(PAGE)).toEqual(TOLD);
    expect(await pager.call({ ...PAGE, pageKey: "i1:1:1.0:ben:mail:1" })).toEqual(TOLD);
    const [first, repeat, other] = server.mails.map(({ messageId }) => messageId);
    expect(first).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect(repeat).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe("a mail server that does not take it", () => {
  test.each<{ what: string; stage: string; effect: FaultInput["effect"]; answer: object }>([
    {
      what: "refuses connections for now",
      stage: "connect",
      effect: { kind: "error", status: 421, code: "busy" },
      answer: { kind: "retry" },
    },
    {
      what: "greylists",
      stage: "recipient",
      effect: { kind: "error", status: 450, code: "grey" },
      answer: { kind: "retry", afterMs: 60_000 },
    },
    {
      what: "knows no such person",
      stage: "recipient",
      effect: { kind: "error", status: 550, code: "no" },
      answer: { kind: "rejected", code: "smtp-550" },
    },
    {
      what: "refuses the text",
      stage: "data",
      effect: { kind: "error", status: 554, code: "spam" },
      answer: { kind: "rejected", code: "smtp-554" },
    },
    { what: "is dark from the start", stage: "connect", effect: { kind: "hang" }, answer: { kind: "unknown" } },
    { what: "falls silent before the text", stage: "recipient", effect: { kind: "hang" }, answer: { kind: "unknown" } },
    { what: "falls silent after the text", stage: "data", effect: { kind: "hang-after" }, answer: { kind: "unknown" } },
    { what: "cuts the connection", stage: "connect", effect: { kind: "drop-before" }, answer: { kind: "unknown" } },
  ])("that $what", async ({ stage, effect, answer }) => {
    await open({}, effect.kind.startsWith("hang") ? { answerWithinMs: SILENT_MS } : {});
    plan(stage, effect);
    expect(await pager.call(PAGE)).toMatchObject(answer);
    expect(await pager.call(PAGE)).toEqual(TOLD);
  });

  test("that is slow is waited for", async () => {
    await open({ latencyMs: 200 });
    expect(await pager.call(PAGE)).toEqual(TOLD);
  });

  test("that is not there: nothing was sent, again soon", async () => {
    await open();
    await server.stop();
    expect(await pager.call(PAGE)).toMatchObject({ kind: "retry", afterMs: 1_000 });
  });
});

describe("the connection", () => {
  const login = { user: new Secret("bot"), password: new Secret("hunter2") };

  test("signs in, and no answer holds the password", async () => {
    await open({ login: { user: "bot", password: "hunter2" } }, { login });
    expect(await pager.call(PAGE)).toEqual(TOLD);
    expect(server.mails[0]?.user).toBe("bot");
    pager.close();
    pager = createMail({
      ...{ server: `127.0.0.1:${server.port}`, tls: "none", from: "twokey@example.com" },
      login: { user: new Secret("bot"), password: new Secret("wrong-hunter2") },
    });
    const answer = await pager.call(PAGE);
    expect(answer).toMatchObject({ kind: "rejected" });
    expect(inspect(answer)).not.toContain("hunter2");
  });

  test("takes a password that changed, and the one before where the server has not heard of it yet", async () => {
    await open({ login: { user: "bot", password: "hunter2-new" } });
    const kept = secretInFile("MAIL_PASSWORD", "hunter2-old");
    const options = { server: `127.0.0.1:${server.port}`, tls: "none", from: "twokey@example.com" } as const;
    const changing = createMail({ ...options, login: { user: login.user, password: kept.secret } });
    kept.changeTo("hunter2-new");
    expect(await changing.call(PAGE)).toEqual(TOLD);
    kept.changeTo("hunter2-not-yet");
    kept.secrets.look();
    expect(await changing.call(PAGE)).toEqual(TOLD);
    expect(await changing.proofs?.[0]?.prove(new AbortController().signal)).toMatchObject({ kind: "wrong" });
    kept.remove();
  });

  test("is never made without encryption where the file asks for it", async () => {
    await open({}, { tls: "starttls" });
    expect(await pager.call(PAGE)).not.toEqual(TOLD);
    expect(server.mails).toEqual([]);
  });

  test("is encrypted from STARTTLS on, for a certificate that we trust and no other", async () => {
    const { ca, leaf } = issueChain("Example CA", "localhost", { from: new Date(0), to: new Date("2049-01-01") });
    const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await open({ starttls: { cert: leaf.pem, key } }, { tls: "starttls" });
    expect(await pager.call(PAGE)).not.toEqual(TOLD);
    expect(server.mails).toEqual([]);
    pager.close();
    pager = createMail({
      ...{ server: `localhost:${server.port}`, tls: "starttls", from: "twokey@example.com" },
      authorities: [ca.pem],
    });
    expect(await pager.call(PAGE)).toEqual(TOLD);
    expect(server.mails[0]?.isEncrypted).toBe(true);
  });
});

describe("whether the mail server lets us in", () => {
  const LOGIN = { user: "twokey", password: "the-right-one" };
  const proven = () => pager.proofs?.[0]?.prove(new AbortController().signal);
  const as = (password: string) => ({ user: new Secret(LOGIN.user), password: new Secret(password) });

  test("is proven by signing in, and no mail is sent", async () => {
    await open({ login: LOGIN }, { login: as(LOGIN.password) });
    expect(await proven()).toEqual({ kind: "ok" });
    expect(server.mails).toEqual([]);
  });

  test("is wrong with another password, which nobody is told", async () => {
    await open({ login: LOGIN }, { login: as("the-wrong-one") });
    const answer = await proven();
    expect(answer).toMatchObject({ kind: "wrong", instead: expect.stringContaining("MAIL_PASSWORD") });
    expect(JSON.stringify(answer)).not.toContain("the-wrong-one");
  });

  test("is not known while it does not answer", async () => {
    await open();
    await server.stop();
    expect(await proven()).toMatchObject({ kind: "unknown" });
    server = await startMail(world, {}, { port: 0 });
  });
});
