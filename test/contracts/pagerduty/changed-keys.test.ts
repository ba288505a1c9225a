import { afterEach, expect, test } from "@jest/globals";
import { createPagerDuty } from "../../../src/integrations/pagers/pagerduty/pager.ts";
import type { KeepingPager, PageRequest } from "../../../src/ports/pager.ts";
import { type KeptSecret, secretInFile } from "../../harness/secret-file.ts";
import { ACCOUNT, type Bench, BOT, openBench, ROUTING_KEY, TOKEN } from "../../simulators/pagerduty/account.ts";

const NEW_KEY = "c4a9ed0000000000000000000000c0de";
const PAGE: PageRequest = {
  dedupKey: "dr:prod:i1:1",
  summary: "sev1 inventory: us-east-1 does not answer",
  source: "twokey",
  severity: "critical",
  details: { incident: "i1" },
  links: [],
  state: "Nobody has acknowledged yet",
  atMs: Date.parse("2026-11-21T03:00:00Z"),
  urgent: true,
};
const ACCEPTED = { kind: "accepted", value: undefined };

let bench: Bench;
let paging: KeepingPager;
let key: KeptSecret;
let token: KeptSecret;

async function open(keys: readonly string[] = [ROUTING_KEY]): Promise<void> {
  bench = await openBench({ services: ACCOUNT.services.map((each) => ({ ...each, integrationKeys: [...keys] })) });
  key = secretInFile("PAGERDUTY_ROUTING_KEY", ROUTING_KEY);
  token = secretInFile("PAGERDUTY_API_TOKEN", TOKEN);
  paging = createPagerDuty({
    ...{ region: "us", address: `127.0.0.1:${bench.simulator.port}`, from: BOT },
    ...{ apiToken: token.secret, routingKey: key.secret },
  });
}
afterEach(async () => {
  paging.close();
  key.remove();
  token.remove();
  await bench.stop();
});

const facts = (kind: string) => bench.world.log.read(0, kind).map((entry) => entry.facts);
const proven = async () =>
  Object.fromEntries(
    await Promise.all(
      (paging.proofs ?? []).map(
        async (proof) => [proof.id, (await proof.prove(new AbortController().signal)).kind] as const,
      ),
    ),
  );

test("a key and a token that PagerDuty has replaced are read again, and the same page and the same look succeed", async () => {
  await open();
  await bench.control("POST", "/pagerduty/secrets", { newRoutingKey: NEW_KEY, newApiToken: "the-new-token" });
  key.changeTo(NEW_KEY);
  token.changeTo("the-new-token");
  expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
  expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({ kind: "accepted" });
  expect(facts("pagerduty.incident-created")).toHaveLength(1);
});

test("a new key and a new token that PagerDuty refuses leave those before in use, and the proofs say that they are wrong", async () => {
  await open();
  key.changeTo(NEW_KEY);
  token.changeTo("the-new-token");
  key.secrets.look();
  token.secrets.look();
  expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
  expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({ kind: "accepted" });
  expect(await proven()).toMatchObject({ "pagerduty-routing-key": "wrong", "pagerduty-api-token": "wrong" });
});

test("a resolution that did not reach the key before is no success, and the same one again is", async () => {
  await open([ROUTING_KEY, NEW_KEY]);
  await paging.trigger(PAGE);
  key.changeTo(NEW_KEY);
  key.secrets.look();
  const only = { vendor: "pagerduty", operation: "enqueue", parameter: ROUTING_KEY, times: 1 } as const;
  bench.world.faults.plan({ ...only, effect: { kind: "drop-before" } });
  expect(await paging.resolve(PAGE.dedupKey, "Ana")).toMatchObject({ kind: "unknown" });
  expect(facts("pagerduty.resolved")).toHaveLength(0);
  expect(await paging.resolve(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
  expect(facts("pagerduty.resolved")).toHaveLength(1);
});

test("a key before that PagerDuty knows no more keeps no resolution from success", async () => {
  await open();
  await bench.control("POST", "/pagerduty/secrets", { newRoutingKey: NEW_KEY });
  key.changeTo(NEW_KEY);
  key.secrets.look();
  await paging.trigger(PAGE);
  expect(await paging.resolve(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
});

test("a page whose answer was lost before the key changed opens one incident, and one that never arrived opens it", async () => {
  await open([ROUTING_KEY, NEW_KEY]);
  for (const [kind, dedupKey] of [
    ["drop-after", "opened"],
    ["drop-before", "lost"],
  ] as const) {
    bench.world.faults.plan({ vendor: "pagerduty", operation: "enqueue", effect: { kind }, times: 1 });
    expect(await paging.trigger({ ...PAGE, dedupKey })).toMatchObject({ kind: "unknown" });
  }
  key.changeTo(NEW_KEY);
  key.secrets.look();
  for (const dedupKey of ["opened", "lost"]) expect(await paging.trigger({ ...PAGE, dedupKey })).toEqual(ACCEPTED);
  const keys = facts("pagerduty.incident-created").map(({ incidentKey }) => incidentKey);
  expect(keys).toEqual(["opened", "lost"]);
});

test("what was opened under the key before is acknowledged and resolved under it, though pages leave under the new one", async () => {
  await open([ROUTING_KEY, NEW_KEY]);
  await paging.trigger(PAGE);
  key.changeTo(NEW_KEY);
  key.secrets.look();
  expect(await paging.acknowledge(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
  expect(facts("pagerduty.acknowledged")).toHaveLength(1);
  expect(await paging.resolve(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
  expect(facts("pagerduty.resolved")).toHaveLength(1);
});
