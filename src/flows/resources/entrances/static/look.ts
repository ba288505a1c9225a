import type { Told } from "../../../../domain/service/observation.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { DnsAnswer } from "../../../../ports/probe.ts";
import { isSilent, pointTo } from "../../../steps/dns-answers.ts";
import { sayKnown } from "../../facts.ts";
import type { Looking, Place, Seen } from "../../place.ts";
import type { Static, StaticName } from "./settings.ts";

export interface StaticSeen {
  /** Region that each name leads to, by name; a known undefined is none of the service's. */
  readonly names: Readonly<Record<string, Known<Region | undefined>>>;
}

export type StaticAt = Seen<Static, StaticSeen>;

export async function look({ resource }: Place<Static>, looking: Looking): Promise<StaticSeen> {
  const seen = await Promise.all(
    resource.names.map(async (entry) => [entry.name, await looking.beyondRegions(regionOf(entry, looking))] as const),
  );
  return { names: Object.fromEntries(seen) };
}

async function regionOf(entry: StaticName, { cloud, signal }: Looking): Promise<Known<Region | undefined>> {
  const { probe, clock } = cloud;
  const answers = await probe.resolveAuthoritative(entry.name, signal);
  const values = answers.flatMap((answer) => answer.values);
  const atMs = clock.now();
  if (values.length === 0) return { known: false, cause: "unreachable", why: sayNothing(answers), atMs };
  const hosts = await Promise.all(
    Object.entries(entry.in).map(async ([region, host]) => ({
      ...{ region, host },
      answers: await probe.resolve(host, signal),
    })),
  );
  const led = hosts.find((each) => pointTo(each.host, each.answers, values));
  // Where the host of a region gives no answer, the name may well lead there.
  const silent = hosts.find((each) => each.answers.every(isSilent));
  return led || !silent
    ? { known: true, value: led?.region, atMs }
    : { known: false, cause: "unreachable", why: `${silent.host}: ${sayNothing(silent.answers)}`, atMs };
}

const sayNothing = (answers: readonly DnsAnswer[]): string =>
  answers.map(({ server, error }) => `${server}: ${error ?? "no record"}`).join(", ") || "no name server answers";

export const tell = ({ seen, resource }: StaticAt): Told => ({
  in: {},
  facts: resource.names.map(({ name }) => ({
    what: name,
    seen: sayKnown(seen.names[name] ?? nobody, (region) => `leads to ${region ?? "none of its regions"}`),
  })),
});

const nobody = { known: false, cause: "not-asked", why: "nobody has looked", atMs: 0 } as const;
