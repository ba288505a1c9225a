import { expect, test } from "@jest/globals";
import { observe } from "../../../../../src/flows/observe.ts";
import type { Move } from "../../../../../src/flows/resources/place.ts";
import { placesOf, seenOf } from "../../../../../src/flows/resources/places.ts";
import type { DnsAnswer, Family } from "../../../../../src/ports/probe.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { known } from "../../../../harness/observed.ts";

const [service] = example("inventory").services;
if (!service) throw new Error("the example has a service");
const [home = "", standby = ""] = service.regions;
const MOVE: Move = {
  ...{ from: home, to: standby, mode: "unplanned", continues: undefined },
  ...{ isDark: false, isAllSilent: false },
};

type Gives = "an address" | "none" | "no answer";
const ANSWERS: Readonly<Record<Gives, Partial<DnsAnswer>>> = {
  "an address": { values: ["2001:db8::1"] },
  none: { error: "ENODATA" },
  "no answer": { error: "ETIMEOUT" },
};

/** What is agreed to where names have these families of sets, and each load balancer gives this of IPv6. */
async function agreed(types: readonly string[], gives: Readonly<Record<string, Gives>>) {
  const quiet = fakeCloud(ordinaryDay(service ?? never()));
  const asked: string[] = [];
  const records = async (zone: string, name: string) => {
    const found = await quiet.traffic.records(zone, name);
    return found.known ? known(found.value.flatMap((set) => types.map((type) => ({ ...set, type })))) : found;
  };
  const resolve = async (name: string, _signal?: AbortSignal, family?: Family): Promise<readonly DnsAnswer[]> => {
    if (family === "AAAA") asked.push(name);
    const region = [home, standby].find((each) => name.includes(`.${each}.`)) ?? "";
    return [{ server: "a resolver", values: [], ttlSeconds: 60, ...ANSWERS[gives[region] ?? "none"] }];
  };
  const observed = await observe(service ?? never(), fakeCloud({ traffic: { records }, probe: { resolve } }, quiet));
  const place = placesOf(service ?? never()).find(({ kind }) => kind.entrance);
  const at = seenOf(place ?? never(), observed);
  const { entrance = never() } = at.kind;
  return { asked, acceptances: entrance.acceptances(at, MOVE), unchecked: entrance.unchecked?.(at, MOVE) };
}

const never = (): never => {
  throw new Error("the example has it");
};

test("AAAA sets that would lead to a side without IPv6 are agreed to in words that name it", async () => {
  const { acceptances } = await agreed(["A", "AAAA"], { [home]: "an address", [standby]: "none" });

  expect(acceptances.map(({ id }) => id)).toEqual(["no-ipv6"]);
  expect(acceptances[0]?.words).toMatch(
    /users who have IPv6 alone cannot reach \S+ in .*: its load balancer has no IPv6/,
  );
});

test.each<readonly [string, Readonly<Record<string, Gives>>]>([
  ["the new side has IPv6", { [home]: "an address", [standby]: "an address" }],
  ["the old side has none either: nobody loses it", { [home]: "none", [standby]: "none" }],
  ["no resolver answers: nobody knows", { [home]: "an address", [standby]: "no answer" }],
])("nothing is agreed to where %s", async (_what, gives) => {
  expect((await agreed(["A", "AAAA"], gives)).acceptances).toEqual([]);
});

test("guard IPv6 unseen: of a new side whose load balancer no resolver tells of is said, and of no other", async () => {
  const unseen = async (gives: Readonly<Record<string, Gives>>) => (await agreed(["A", "AAAA"], gives)).unchecked;

  expect(await unseen({ [home]: "an address", [standby]: "no answer" })).toEqual([
    `whether the load balancer of ${standby} has an IPv6 address, for users of api.mycomputer.com who have IPv6 alone: no resolver answers`,
  ]);
  expect(await unseen({ [home]: "none", [standby]: "no answer" })).toEqual([]);
  expect(await unseen({ [home]: "no answer", [standby]: "an address" })).toEqual([]);
});

test("nobody is asked for IPv6 where no name has AAAA sets", async () => {
  const { asked, acceptances } = await agreed(["A"], { [home]: "an address", [standby]: "none" });

  expect([asked, acceptances]).toEqual([[], []]);
});
