import { expect, test } from "@jest/globals";
import { STEPS } from "../../../src/flows/index.ts";
import type { DnsAnswer } from "../../../src/ports/probe.ts";
import { contextIn, fakeCloud } from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";

const INPUT = {
  region: "eu-central-1",
  blocks: [],
  name: "app.regami.com",
  newSide: "new-alb.us-west-2.elb.amazonaws.com",
};
const answer = (server: string, ...values: string[]): DnsAnswer => ({ server, values, ttlSeconds: 60 });

function looked(...nameServers: DnsAnswer[]) {
  const cloud = fakeCloud({
    clock: { now: () => AT },
    probe: {
      resolve: async () => [answer("resolver", "192.0.2.7", "192.0.2.8")],
      resolveAuthoritative: async () => nameServers,
    },
  });
  const context = contextIn(cloud);
  return STEPS["await-dns"]?.verify(INPUT, {}, context);
}

test("a change by hand counts from when every name server gives the new side, by address or by name", async () => {
  expect(await looked(answer("ns-1", "192.0.2.8"), answer("ns-2", INPUT.newSide))).toMatchObject({
    ...{ done: true, output: { inSyncAtMs: AT } },
  });
});

test("one name server that gives the old side, or nothing, or no name server at all, is waited for", async () => {
  const moved = answer("ns-1", "192.0.2.7");

  expect(await looked(moved, answer("ns-2", "198.51.100.1"))).toMatchObject({
    ...{ done: false, says: "ns-2 answers 198.51.100.1" },
  });
  expect(await looked(moved, answer("ns-2", "192.0.2.7", "198.51.100.1"))).toMatchObject({ done: false });
  expect(await looked(moved, { ...answer("ns-2"), error: "ETIMEOUT" })).toMatchObject({
    says: "ns-2 gives no answer in time",
  });
  expect(await looked()).toMatchObject({ done: false, says: "no name server answers" });
});
