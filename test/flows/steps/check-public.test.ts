import { describe, expect, test } from "@jest/globals";
import type { HealthVerdict } from "../../../src/domain/service/health.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { checkPublic } from "../../../src/flows/steps/check-public.ts";
import type { DnsAnswer, Family } from "../../../src/ports/probe.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { contextIn, fakeCloud } from "../../harness/fakes/index.ts";
import { AT, dark, known } from "../../harness/observed.ts";

const NAME = "app.regami.com";
const NEW_SIDE = "new-alb.us-west-2.elb.amazonaws.com";
const NEW = { A: "192.0.2.7", AAAA: "2001:db8::7" } as const;
const OLD = { A: "198.51.100.1", AAAA: "2001:db8::1" } as const;

const answer = (server: string, ...values: string[]): DnsAnswer => ({ server, values, ttlSeconds: 60 });
const failing = (server: string, error: string): DnsAnswer => ({ ...answer(server), error });
const everywhere = (servers: readonly string[], value: string) => servers.map((server) => answer(server, value));
const NS = ["ns-1", "ns-2", "ns-3", "ns-4"];
const PUBLIC = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];

interface World {
  readonly nameServers?: (family: Family, round: number) => readonly DnsAnswer[];
  readonly resolvers?: (family: Family, round: number) => readonly DnsAnswer[];
  readonly health?: (via: string | undefined, round: number) => HealthVerdict;
  /** In which the name has records of its own. */
  readonly families?: Family[];
  /** What Route 53 has under the name. */
  readonly stands?: Known<readonly RecordSet[]>;
}

const set = (setIdentifier: string, dnsName: string): RecordSet => ({
  ...{ name: NAME, type: "A", setIdentifier, weight: 10 },
  alias: { zone: "ZLB", dnsName, evaluateTargetHealth: true },
});
const MOVED = set("new", NEW_SIDE);

const healthy = (): HealthVerdict => ({ kind: "healthy", status: 200 });

/** What is said of it, and how often users' resolvers were asked for the name. */
async function looked({ nameServers, resolvers, health = healthy, stands = known([MOVED]), ...name }: World = {}) {
  let round = 0;
  const asked: (string | undefined)[] = [];
  const cloud = fakeCloud({
    clock: { now: () => AT },
    traffic: { records: async () => stands },
    probe: {
      health: async (_url, { via } = {}) => {
        if (via === undefined) round += 1;
        asked.push(via);
        return health(via, round);
      },
      resolve: async (name, _signal, family = "A") =>
        name === NEW_SIDE
          ? everywhere(PUBLIC, NEW[family])
          : (resolvers?.(family, round) ?? everywhere(PUBLIC, NEW[family])),
      resolveAuthoritative: async (_name, _signal, family = "A") =>
        nameServers?.(family, round) ?? everywhere(NS, NEW[family]),
    },
  });
  const input = {
    names: [{ ...{ name: NAME, newSide: NEW_SIDE }, ...name }],
    url: `https://${NAME}/health`,
    sets: [{ zone: "Z1", name: NAME, moved: [{ type: "A", setIdentifier: "new" }] }],
  };
  const verdict = await checkPublic.verify(input, {}, contextIn(cloud));
  return { ...verdict, rounds: round, asked };
}

const says = async (world: World) => {
  const { done, says: what } = await looked(world);
  return done ? "done" : what;
};

