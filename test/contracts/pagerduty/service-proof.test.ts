import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../../src/domain/secret.ts";
import { createPagerDuty } from "../../../src/integrations/pagers/pagerduty/pager.ts";
import type { KeepingPager } from "../../../src/ports/pager.ts";
import type { PagerDutySpec } from "../../../src/simulators/pagerduty/spec.ts";
import { ACCOUNT, type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../../simulators/pagerduty/account.ts";

let bench: Bench;
let paging: KeepingPager;
afterEach(async () => {
  paging.close();
  await bench.stop();
});

const [OURS] = ACCOUNT.services;

async function proven(service: string, { token = TOKEN, ...spec }: Partial<PagerDutySpec> & { token?: string } = {}) {
  bench = await openBench(spec);
  paging = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${bench.simulator.port}`, from: BOT, service },
    ...{ apiToken: new Secret(token), routingKey: new Secret(ROUTING_KEY) },
  });
  const proof = paging.proofs?.find(({ id }) => id === "pagerduty-service");
  return proof?.prove(new AbortController().signal);
}

describe("the service of the file", () => {
  test("that pages with high urgency is right", async () => {
    expect(await proven(OURS?.id ?? "")).toEqual({ kind: "ok" });
  });

  test("that is not there is wrong", async () => {
    expect(await proven("PNOWHERE")).toMatchObject({ kind: "wrong", what: "PagerDuty has no service PNOWHERE." });
  });

  test.each([
    [{ urgency: "low" }, "pages with low urgency, which may ring nobody"],
    [{ urgency: "low-at-night" }, "pages with low urgency at some hours, which may ring nobody then"],
    [{ status: "disabled" }, "is disabled: it rings nobody"],
    [{ status: "maintenance" }, "is in maintenance: it rings nobody"],
    [{ alertGrouping: "time" }, "groups alerts: a second page may become part of an open incident and ring nobody"],
    [{ autoPauseSeconds: 300 }, "pauses notifications: a page may ring minutes late"],
  ] as const)("that rings nobody, or late, is wrong: %j", async (setting, does) => {
    const services = ACCOUNT.services.map((service) => ({ ...service, ...setting }));
    expect(await proven(OURS?.id ?? "", { services })).toMatchObject({
      kind: "wrong",
      what: `The PagerDuty service ${OURS?.id} ${does}.`,
      instead: expect.stringMatching(/^\w/),
    });
  });

  test("that the token may not read is not known", async () => {
    expect(await proven(OURS?.id ?? "", { token: "wrong" })).toMatchObject({ kind: "unknown", isAnswered: true });
  });
});
