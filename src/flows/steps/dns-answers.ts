import { brokenWay } from "../../domain/broken-way.ts";
import type { DnsAnswer, Family } from "../../ports/probe.ts";
import type { LookContext } from "../../ports/step.ts";

/** What resolvers and name servers say, and what that proves. */

type Context = Pick<LookContext, "cloud" | "signal">;

export interface Leading {
  readonly name: string;
  /** Host name of the side that it has to lead to. */
  readonly newSide: string;
}

/** Every value is the new side's own name, or an address that its name has by `wanted`. */
export function pointTo(newSide: string, wanted: readonly DnsAnswer[], values: readonly string[]): boolean {
  const addresses = new Set(wanted.flatMap((answer) => answer.values));
  return values.length > 0 && values.every((value) => addresses.has(value) || value === newSide);
}

export interface Given {
  readonly isThere: boolean;
  readonly says: string;
}

/** Whether every name server of the zone gives the new side. Resolvers may give the old one for a TTL longer. */
export async function givenBy({ name, newSide }: Leading, { cloud: { probe }, signal }: Context): Promise<Given> {
  const [wanted, servers] = await Promise.all([
    probe.resolve(newSide, signal),
    probe.resolveAuthoritative(name, signal),
  ]);
  if (servers.length === 0) return { isThere: false, says: "no name server answers" };
  const wrong = servers.find(({ values }) => !pointTo(newSide, wanted, values));
  return wrong
    ? { isThere: false, says: sayAnswer(wrong) }
    : { isThere: true, says: `${servers.length} name servers give the new side` };
}

/**
 * Whether the zone's name servers give the new side in every family in which it has addresses: what people know by Route 53's INSYNC,
 * for who cannot ask for that. One of three servers may be blocked on its way to us.
 */
export async function publishedBy(
  { name, newSide, families }: Leading & { readonly families: readonly Family[] },
  { cloud: { probe }, signal }: Context,
): Promise<Given> {
  const seen = await Promise.all(
    families.map(async (family): Promise<Given> => {
      const [wanted, servers] = await Promise.all([
        probe.resolve(newSide, signal, family),
        probe.resolveAuthoritative(name, signal, family),
      ]);
      if (family === "AAAA" && isEmptyItself(wanted)) return { isThere: true, says: "" };
      const heard = servers.filter((each) => !isSilent(each));
      const tooSilent = servers.length - heard.length > mayBeSilent(servers) ? servers.find(isSilent) : undefined;
      const wrong = heard.find(({ values }) => !pointTo(newSide, wanted, values)) ?? tooSilent;
      if (wrong) return { isThere: false, says: sayAnswer(wrong) };
      const says = heard.length === 0 ? "no name server answers" : `${heard.length} name servers give the new side`;
      return { isThere: heard.length > 0, says };
    }),
  );
  return seen.find(({ isThere }) => !isThere) ?? seen[0] ?? { isThere: false, says: "it has no addresses" };
}

/** That there is no such name, or no such record, is an answer; everything else that goes wrong says nothing of the name. */
const ANSWERS = new Set(["ENOTFOUND", "ENODATA"]);
export const isSilent = ({ error }: DnsAnswer): boolean => error !== undefined && !ANSWERS.has(error);

/** A resolver's error is a code of Node's: what it means stands here. */
export function sayAnswer({ server, values, error }: DnsAnswer): string {
  if (values.length > 0 || error === undefined) return `${server} answers ${values.join(", ") || "nothing"}`;
  return `${server} ${SAYS[error] ?? `gives no answer: ${brokenWay(error) ?? "nobody knows why"}`}`;
}

const SAYS: Readonly<Record<string, string>> = {
  ENOTFOUND: "answers that there is no such name",
  ENODATA: "answers that there is no such record",
  ETIMEOUT: "gives no answer in time",
  ESERVFAIL: "fails to answer",
  EREFUSED: "refuses to answer",
};

export interface Empty {
  /** A name server that gives nothing: the zone has lost the set there. */
  readonly lostBy?: string | undefined;
  /** A resolver that gives nothing: it may have asked before there was anything, and keeps that for minutes (RFC 2308). */
  readonly keptBy?: string | undefined;
}

