import { ListHostedZonesByNameCommand, type ListHostedZonesByNameCommandOutput } from "@aws-sdk/client-route-53";
import { z } from "zod";
import type { FoundZone } from "../../domain/service/discovered.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { comparableName } from "./record-set.ts";

const Zones = z
  .array(
    z.object({
      Id: z.string(),
      Name: z.string(),
      Config: z.object({ PrivateZone: z.boolean().default(false) }).prefault({}),
    }),
  )
  .default([]);

interface Asked {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/** Of the public and of the private zones each those with the longest suffix of the name. Throws CallFailed. */
export async function hostedZones(caller: Caller, clients: Clients, asked: Asked): Promise<readonly FoundZone[]> {
  const found: FoundZone[] = [];
  for (const suffix of suffixesOf(comparableName(asked.name))) {
    const zones = await zonesNamed(caller, clients, { name: suffix, signal: asked.signal });
    found.push(
      ...zones.filter(
        ({ isPrivate }) => !found.some((longer) => longer.isPrivate === isPrivate && longer.name !== suffix),
      ),
    );
    if ([true, false].every((isPrivate) => found.some((zone) => zone.isPrivate === isPrivate))) break;
  }
  return found;
}

/** `a.b.example.com`, `b.example.com`, `example.com`: longest first. Nobody owns a top-level domain. */
function suffixesOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(0, -1).map((_label, from) => labels.slice(from).join("."));
}

/** Zones are listed in the order of their reversed labels: those of one name follow each other. */
async function zonesNamed(caller: Caller, clients: Clients, { name, signal }: Asked): Promise<FoundZone[]> {
  const { region } = clients.route53;
  const ask = { api: "route53", region, doing: `list the hosted zones ${name}`, signal };
  const found: FoundZone[] = [];
  let next: { DNSName?: string | undefined; HostedZoneId?: string | undefined } | undefined = { DNSName: name };
  while (next) {
    const command = new ListHostedZonesByNameCommand(next);
    const page: ListHostedZonesByNameCommandOutput = await caller.read(ask, (options) =>
      clients.route53.client().send(command, options),
    );
    found.push(
      ...Zones.parse(page.HostedZones)
        .map(zoneOf)
        .filter((zone) => zone.name === name),
    );
    const goesOn = page.IsTruncated === true && comparableName(page.NextDNSName ?? "") === name;
    next = goesOn ? { DNSName: page.NextDNSName, HostedZoneId: page.NextHostedZoneId } : undefined;
  }
  return found;
}

function zoneOf({ Id, Name, Config }: z.infer<typeof Zones>[number]): FoundZone {
  return { id: Id.replace(/^\/hostedzone\//, ""), name: comparableName(Name), isPrivate: Config.PrivateZone };
}
