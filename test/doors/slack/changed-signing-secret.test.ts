import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ACCEPTED_FOR_MS } from "../../../src/config/secrets.ts";
import { type KeptSecret, secretInFile } from "../../harness/secret-file.ts";
import { APP } from "../../simulators/slack/slack-world.ts";
import { type Desk, openDesk, whisper } from "./slack-door.ts";

const [OLD, NEW] = [APP.signingSecret, "the-signing-secret-after-the-change"];

let nowMs = 0;
let kept: KeptSecret;
let desk: Desk;
let server: Server;
beforeEach(async () => {
  nowMs = 0;
  kept = secretInFile("SLACK_SIGNING_SECRET", OLD, () => nowMs);
  desk = await openDesk({ connection: { mode: "http", signingSecret: kept.secret } });
  desk.answers(() => whisper("All is well"));
  const { listener } = desk.door;
  if (!listener) throw new Error("by HTTP the door listens");
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await desk.stop();
  kept.remove();
});

let count = 0;
/** As Slack signs it with this secret. Resolves to the status. */
async function post(secret: string, more = ""): Promise<number> {
  count += 1;
  const seconds = Math.floor(Date.now() / 1_000);
  const body = new URLSearchParams({
    ...{ command: "/dr", text: `status${more}`, trigger_id: `T${count}`, team_id: "T0ACME", user_id: "U0ANA" },
    ...{ channel_id: "C0OPS", api_app_id: "A0TWOKEY", is_enterprise_install: "false" },
  }).toString();
  const mac = createHmac("sha256", secret).update(`v0:${seconds}:${body}`).digest("hex");
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
    ...{ method: "POST", body },
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": String(seconds),
      "x-slack-signature": `v0=${mac}`,
    },
  });
  return answer.status;
}

test("guard old signing secret: a signing secret that changed counts at once, the one before for an hour, and no other ever", async () => {
  expect([await post(OLD), await post(NEW)]).toEqual([200, 401]);
  nowMs = 10_000;
  kept.changeTo(NEW);
  kept.secrets.look();
  desk.door.renew();
  expect([await post(NEW), await post(OLD), await post("some-other-secret")]).toEqual([200, 200, 401]);
  expect(desk.asks).toHaveLength(3);

  nowMs += ACCEPTED_FOR_MS;
  expect([await post(NEW), await post(OLD), await post("some-other-secret")]).toEqual([200, 401, 401]);
  expect(desk.asks).toHaveLength(4);
});

test("a request that nothing in memory signed has the file read again, once a second at most", async () => {
  kept.changeTo(NEW);
  expect(await post(NEW)).toBe(200);
  kept.changeTo("a-third-signing-secret");
  expect(await post("a-third-signing-secret")).toBe(401);
  nowMs += 1_000;
  expect(await post("a-third-signing-secret")).toBe(200);
});

test("a body that is too long is refused, also while two secrets count", async () => {
  kept.changeTo(NEW);
  kept.secrets.look();
  expect(await post(NEW, "x".repeat(300_000))).toBe(413);
  expect(desk.asks).toEqual([]);
});
