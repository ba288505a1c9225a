import { type Found, NOTHING_FOUND } from "../domain/service/found.ts";
import { ROLES, rolesOf } from "../domain/service/resource.ts";
import { type PlacedResource, resourcesOf, type Service } from "../domain/service/service.ts";
import { seenBy } from "../ports/elsewhere.ts";
import type { CloudReads } from "../ports/step.ts";
import type { Asking, Subject } from "./resources/kind.ts";
import { settled, subjectKey } from "./resources/settle.ts";
import { frontOf } from "./resources/site.ts";

/** What AWS said, and what could not be asked: there what was known before goes on counting, with its age. */
export interface Discovered {
  readonly found: Found;
  readonly silent: readonly { readonly says: string; readonly why: string }[];
}

/**
 * Asks AWS for every setting that the file may leave to it, also for those that it has: the two must agree. Stores first
 * and entrances last, because whose a record is follows from the load balancer that it leads to.
 */
export async function discover(service: Service, cloud: CloudReads, signal?: AbortSignal): Promise<Discovered> {
  let found: Found = NOTHING_FOUND;
  const silent: { says: string; why: string }[] = [];
  for (const role of ROLES) {
    const now: Service = { ...service, found: mergeFound(service.found, found) };
    const placed = resourcesOf(now).filter((each) => each.role === role);
    const answers = await Promise.all(
      placed.flatMap((each) => {
        const theirs = seenBy(rolesOf(each.resource), cloud);
        return askAbout(each, now, askingFor(now, theirs, signal));
      }),
    );
    for (const { key, says, known } of answers.filter((answer) => answer !== undefined)) {
      if (known.known) found = mergeFound(found, { [key]: stamped(known.value, known.atMs) });
      else silent.push({ says, why: known.why });
    }
  }
  return { found, silent };
}

function askingFor(
  service: Service,
  { discovery, traffic }: Pick<CloudReads, "discovery" | "traffic">,
  signal?: AbortSignal,
) {
  const { regions } = service;
  const asking: Asking = { discovery, traffic, regions, signal, balancer: (region) => frontOf(service, region) };
  return asking;
}

function askAbout(placed: PlacedResource, service: Service, asking: Asking) {
  const { kind, resource } = settled(service, placed);
  return kind.subjects(resource, service.regions).map(async (subject: Subject) => {
    const known = await kind.discover?.(resource, subject, asking);
    return known && { key: subjectKey(kind, subject), says: subject.says, known };
  });
}

function stamped(answers: Readonly<Record<string, object>>, atMs: number): Found[string] {
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, { ...answer, atMs }]));
}

/** The newer fact of each setting: what could not be seen again stays, with the age that it has. */
export function mergeFound(older: Found, newer: Found): Found {
  const keys = new Set([...Object.keys(older), ...Object.keys(newer)]);
  return Object.fromEntries([...keys].map((key) => [key, mergeFacts(older[key] ?? {}, newer[key] ?? {})]));
}

function mergeFacts(older: Found[string], newer: Found[string]): Found[string] {
  const kept = Object.entries(older).filter(([name, fact]) => fact.atMs > (newer[name]?.atMs ?? -1));
  return { ...newer, ...Object.fromEntries(kept) };
}

/** The part of a memory that is about this service's own resources; what the file no longer names is left behind. */
export function ownFacts(service: Service, found: Found): Found {
  const keys = resourcesOf(service).flatMap((placed) => {
    const { kind, resource } = settled(service, placed);
    return kind.subjects(resource, service.regions).map((subject) => subjectKey(kind, subject));
  });
  return Object.fromEntries(keys.flatMap((key) => (found[key] ? [[key, found[key]] as const] : [])));
}
