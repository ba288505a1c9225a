import { describe, expect, test } from "@jest/globals";
import { TransientError, VENDOR_REFUSES } from "../../../../../src/domain/errors.ts";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { move } from "../../../../../src/flows/resources/entrances/route53/move.ts";
import { shiftTraffic } from "../../../../../src/flows/resources/entrances/route53/shift-traffic.ts";
import { type Mark, markNameOf, markSet } from "../../../../../src/flows/steps/dns-mark.ts";
import { RecordsInput } from "../../../../../src/flows/steps/schemas.ts";
import type { DnsAnswer, Family } from "../../../../../src/ports/probe.ts";
import type { RecordChange, RecordSet } from "../../../../../src/ports/traffic.ts";
import { contextIn, fakeCloud } from "../../../../harness/fakes/index.ts";
import { AT, dark, known } from "../../../../harness/observed.ts";

const NAME = "shop.example.com";
const set = (type: string, dnsName: string): RecordSet => ({
  ...{ name: NAME, type, setIdentifier: "home", weight: 100 },
  alias: { zone: "ZLB", dnsName, evaluateTargetHealth: true },
});
const FAMILIES = ["A", "AAAA"];
const OLD = FAMILIES.map((type) => set(type, "old.elb.amazonaws.com"));
const NEW = FAMILIES.map((type) => set(type, "new.elb.amazonaws.com"));
const ELSEWHERE = FAMILIES.map((type) => set(type, "elsewhere.elb.amazonaws.com"));
const INPUT = RecordsInput.parse({
  ...{ region: "eu-central-1", zone: "Z1", name: NAME, before: OLD, after: NEW, write: "sentinel", mark: [] },
});

const notThere = (cause: "denied" | "absent"): Known<readonly RecordSet[]> => ({
  ...{ known: false, cause, why: cause, atMs: AT },
});

interface Given {
  /** The mark beside the name. */
  readonly marks?: readonly RecordSet[];
  readonly stands?: Known<readonly RecordSet[]>;
  /** An error: Route 53 does not say how far the change is. */
  readonly state?: "pending" | "in-sync" | Error;
  /** What each name server gives for the name. */
  readonly servers?: (family: Family | undefined) => readonly DnsAnswer[];
  /** What they give for the mark beside it. */
  readonly texts?: readonly DnsAnswer[];
  /** What users' resolvers give for a name. */
  readonly resolvers?: (name: string, family: Family | undefined) => readonly DnsAnswer[];
}

const everybody = (_name: string, family: Family | undefined) => [
  given(family === "AAAA" ? "2001:db8::1" : "192.0.2.1"),
];

function route53(asked: Given) {
  const {
    stands = known(OLD),
    state = "in-sync",
    servers = () => [],
    resolvers = everybody,
    marks = [],
    texts = [],
  } = asked;
  const written: RecordChange[] = [];
  const cloud = fakeCloud({
    clock: { now: () => 7_000 },
    traffic: {
      records: async (_zone, name) => (name === NAME ? stands : known(marks)),
      upsert: async (wish) => {
        written.push(wish);
        return { changeId: "C1", requestIds: ["r-1"] };
      },
      changeState: async () => {
        if (state instanceof Error) throw state;
        return state;
      },
    },
    probe: {
      resolveAuthoritative: async (_name, _signal, family) => servers(family),
      texts: async (name) => (name === markNameOf(NAME) ? texts : []),
      resolve: async (name, _signal, family) => resolvers(name, family),
    },
  });
  return { written, context: contextIn(cloud) };
}

const given = (...values: readonly string[]): DnsAnswer => ({ server: "ns-1", values, ttlSeconds: 60 });
const silent: DnsAnswer = { server: "ns-2", values: [], ttlSeconds: 0, error: "ETIMEOUT" };

describe("users are moved", () => {
  test("by one batch with every set of the name in both families", async () => {
    const { written, context } = route53({});

    expect(await shiftTraffic.run(INPUT, context)).toEqual({
      ...{ requestIds: ["r-1"], data: { changeId: "C1", mark: 1 } },
    });
    expect(written).toMatchObject([{ zone: "Z1", records: NEW, comment: "TwoKey: users to the standby" }]);
  });

  interface Refused {
    readonly what: string;
    readonly stands: Known<readonly RecordSet[]>;
    readonly is: { readonly name: string; readonly code: string };
  }
  const unseen = (name: string) => ({ name, code: "records-unseen" });
  test.each<Refused>([
    {
      what: "somebody else leads them elsewhere",
      stands: known(ELSEWHERE),
      is: { name: "StepFailed", code: "records-drifted" },
    },
    { what: "the records may not be read", stands: notThere("denied"), is: unseen("StepFailed") },
    { what: "the zone is gone", stands: notThere("absent"), is: unseen("StepFailed") },
    { what: "Route 53 does not answer, and later it may", stands: dark("Route 53"), is: unseen("TransientError") },
  ])("never unseen, and never over a change of somebody else: $what", async ({ stands, is }) => {
    const { written, context } = route53({ stands });

    await expect(shiftTraffic.run(INPUT, context)).rejects.toMatchObject(is);
    expect(written).toEqual([]);
  });
});

