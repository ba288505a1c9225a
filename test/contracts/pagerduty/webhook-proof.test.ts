import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../../src/domain/secret.ts";
import { createPagerDuty } from "../../../src/integrations/pagers/pagerduty/pager.ts";
import type { KeepingPager } from "../../../src/ports/pager.ts";
import { type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../../simulators/pagerduty/account.ts";

let bench: Bench;
let paging: KeepingPager;
afterEach(async () => {
  paging.close();
  await bench.stop();
});

const OURS = { id: "PWHK1", url: "https://twokey.example.com/webhooks/pagerduty", secrets: ["s"] };
const OTHER = { id: "PWHK2", url: "https://chat.example.com/hooks/pagerduty", secrets: ["s"] };

/** A pager whose account has these subscriptions, and what it proves of them. */
async function account(webhookSubscriptions: readonly (typeof OURS)[], { token = TOKEN, expectsWebhooks = true } = {}) {
  bench = await openBench({ webhookSubscriptions: [...webhookSubscriptions] });
  paging = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${bench.simulator.port}`, from: BOT, expectsWebhooks },
    ...{ apiToken: new Secret(token), routingKey: new Secret(ROUTING_KEY) },
  });
  return () => paging.proofs?.find(({ id }) => id === "pagerduty-webhooks")?.prove(new AbortController().signal);
}

describe("the webhook subscription", () => {
  test("that is active is right, whatever others there are", async () => {
    const prove = await account([OTHER, OURS]);
    expect(await prove()).toEqual({ kind: "ok" });
  });

  test.each([{ isDisabled: true }, { isActive: false }])(
    "that PagerDuty or somebody disabled is wrong until it is enabled again: %j",
    async (change) => {
      const prove = await account([OTHER, OURS]);
      await bench.control("POST", "/pagerduty/webhooks", { id: OURS.id, ...change });

      expect(await prove()).toMatchObject({
        kind: "wrong",
        what: "The webhook subscription PWHK1 of PagerDuty is disabled. Acknowledgements there come up to a minute late.",
        instead: expect.stringMatching(/PAGERDUTY_WEBHOOK_SECRETS.*enable it/),
      });
      await bench.control("POST", "/pagerduty/webhooks", { id: OURS.id, isDisabled: false, isActive: true });
      expect(await prove()).toEqual({ kind: "ok" });
    },
  );

  test("that leads elsewhere is none", async () => {
    const prove = await account([OTHER]);
    expect(await prove()).toMatchObject({ kind: "wrong", what: expect.stringMatching(/no webhook subscription/) });
  });

  test("that the token may not look at can be shown by no call; where nobody expects webhooks nothing is proven", async () => {
    const prove = await account([OURS], { token: "wrong" });
    expect(await prove()).toMatchObject({ kind: "unprovable" });
    paging.close();
    await bench.stop();
    const unasked = await account([], { expectsWebhooks: false });
    expect(await unasked()).toBeUndefined();
  });
});