describe("users are where they have to be", () => {
  test("when every place that is asked says so three times in a row, in both families", async () => {
    const { done, rounds, asked } = await looked();

    expect({ done, rounds }).toEqual({ done: true, rounds: 3 });
    expect(asked.filter((via) => via === NEW.AAAA)).toHaveLength(3);
  });

  test("not when one of the three looks finds the old side", async () => {
    const resolvers = (family: Family, round: number) => everywhere(PUBLIC, round === 1 ? OLD[family] : NEW[family]);

    expect(await says({ resolvers })).toBe(`1.1.1.1 answers ${OLD.A}`);
  });

  test("also when nobody gives IPv6 at all, but not when one place still gives the old side's", async () => {
    const none = (family: Family) => (family === "A" ? everywhere(NS, NEW.A) : NS.map((server) => answer(server)));
    const resolvers = (family: Family) =>
      family === "A" ? everywhere(PUBLIC, NEW.A) : PUBLIC.map((server) => answer(server));
    const one = (family: Family) =>
      family === "A" ? everywhere(PUBLIC, NEW.A) : [answer("1.1.1.1"), answer("8.8.8.8", OLD.AAAA), answer("9.9.9.9")];

    expect(await says({ nameServers: none, resolvers })).toBe("done");
    expect(await says({ nameServers: none, resolvers: one })).toBe(`8.8.8.8 answers ${OLD.AAAA}`);
  });

  test("also when one public resolver of three is blocked, and one name server of four; not when two are", async () => {
    const blocked = (servers: readonly string[], count: number) => (family: Family) =>
      servers.map((server, at) => (at < count ? failing(server, "ETIMEOUT") : answer(server, NEW[family])));

    expect(await says({ resolvers: blocked(PUBLIC, 1), nameServers: blocked(NS, 1) })).toBe("done");
    expect(await says({ resolvers: blocked(PUBLIC, 2) })).toBe("1.1.1.1 gives no answer in time");
    expect(await says({ nameServers: blocked(NS, 2) })).toBe("ns-1 gives no answer in time");
  });

  test("guard added set: never while a set that somebody added leads some users elsewhere, though every answer that was drawn is good", async () => {
    const stands = known([MOVED, set("third", "old-alb.us-east-1.elb.amazonaws.com")]);

    await expect(looked({ stands })).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-added", facts: { mustAsk: true } },
      message: expect.stringContaining("A “third” → old-alb.us-east-1.elb.amazonaws.com"),
    });
  });

  test("also while Route 53 does not tell whether there is one: that is said, and holds nobody up", async () => {
    const { done, says: what } = await looked({ stands: dark("Route 53") });

    expect(done).toBe(true);
    expect(what).toContain(`whether somebody has added records to ${NAME} cannot be seen: `);
  });

  test("guard empty answer: never when a name server gives nobody an address: no waiting mends that, and people are called at once", async () => {
    const nameServers = (family: Family) => [answer("ns-1", NEW[family]), answer("ns-2")];

    await expect(looked({ nameServers })).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-lost", facts: { mustAsk: true } },
      message: expect.stringContaining(`ns-2 gives no address for ${NAME}`),
    });
  });

  test("guard empty IPv6: never when a name server has lost the IPv6 address alone, of a name that has one", async () => {
    const nameServers = (family: Family) =>
      family === "A" ? everywhere(NS, NEW.A) : NS.map((server) => answer(server));
    const resolvers = (family: Family) =>
      family === "A" ? everywhere(PUBLIC, NEW.A) : PUBLIC.map((server) => answer(server));

    await expect(looked({ nameServers, resolvers, families: ["A", "AAAA"] })).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-lost", facts: { mustAsk: true } },
      message: expect.stringContaining(`ns-1 gives no IPv6 address for ${NAME}`),
    });
    expect(await says({ nameServers, resolvers, families: ["A"] })).toBe("done");
  });

  test("guard kept empty: not while a resolver keeps that there is no such name, which is waited for and is no loss; without IPv6 there they are", async () => {
    const keeping = (kept: Family) => (family: Family) => [
      family === kept ? failing("1.1.1.1", "ENOTFOUND") : answer("1.1.1.1", NEW[family]),
      ...everywhere(["8.8.8.8"], NEW[family]),
    ];

    expect(await says({ resolvers: keeping("A") })).toBe("1.1.1.1 answers that there is no such name");
    expect(await says({ resolvers: keeping("AAAA") })).toBe("done");
  });

  test("not when the application is unwell over IPv6 alone; that it cannot be asked over it says nothing", async () => {
    const over6 = (verdict: HealthVerdict) => (via: string | undefined) => (via === NEW.AAAA ? verdict : healthy());
    const unwell = over6({ kind: "unhealthy", status: 503, why: "the database takes no writes" });

    expect(await says({ health: unwell })).toBe("users get errors (HTTP 503) over IPv6");
    expect(await says({ health: over6({ kind: "unreachable", why: "ENETUNREACH" }) })).toBe("done");
  });
});
