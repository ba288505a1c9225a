import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { PipelineAnswer, PipelineAsk } from "../../../src/commands/pipeline.ts";
import { UserError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { createPipelineDoor, pipelineRoute } from "../../../src/doors/webhooks/pipelines.ts";
import { silent } from "../../harness/fakes/index.ts";
import { type OpenWeb, openWeb } from "./web-door.ts";

const KEY = "a-key-of-the-release-pipeline-0123";
const OLD_KEY = "the-key-before-it-which-still-counts";
const OTHER_KEY = "a-key-of-quite-another-pipeline-4567";
const KEYS: Readonly<Record<string, readonly string[]>> = { release: [KEY, OLD_KEY], nightly: [OTHER_KEY] };
const NOW_MS = Date.parse("2026-11-26T08:00:00Z");
const AT = String(NOW_MS / 1_000);
const ASK = { id: "deploy-4711", runbook: "snapshot", service: "inventory", reason: "release 4.2.0" };
const ANSWER: PipelineAnswer = { plan: "F-ABC", state: "running" };

let web: OpenWeb;
let asked: PipelineAsk[];
afterEach(() => web.close());

interface Wish {
  readonly pipeline?: string;
  readonly key?: string;
  readonly timestamp?: string;
  readonly body?: string;
  /** What is signed, where it is not what is sent. */
  readonly signed?: string;
  readonly signature?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function openDoor(ask: (ask: PipelineAsk) => Promise<PipelineAnswer> = async () => ANSWER): Promise<void> {
  asked = [];
  const door = createPipelineDoor({
    keysOf: (name) => (KEYS[name] ?? []).map((key) => new Secret(key)),
    ask: async (wanted) => {
      asked.push(wanted);
      return ask(wanted);
    },
    nowMs: () => NOW_MS,
    logger: silent,
  });
  web = await openWeb({ routes: [pipelineRoute(door)] });
}

/** Signed as the manual says; what is sent may differ from it. */
function post(wish: Wish = {}): Promise<Response> {
  const { pipeline = "release", key = KEY, timestamp = AT, body = JSON.stringify(ASK) } = wish;
  const mac = createHmac("sha256", key)
    .update(wish.signed ?? `v1:${timestamp}:${pipeline}:${body}`)
    .digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-twokey-timestamp": timestamp,
    "x-twokey-signature": wish.signature ?? `v1=${mac}`,
    ...wish.headers,
  };
  return web.fetch(`/webhooks/pipelines/${pipeline}`, { method: "POST", headers, body });
}

const bodyWith = (more: object) => ({ body: JSON.stringify({ ...ASK, ...more }) });
const atSecond = (seconds: number) => ({ timestamp: String(NOW_MS / 1_000 + seconds) });

describe("a request that is signed", () => {
  test("is answered 202 with its run, and whose it is comes from the path that was signed", async () => {
    await openDoor();

    const response = await post();

    expect([response.status, await response.json()]).toEqual([202, ANSWER]);
    expect(asked).toEqual([{ pipeline: "release", ...ASK }]);
  });

  test.each<[string, Wish]>([
    ["with the key before, while keys are changed", { key: OLD_KEY }],
    ["with several signatures, one of which counts", { signature: `v1=${"0".repeat(64)}, v1=${macOf(KEY)}` }],
    ["exactly five minutes ago", atSecond(-300)],
    ["by a clock that is exactly five minutes ahead", atSecond(300)],
    ["over a body that is written another way", { body: `${JSON.stringify(ASK, undefined, 2)}\r\n` }],
  ])("%s is taken", async (_what, wish) => {
    await openDoor();

    expect((await post(wish)).status).toBe(202);
    expect(asked).toHaveLength(1);
  });
});

function macOf(key: string): string {
  return createHmac("sha256", key)
    .update(`v1:${AT}:release:${JSON.stringify(ASK)}`)
    .digest("hex");
}

describe("guard pipeline signature: a request is refused, and nothing of it is read", () => {
  test.each<[string, Wish]>([
    ["that is signed with another pipeline's key", { key: OTHER_KEY }],
    ["that was signed for another pipeline", { pipeline: "nightly", key: KEY }],
    [
      "whose pipeline was changed on the way",
      { pipeline: "nightly", key: OTHER_KEY, signed: `v1:${AT}:release:${JSON.stringify(ASK)}` },
    ],
    ["of a pipeline that there is not", { pipeline: "stranger" }],
    ["whose body was changed on the way", { signed: `v1:${AT}:release:${JSON.stringify({ ...ASK, reason: "x" })}` }],
    ["whose time was changed on the way", { ...atSecond(10), signed: `v1:${AT}:release:${JSON.stringify(ASK)}` }],
    ["that signs its body alone", { signed: JSON.stringify(ASK) }],
    ["without a signature", { signature: "" }],
    ["with a signature of another version", { signature: `v2=${macOf(KEY)}` }],
    ["with a signature that is cut short", { signature: `v1=${macOf(KEY).slice(0, 62)}` }],
    ["with a signature in capitals", { signature: `v1=${macOf(KEY).toUpperCase()}` }],
    ["with a header that does not end", { signature: `${`v1=${"0".repeat(64)},`.repeat(20)}v1=${macOf(KEY)}` }],
  ])("%s", async (_what, wish) => {
    await openDoor();

    const response = await post(wish);

    expect([response.status, await response.json()]).toEqual([401, expect.objectContaining({ error: "not-signed" })]);
    expect(asked).toEqual([]);
  });
});

describe("guard pipeline replay: a request is refused", () => {
  test.each<[string, Wish]>([
    ["that was signed more than five minutes ago", atSecond(-301)],
    ["that is signed more than five minutes ahead", atSecond(301)],
    ["whose time is no whole number of seconds", { timestamp: `${AT}.5` }],
    ["whose time is in milliseconds", { timestamp: String(NOW_MS) }],
    ["whose time is empty", { timestamp: "" }],
  ])("%s", async (_what, wish) => {
    await openDoor();

    expect((await post(wish)).status).toBe(401);
    expect(asked).toEqual([]);
  });
});

describe("a body that is not understood", () => {
  test.each<[string, Wish, string]>([
    ["no JSON", { body: "snapshot please" }, "body"],
    ["without a reason", bodyWith({ reason: "  " }), "reason: must say why"],
    ["without a service", bodyWith({ service: undefined }), "service"],
    ["with an id that is no id", bodyWith({ id: "a b" }), "id: must be"],
    ["with something that nobody knows", bodyWith({ force: true }), "force"],
  ])("%s is answered 400, and says what is wrong", async (_what, wish, says) => {
    await openDoor();

    const response = await post(wish);

    expect(response.status).toBe(400);
    expect(await response.text()).toContain(says);
    expect(asked).toEqual([]);
  });
});

describe("what cannot be done", () => {
  test.each([
    ["service-unknown", 404],
    ["runbook-unknown", 404],
    ["runbook-needs-keys", 403],
    ["plan-waiting", 409],
    ["service-claimed", 409],
    ["request-used", 409],
    ["plan-refused", 409],
    ["store-lost", 503],
  ])("for the reason %s is answered %i, with the sentence and with what is in the way", async (code, status) => {
    await openDoor(() => Promise.reject(new UserError(code, "Because of it.", { facts: { run: "F-OTHER" } })));

    const response = await post();

    expect([response.status, await response.json()]).toEqual([
      status,
      { error: code, says: "Because of it.", run: "F-OTHER" },
    ]);
  });

  test("for a fault of ours is answered 503, and tells nothing of it", async () => {
    await openDoor(() => Promise.reject(new Error("secret detail")));

    const response = await post();

    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("secret detail");
  });
});