describe("a change whose answer was lost", () => {
  const marks = (run: string) => [markSet(NAME, { run, epoch: 1, change: 3, way: "out" })];

  test("guard lost answer: has its mark exchanged once more, so that Route 53 says when all name servers have it", async () => {
    const { written, context } = route53({ stands: known(NEW), marks: marks("F-1") });

    expect(await shiftTraffic.run(INPUT, context)).toEqual({
      ...{ requestIds: ["r-1"], data: { changeId: "C1", mark: 4 } },
    });
    const to = [markSet(NAME, { run: "F-1", epoch: 1, change: 4, way: "out" })];
    expect(written).toMatchObject([{ records: [], exchange: { from: marks("F-1"), to } }]);
  });

  test("is told from one that another run had made before: that one is not written again", async () => {
    const mark = marks("F-0");
    const { written, context } = route53({ stands: known(NEW), marks: mark });

    expect(await shiftTraffic.run({ ...INPUT, mark }, context)).toEqual({ requestIds: [], data: { changeId: null } });
    expect(written).toEqual([]);
  });
});

/** A third set of the name, which somebody made in the console after the plan was signed. */
const THIRD: RecordSet = { ...set("A", "old.elb.amazonaws.com"), setIdentifier: "third", weight: 10 };
const ADDED = {
  ...{ name: "StepFailed", code: "records-added" },
  message: expect.stringContaining("A “third” → old.elb.amazonaws.com"),
};

describe("a set that somebody added to the name after the plan was made", () => {
  test("guard added set: stops the change, by name: it would go on leading users elsewhere", async () => {
    const { written, context } = route53({ stands: known([...OLD, THIRD]) });

    await expect(shiftTraffic.run(INPUT, context)).rejects.toMatchObject(ADDED);
    expect(written).toEqual([]);
  });

  test("also stops it where all that the plan moves leads to the new side already", async () => {
    const { context } = route53({ stands: known([...NEW, THIRD]) });

    await expect(shiftTraffic.run(INPUT, context)).rejects.toMatchObject(ADDED);
    await expect(shiftTraffic.verify(INPUT, { changeId: null }, context)).rejects.toMatchObject(ADDED);
  });

  test("stops nothing where it leads nobody, and holds up no undo: users wait for what stood there", async () => {
    const text: RecordSet = { name: NAME, type: "TXT", ttlSeconds: 60, values: ['"x"'] };
    const beside = route53({ stands: known([...OLD, text]) });
    const back = route53({ stands: known([...NEW, THIRD]) });
    if (typeof shiftTraffic.undo !== "function") throw new Error("It has a way back");

    await shiftTraffic.run(INPUT, beside.context);
    await shiftTraffic.undo(INPUT, back.context);

    expect([beside.written, back.written]).toMatchObject([[{ records: NEW }], [{ records: OLD }]]);
  });
});

