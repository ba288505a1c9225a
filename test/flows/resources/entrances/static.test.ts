import { describe, expect, test } from "@jest/globals";
import { observe } from "../../../../src/flows/observe.ts";
import { awaitDns, ledAway } from "../../../../src/flows/steps/await-dns.ts";
import type { DnsAnswer } from "../../../../src/ports/probe.ts";
import { example } from "../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../harness/fakes/index.ts";

const desk = example("every-kind").services.find(({ name }) => name === "desk");
if (!desk) throw new Error("the example has a desk");

const OLD = "desk-a.machines.example";
const NEW = "desk-b.machines.example";

describe("a name that people move", () => {
  test.each([
    ["its home", OLD, "leads to eu-west-1"],
    ["the other region", NEW, "leads to eu-central-1"],
    ["somewhere else", "elsewhere.example", "leads to none of its regions"],
  ])("is seen to lead to %s", async (_where, ledTo, says) => {
    const { resources } = await observe(desk, fakeCloud(ordinaryDay(desk, { ledTo })));

    expect(resources["entrance"]?.facts).toMatchObject([
      { what: "desk.hotels.example", seen: { known: true, value: says } },
    ]);
  });

  test("of which no name server answers is not known", async () => {
    const quiet = fakeCloud(ordinaryDay(desk));
    const silent: DnsAnswer = { server: "ns", values: [], ttlSeconds: 0, error: "ETIMEOUT" };
    const cloud = fakeCloud({ probe: { resolveAuthoritative: async () => [silent] } }, quiet);

    const { resources } = await observe(desk, cloud);

    expect(resources["entrance"]?.facts).toMatchObject([
      { seen: { known: false, cause: "unreachable", why: "ns: ETIMEOUT" } },
    ]);
  });
});

describe("a name whose region cannot be told", () => {
  test("guard host unseen: is not said to lead to no region while a region's own host gives no answer", async () => {
    const quiet = fakeCloud(ordinaryDay(desk, { ledTo: "elsewhere.example" }));
    const silent: DnsAnswer = { server: "resolver", values: [], ttlSeconds: 0, error: "ETIMEOUT" };
    const resolve = async (host: string) => (host === NEW ? [silent] : quiet.probe.resolve(host));

    const { resources } = await observe(desk, fakeCloud({ probe: { resolve } }, quiet));

    expect(resources["entrance"]?.facts).toMatchObject([
      { seen: { known: false, cause: "unreachable", why: `${NEW}: resolver: ETIMEOUT` } },
    ]);
  });
});

describe("people who moved a name back", () => {
  const step = {
    does: awaitDns.name,
    input: { name: "desk.hotels.example", newSide: NEW, region: "eu-central-1", blocks: [] },
  };
  const told = (answers: readonly DnsAnswer[], does = step.does) => {
    const cloud = fakeCloud({
      probe: {
        resolve: async (host) => [{ server: "resolver", values: [host], ttlSeconds: 60 }],
        resolveAuthoritative: async () => answers,
      },
    });
    return ledAway({ ...step, does }, { cloud, signal: new AbortController().signal });
  };
  const says = (value: string): DnsAnswer => ({ server: "ns", values: [value], ttlSeconds: 60 });

  test("are noticed when every name server leads away from the new side", async () => {
    const why = "desk.hotels.example does not lead to the new side any more";
    // Where they are led instead only people know.
    expect(await told([says(OLD), says(OLD)])).toEqual({ why, isToOldSide: false });
  });

  test.each<[string, readonly DnsAnswer[]]>([
    ["one name server still gives the new side", [says(OLD), says(NEW)]],
    ["a name server is silent", [says(OLD), { server: "ns2", values: [], ttlSeconds: 0, error: "ETIMEOUT" }]],
    ["a name server answers nothing", [says(OLD), { server: "ns2", values: [], ttlSeconds: 0 }]],
    ["nobody answers", []],
  ])("are not taken for granted while %s", async (_what, answers) => {
    expect(await told(answers)).toBeUndefined();
  });

  test("are not looked for by another step", async () => {
    expect(await told([says(OLD)], "check-public")).toBeUndefined();
  });
});