/**
 * The first name server, and the first resolver, that answer and give nothing where the new side's own name has an address. Nobody
 * expects one where it has none: an alias is as empty as what it leads to.
 */
export async function emptyAt(
  { name, newSide, family }: Leading & { readonly family: Family },
  { cloud: { probe }, signal }: Context,
): Promise<Empty> {
  const [wanted, servers, resolvers] = await Promise.all([
    probe.resolve(newSide, signal, family),
    probe.resolveAuthoritative(name, signal, family),
    probe.resolve(name, signal, family),
  ]);
  if (family === "AAAA" && isEmptyItself(wanted)) return {};
  return { lostBy: servers.find(isEmpty)?.server, keptBy: resolvers.find(isEmpty)?.server };
}

/** Of the new side's own name. */
const isEmptyItself = (wanted: readonly DnsAnswer[]): boolean => !wanted.some(({ values }) => values.length > 0);

const isEmpty = (each: DnsAnswer): boolean => !isSilent(each) && each.values.length === 0;

/** One of three may be blocked on its way to us: a public resolver, or a name server. */
export const mayBeSilent = (servers: readonly DnsAnswer[]): number => Math.floor(servers.length / 3);

export interface Led {
  /** Servers that gave the new side. */
  readonly servers: number;
  /** IPv6 addresses that users are given. */
  readonly addresses6: readonly string[];
  /** The first thing that is not as it has to be. */
  readonly wrong?: string;
  readonly name: string;
  readonly lost?: Lost;
}

/** A name server that answers and gives no address, in a family in which the name has records. */
export interface Lost {
  readonly server: string;
  readonly family: Family;
}

/**
 * Where name servers and resolvers lead a name, in both families. IPv6 is needed where `families` has it; who gives it has to
 * give the new side.
 */
export async function ledOf(
  { name, newSide, families }: Leading & { readonly families?: readonly Family[] },
  context: Context,
): Promise<Led> {
  const [v4, v6] = await Promise.all([
    inFamily({ name, newSide, family: "A" }, context),
    inFamily({ name, newSide, family: "AAAA" }, context),
  ]);
  const wrong = v4.wrong ?? v6.wrong;
  const lost = v4.lost ?? (families?.includes("AAAA") ? v6.lost : undefined);
  return {
    ...{ name, servers: v4.good, addresses6: v6.values },
    ...(wrong === undefined ? {} : { wrong }),
    ...(lost === undefined ? {} : { lost }),
  };
}

interface InFamily {
  readonly good: number;
  readonly values: readonly string[];
  readonly wrong: string | undefined;
  readonly lost: Lost | undefined;
}

async function inFamily(
  { name, newSide, family }: Leading & { readonly family: Family },
  { cloud: { probe }, signal }: Context,
): Promise<InFamily> {
  const [wanted, ...asked] = await Promise.all([
    probe.resolve(newSide, signal, family),
    probe.resolveAuthoritative(name, signal, family),
    probe.resolve(name, signal, family),
  ]);
  const isNeeded = family === "A";
  const isGood = ({ values }: DnsAnswer) => pointTo(newSide, wanted, values) || (!isNeeded && values.length === 0);
  const [authoritative] = asked;
  const answers = asked.flat();
  const wrong = answers.find((each) => !isSilent(each) && !isGood(each));
  const tooSilent = asked.find((servers) => servers.filter(isSilent).length > mayBeSilent(servers))?.find(isSilent);
  const good = answers.filter((each) => !isSilent(each));
  const nothing = authoritative.find(isEmpty);
  const isExpected = family === "AAAA" && isEmptyItself(wanted);
  return {
    ...{ good: good.length, values: [...new Set(good.flatMap(({ values }) => values))] },
    lost: nothing === undefined || isExpected ? undefined : { server: nothing.server, family },
    wrong: authoritative.length === 0 ? `no name server answers for ${name}` : sayFirst(wrong, tooSilent),
  };
}

const sayFirst = (...answers: readonly (DnsAnswer | undefined)[]): string | undefined =>
  answers.flatMap((each) => (each ? [sayAnswer(each)] : []))[0];