describe("a change of records is there", () => {
  const CHANGED = { changeId: "C1", mark: 4 };
  const verified = (asked: Given, changeId: string | null = "C1") =>
    shiftTraffic.verify(INPUT, changeId === null ? { changeId } : CHANGED, route53(asked).context);

  test("when all name servers have it, and the moment is handed on", async () => {
    expect(await verified({ state: "pending" })).toMatchObject({ done: false });
    expect(await verified({ servers: () => [given("192.0.2.1"), silent] })).toMatchObject({
      ...{ done: true, output: { changeId: "C1", inSyncAtMs: 7_000 } },
    });
  });

  test("guard empty answer: never where a name server gives nothing for one family: people are called at once", async () => {
    const servers = (family: Family | undefined) => [family === "AAAA" ? given() : given("192.0.2.1")];

    await expect(verified({ servers })).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-lost", facts: { mustAsk: true } },
      message: expect.stringContaining("ns-1 gives no AAAA record"),
    });
  });

  test.each<Family>(["A", "AAAA"])(
    "guard kept empty: also where a resolver still keeps that there was no %s record, which is said and is no loss",
    async (empty) => {
      const resolvers = (name: string, family: Family | undefined) => [
        ...everybody(name, family),
        name === NAME && family === empty ? { ...given(), server: "8.8.8.8", error: "ENOTFOUND" } : silent,
      ];

      expect(await verified({ resolvers })).toMatchObject({
        ...{ done: true, says: expect.stringContaining(`8.8.8.8 still keeps that it has no ${empty} record`) },
      });
    },
  );

  test("where nobody gives IPv6 and the new side has none either: an alias is as empty as what it leads to", async () => {
    const resolvers = (_name: string, family: Family | undefined) => [family === "AAAA" ? given() : given("192.0.2.1")];
    const servers = (family: Family | undefined) => resolvers(NAME, family);

    expect(await verified({ servers, resolvers })).toMatchObject({ done: true });
  });

  describe("while Route 53 does not say how far it is", () => {
    const state = new TransientError("aws-busy", "GetChange: 503", { facts: VENDOR_REFUSES });
    const all = (address: string) => (family: Family | undefined) => [
      given(family === "AAAA" ? `2001:db8::${address}` : `192.0.2.${address}`),
      { ...given(family === "AAAA" ? `2001:db8::${address}` : `192.0.2.${address}`), server: "ns-3" },
    ];

    const FOUR = { run: "F-1", epoch: 1, change: 4, way: "out" } as const;
    const mark = (as: Partial<Mark> = {}, server = "ns-1"): DnsAnswer => {
      const values = markSet(NAME, { ...FOUR, ...as }).values ?? [];
      return { server, values: values.map((value) => value.slice(1, -1)), ttlSeconds: 0 };
    };

    test("guard other witness: when the zone's name servers all have the mark of the change, or of a later one of this run", async () => {
      const texts = [mark(), mark({ change: 5, epoch: 2 }, "ns-3")];
      expect(await verified({ state, servers: all("1"), texts })).toMatchObject({
        ...{ done: true, output: { changeId: "C1", inSyncAtMs: 7_000 } },
        says: expect.stringMatching(
          /2 name servers have the change of shop\.example\.com; Route 53 itself does not say .*GetChange: 503/,
        ),
      });
    });

    test.each<[string, readonly DnsAnswer[]]>([
      ["one of them still has the mark of the change before", [mark(), mark({ change: 3 }, "ns-3")]],
      ["one of them has no mark, although health alone leads users to the new side", [mark(), given()]],
      ["one of them says that there is no such name", [mark(), { ...given(), error: "ENOTFOUND" }]],
      ["the mark is another run's", [mark({ run: "F-0", change: 9 })]],
      ["the mark is of the way back", [mark({ way: "back" })]],
      ["something else stands there", [{ ...given("v=spf1 -all"), server: "ns-1" }]],
      ["nobody answers", [silent]],
    ])("guard other witness: never while %s: what Route 53 said is handed on, and waited out", async (_what, texts) => {
      await expect(verified({ state, servers: all("1"), texts })).rejects.toBe(state);
    });

    test("guard empty answer: nor where one gives nothing for a family, although it has the change: people are called", async () => {
      const servers = (family: Family | undefined) => (family === "AAAA" ? [given()] : all("1")(family));
      await expect(verified({ state, servers, texts: [mark()] })).rejects.toMatchObject({ code: "records-lost" });
    });

    test("never of a private zone, which nobody outside can ask", async () => {
      const { context } = route53({ state, servers: all("1"), texts: [mark()] });
      const input = { ...INPUT, isPrivate: true as const };
      await expect(shiftTraffic.verify(input, CHANGED, context)).rejects.toBe(state);
    });
  });

  test("where nothing had to be changed, only while it stands as planned and name servers give it, and nobody knows since when", async () => {
    const servers = (family: Family | undefined) => everybody(NAME, family);
    expect(await verified({ stands: known(NEW), servers }, null)).toEqual({
      ...{ done: true, output: { changeId: null }, says: expect.any(String) },
    });
    expect(await verified({ stands: known(NEW), servers: () => [given("192.0.2.9")] }, null)).toMatchObject({
      ...{ done: false, says: expect.stringContaining("ns-1 answers 192.0.2.9") },
    });
    expect(await verified({ stands: known(OLD) }, null)).toMatchObject({ done: false });
    await expect(verified({ stands: known(ELSEWHERE) }, null)).rejects.toMatchObject({ code: "records-drifted" });
  });
});

describe("people who led users back", () => {
  const ledBack = (stands: Known<readonly RecordSet[]>, change: Partial<typeof INPUT> = {}) =>
    move.ledBack({ does: shiftTraffic.name, input: { ...INPUT, ...change } } as never, route53({ stands }).context);

  test("are noticed when the records stand as they were captured", async () => {
    expect(await ledBack(known(OLD))).toEqual({ why: `${NAME} leads to the old side again`, isToOldSide: true });
  });

  test.each<[string, Known<readonly RecordSet[]>, Partial<typeof INPUT>]>([
    ["users are on the new side", known(NEW), {}],
    ["they lead somewhere else", known(ELSEWHERE), {}],
    ["the records cannot be read", dark("Route 53"), {}],
    ["users were on the new side when this was planned", known(NEW), { before: NEW }],
  ])("are not taken for granted where %s", async (_what, stands, change) => {
    expect(await ledBack(stands, change)).toBeUndefined();
  });
});
